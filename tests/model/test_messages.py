"""Messages and numbers in the language in use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from viavolta.model import messages
from viavolta.model.messages import local_number, text, use_language


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue of one message, and German in use."""
    (tmp_path / "de.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "{n:,.1f} km of {street}"\nmsgstr "{street}: {n:,.1f} km"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(messages, "LOCALE_DIR", tmp_path)
    use_language("de")
    yield
    use_language("en")


def test_english_is_the_text_in_the_code() -> None:
    """Without a language chosen a message reads as written."""
    assert text("{n:,.1f} km of {street}", n=1234.5, street="Gasse 1,2") == (
        "1,234.5 km of Gasse 1,2"
    )


@pytest.mark.usefixtures("german")
def test_a_translation_writes_numbers_as_its_language_does() -> None:
    """Formatted numbers change their separators; texts keep their commas and points."""
    assert text("{n:,.1f} km of {street}", n=1234.5, street="Gasse 1,2") == (
        "Gasse 1,2: 1.234,5 km"
    )


@pytest.mark.usefixtures("german")
def test_a_whole_number_without_format_stays_as_it_is() -> None:
    """A year or a count without format is no quantity to be grouped."""
    assert text("{n:,.1f} km of {street}", n=0.5, street=2026) == "2026: 0,5 km"
    assert local_number("12,345.6") == "12.345,6"
