"""The page of what is covered, written from the cases themselves.

`write` brings docs/reference/ocpp-coverage.md in step.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from oca import ALL
from oca.cases import Case, Source

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "ocpp-coverage.md"
_HEAD = """# Coverage of OCPP

What of OCPP the central system does is shown by a suite that plays a station against the running
gateway, over a WebSocket of this machine and with a foreign WebSocket library: the station
speaks, is answered, is asked what the operator asks, and answers; payloads are held against the
official schemas in both directions, and what must be stored is looked up in the tables. The suite
is in `tests/conformance/ocpp`; this page is written from it, and a test keeps the two in step.

The Open Charge Alliance does not publish its test cases. Numbers, names and courses are taken
from public lists of them, named below; where a case was not found in one, it is not here. The
public lists do not say which case belongs to which certificate, so this page counts by functional
block, and makes no claim of certification.

- *played*: the test runs at every change, and passes.
- A reason instead says what is missing; nothing is done silently.

The operator's questions are asked the way the hub and the API ask them, as commands in the
tables. How profiles come about that smart charging sends by itself is tested with the control
loop.

Stations that others wrote are run against the same gateway, each in an environment of its own
(`make clients`): the `ocpp` library charges in 1.6, 2.0.1 and 2.1, `test-ocpp` finds the plain port
and the one with TLS in 1.6 and 2.0.1.

| source | where |
|---|---|
| {evtivity_16} | repository EVtivity/evtivity-csms, results of OCPP 1.6 by module: 77 cases |
| {rails} | repository ocpp-rails, courses of the cases of 1.6 |
| {tzi} | repository AviranAbady/tzi-OCTT, cases and courses of 2.0.1: 252 cases |
| {evtivity_21} | repository EVtivity/evtivity-csms, results of OCPP 2.1 by module: 329 cases |
| {spec} | the published standard, where no list has the message |

"""
_PLAYED = "played"


def page(cases: Iterable[Case] = ALL) -> str:
    """The whole page."""
    sources = {source.name.lower(): source.value for source in Source}
    return _HEAD.format(**sources) + "\n".join(_sections(list(cases))) + "\n"


def _sections(cases: list[Case]) -> Iterator[str]:
    yield from ("## In all", "", "| version | block | cases | played |", "|---|---|---|---|")
    by_block = [(key, list(group)) for key, group in groupby(_sorted(cases), _block)]
    for (version, block), group in by_block:
        yield f"| {version} | {block} | {len(group)} | {_n_played(group)} |"
    for version, group in groupby(_sorted(cases), lambda case: case.version):
        of_version = list(group)
        yield f"| **{version}** | **all** | **{len(of_version)}** | **{_n_played(of_version)}** |"
    for (version, block), group in by_block:
        yield from ("", f"## OCPP {version}: {block}", "")
        yield from ("| case | what | source | covered |", "|---|---|---|---|")
        for case in group:
            yield f"| {case.id} | {case.name} | {case.source.value} | {case.missing or _PLAYED} |"


def _sorted(cases: list[Case]) -> list[Case]:
    # within a block in the order of the lists
    return sorted(cases, key=_block)


def _block(case: Case) -> tuple[str, str]:
    # 1.6 has no letters
    return case.version, case.block


def _n_played(cases: list[Case]) -> int:
    return sum(1 for case in cases if case.steps)


def write() -> None:
    """Write the page anew."""
    PAGE.write_text(page(), encoding="utf-8")
