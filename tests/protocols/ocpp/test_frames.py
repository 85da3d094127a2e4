"""OCPP-J frames, good and bad."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.protocols.ocpp.frames import (
    MAX_DEPTH,
    Call,
    ErrorCode,
    FrameError,
    Refusal,
    Result,
    as_written,
    read_frame,
    write_frame,
)
from viavolta.protocols.ocpp.schemas import Version

_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
_TEXT = st.text(_CHARACTERS, max_size=20)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
_PAYLOAD = st.dictionaries(_TEXT, _JSON, max_size=4)
_ID = st.text(_CHARACTERS, min_size=1, max_size=36)


@given(
    st.one_of(
        st.builds(Call, message_id=_ID, action=_TEXT, payload=_PAYLOAD, is_send=st.booleans()),
        st.builds(Result, message_id=_ID, payload=_PAYLOAD),
        st.builds(
            Refusal,
            message_id=_ID,
            error_code=_TEXT,
            description=_TEXT,
            details=_PAYLOAD,
            of_result=st.booleans(),
        ),
    )
)
def test_what_is_written_reads_back(frame: Call | Result | Refusal) -> None:
    """Every frame of 2.1 survives being written and read."""
    assert read_frame(write_frame(frame), Version.V21) == frame


def test_frames_are_compact() -> None:
    """No byte of white space goes over a mobile connection."""
    frame = Call(message_id="1", action="Heartbeat", payload={"a": [1, 2]})
    assert write_frame(frame) == '[2,"1","Heartbeat",{"a":[1,2]}]'


@pytest.mark.parametrize(
    ("raw", "code", "message_id"),
    [
        ("", ErrorCode.FRAMEWORK, None),
        ("{}", ErrorCode.FRAMEWORK, None),
        ("[]", ErrorCode.FRAMEWORK, None),
        (b"\xff\xfe", ErrorCode.FRAMEWORK, None),
        ('[2,"x","A",{"a":NaN}]', ErrorCode.FRAMEWORK, None),
        ('[2,7,"A",{}]', ErrorCode.FRAMEWORK, None),
        ('[2,"","A",{}]', ErrorCode.FRAMEWORK, None),
        (json.dumps([2, "x" * 37, "A", {}]), ErrorCode.FRAMEWORK, None),
        ('[2,"x","A"]', ErrorCode.FRAMEWORK, "x"),
        ('[2,"x","A",[]]', ErrorCode.FRAMEWORK, "x"),
        ('[3,"x","A",{}]', ErrorCode.FRAMEWORK, "x"),
        ('[4,"x","A",{}]', ErrorCode.FRAMEWORK, "x"),
        ('[9,"x","A",{}]', ErrorCode.UNKNOWN_KIND, "x"),
        ('[true,"x","A",{}]', ErrorCode.UNKNOWN_KIND, "x"),
        ('[6,"x","A",{}]', ErrorCode.UNKNOWN_KIND, "x"),
        ('[5,"x","c","d",{}]', ErrorCode.UNKNOWN_KIND, "x"),
        ("[" * 100_000 + "]" * 100_000, ErrorCode.FRAMEWORK, None),
        ('{"a":' * 50_000, ErrorCode.FRAMEWORK, None),
        ('[2,"x","A",{"a":"' + "y" * 1_000_000 + '"}]', ErrorCode.FRAMEWORK, None),
    ],
)
def test_a_bad_frame_says_what_is_wrong(
    raw: str | bytes, code: ErrorCode, message_id: str | None
) -> None:
    """A frame that is none is refused with a code, and with its id where it has one."""
    with pytest.raises(FrameError) as caught:
        read_frame(raw, Version.V201)
    assert (caught.value.code, caught.value.message_id) == (code, message_id)


def test_brackets_in_texts_do_not_count_as_depth() -> None:
    """A text full of brackets is no nesting, an escaped quote does not end it."""
    payload = {"data": '\\"' + "[{" * 500}
    call = Call(message_id="1", action="DataTransfer", payload=payload)
    assert read_frame(write_frame(call), Version.V16) == call


def test_depth_is_counted_exactly() -> None:
    """The deepest frame allowed is read, one level more is not."""

    def nested(levels: int) -> str:
        inside = "[" * (levels - 2) + "]" * (levels - 2)
        return f'[2,"x","A",{{"a":{inside}}}]'

    assert isinstance(read_frame(nested(MAX_DEPTH), Version.V16), Call)
    with pytest.raises(FrameError):
        read_frame(nested(MAX_DEPTH + 1), Version.V16)


@given(st.binary(max_size=200) | st.text(max_size=200) | _JSON.map(json.dumps))
def test_nothing_else_is_raised(raw: str | bytes) -> None:
    """Whatever arrives is a frame or a FrameError."""
    with contextlib.suppress(FrameError):
        assert isinstance(read_frame(raw, Version.V21), Call | Result | Refusal)


def test_version_1_6_has_its_own_words() -> None:
    """1.6 spells two codes its own way and lacks two; the later versions share theirs."""
    assert as_written(ErrorCode.OCCURRENCE, Version.V16) == "OccurenceConstraintViolation"
    assert as_written(ErrorCode.FORMAT, Version.V16) == "FormationViolation"
    assert as_written(ErrorCode.FRAMEWORK, Version.V16) == "GenericError"
    assert as_written(ErrorCode.FORMAT, Version.V21) == "FormatViolation"
