"""What others are asked: in time, bounded, one answer each."""

import asyncio
import datetime as dt
import threading
import time
from typing import Any

import pytest
from oca.pki import DAY, GOOD, UNKNOWN, Holder

from viavolta.gateway import inquiring
from viavolta.gateway.inquiring import Inquiries, KeptAnswers
from viavolta.gateway.trust import Trust
from viavolta.services.plug_and_charge.ocsp import CertId, believed
from viavolta.services.plug_and_charge.others import Inquiry, Others

PATIENCE_S = 15.0


def inquiries() -> Inquiries:
    """For operators who trust nobody."""
    return Inquiries(Trust(), clock=lambda: dt.datetime.now(dt.UTC))


def asks(answer: Any) -> Inquiry:
    """An inquiry that is answered by a function; or else with the reason."""
    return Inquiry(ask=lambda _others: answer(), otherwise=lambda reason: {"not": reason})


class Held:
    """Inquiries that are answered when they are let go."""

    def __init__(self) -> None:
        self.free = threading.Event()

    def inquiry(self) -> Inquiry:
        def answer() -> dict[str, Any]:
            self.free.wait(PATIENCE_S)
            return {"yes": 1}

        return asks(answer)


async def until(is_so: Any) -> None:
    """Let the loop go on until something is so."""
    end = time.monotonic() + PATIENCE_S
    for _ in iter(is_so, True):
        assert time.monotonic() < end, "never came to pass"
        await asyncio.sleep(0.005)


def test_an_answer_comes_once_and_the_loop_goes_on() -> None:
    """Time that is over is over, whatever comes later; what fails is answered as failed."""

    async def story() -> None:
        asked, held, heard = inquiries(), Held(), []
        asked.begin(1, 1, asks(lambda: {"yes": 1}), heard.append)
        asked.begin(2, 1, asks(lambda: 1 / 0), heard.append)
        assert heard == []
        await until(lambda: len(heard) == 2)
        assert sorted(map(str, heard)) == ["{'not': 'InternalError'}", "{'yes': 1}"]
        asked.within_s = 0.01
        asked.begin(3, 1, held.inquiry(), heard.append)
        await until(lambda: len(heard) == 3)
        held.free.set()
        await until(lambda: asked.n_under_way == 0)
        assert heard[2:] == [{"not": "Timeout"}]

    asyncio.run(story())


def test_so_many_are_under_way_and_no_more() -> None:
    """For one operator, and for all; another operator's have room until then."""

    async def story() -> None:
        asked, held, heard = inquiries(), Held(), []
        n_tenants = inquiring.MOST_UNDER_WAY // inquiring.MOST_OF_ONE_TENANT
        for tenant in range(n_tenants):
            for k in range(inquiring.MOST_OF_ONE_TENANT):
                asked.begin(tenant * 1000 + k, tenant, held.inquiry(), heard.append)
            assert len(heard) == tenant
            asked.begin(tenant * 1000 + 999, tenant, held.inquiry(), heard.append)
        asked.begin(999_999, n_tenants, held.inquiry(), heard.append)
        assert heard == [{"not": "Busy"}] * (n_tenants + 1)
        held.free.set()
        await until(lambda: len(heard) == inquiring.MOST_UNDER_WAY + n_tenants + 1)
        assert heard[n_tenants + 1 :] == [{"yes": 1}] * inquiring.MOST_UNDER_WAY

    asyncio.run(story())


def test_a_station_may_not_ask_without_end() -> None:
    """Beyond its burst it is told so, and nobody is asked."""

    async def story() -> None:
        asked, heard = inquiries(), []
        for k in range(inquiring.BURST + 3):
            asked.begin(1, 1, asks(lambda: {"yes": 1}), heard.append)
            await until(lambda n=k: len(heard) == n + 1)
        assert heard[-1] == {"not": "TooManyRequests"}
        assert heard.count({"yes": 1}) <= inquiring.BURST + 2
        asked.begin(2, 1, asks(lambda: {"yes": 2}), heard.append)
        await until(lambda: heard[-1] == {"yes": 2})

    asyncio.run(story())


def test_no_time_is_left_to_call() -> None:
    """What begins late calls nobody."""

    def ask(others: Others) -> dict[str, Any]:
        about = CertId(algorithm="SHA256", name_hash=b"", key_hash=b"", serial=1)
        return {"said": others.read_list("http://example.org/", about)}

    async def story() -> None:
        asked, heard = inquiries(), []
        asked.within_s = -1.0
        inquiry = Inquiry(ask=ask, otherwise=lambda reason: {"not": reason})
        asked.begin(1, 1, inquiry, heard.append)
        await until(lambda: bool(heard))
        assert heard[0] in ({"not": "Timeout"}, {"not": "InternalError"})
        await until(lambda: asked.n_under_way == 0)

    asyncio.run(story())


@pytest.mark.parametrize(("status", "is_kept"), [(GOOD, True), (UNKNOWN, False)])
def test_answers_are_kept_while_they_hold(status: Any, is_kept: bool) -> None:
    """Until their next update, and so many; a shrug is not."""
    authority, now = Holder.root("authority"), dt.datetime.now(dt.UTC)
    kept, named = KeptAnswers(), []
    for _ in range(3):
        certificate = authority.contract("c").certificate
        about = CertId.of(authority.hash_data(certificate))
        answer = authority.says(certificate, status, until=now + DAY)
        kept.keep(about, believed(answer, about, issuers=[authority.certificate], now=now))
        named.append(about)
    assert [kept.get(about, now) is not None for about in named] == [is_kept] * 3
    assert kept.get(named[0], now + 2 * DAY) is None
