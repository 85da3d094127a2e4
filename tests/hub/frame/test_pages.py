"""The frame of every page: navigation, theme, basemaps in ranges, components for moderators."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.base import Message
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory, override_settings

from viavolta.formats.pmtiles import archive_bytes
from viavolta.hub.frame import registry
from viavolta.hub.frame.charts import Chart, Series
from viavolta.hub.frame.context import frame
from viavolta.hub.frame.figures import Figure, Why
from viavolta.hub.frame.gantt import Bar, Gantt, Lane
from viavolta.hub.frame.icons import ICONS
from viavolta.hub.frame.notices import done
from viavolta.hub.frame.registry import Area, NavEntry, add_to_navigation

pytestmark = pytest.mark.django_db


def html(answer: HttpResponse) -> str:
    return answer.content.decode()


def test_a_page_allows_no_inline_script_or_style(client: Client) -> None:
    """The policy names this server alone, the page carries its nonce, and nothing is inline."""
    answer = client.get("/")
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    page = html(answer)
    nonce = page.split('type="importmap" nonce="')[1].split('"')[0]
    assert f"'nonce-{nonce}'" in policy
    assert "style=" not in page
    assert "<style" not in page


def test_navigation_shows_who_may_see_what(
    monkeypatch: pytest.MonkeyPatch, rf: RequestFactory
) -> None:
    """Entries stand in order, in their area, with a count, and the current one is marked."""
    monkeypatch.setattr(registry, "_entries", [])
    add_to_navigation(NavEntry(label="b", url_name="home", order=2))
    add_to_navigation(NavEntry(label="a", url_name="account_login", order=1, count=lambda _r: 3))
    add_to_navigation(NavEntry(label="x", url_name="home", order=0, is_for=lambda _r: False))
    add_to_navigation(NavEntry(label="f", url_name="home", order=0, area=Area.FOOT))
    request = rf.get("/")
    request.user = AnonymousUser()
    shown = frame(request)
    assert [(e["label"], e["count"], e["is_current"]) for e in shown["navigation"]] == [
        ("a", 3, False),
        ("b", 0, True),
    ]
    assert [e["label"] for e in shown["foot_menu"]] == ["f"]


def test_an_entry_is_current_beyond_its_own_address(
    monkeypatch: pytest.MonkeyPatch, rf: RequestFactory
) -> None:
    """Events belong to working together."""
    monkeypatch.setattr(registry, "_entries", [])
    entry = NavEntry(label="a", url_name="account_login", order=1, beyond=("/events/",))
    add_to_navigation(entry)
    for path, is_current in (("/events/month/", True), ("/event", False), ("/", False)):
        request = rf.get(path)
        request.user = AnonymousUser()
        assert frame(request)["navigation"][0]["is_current"] is is_current


def test_the_theme_is_kept_in_a_cookie(client: Client) -> None:
    """A theme chosen is on the next page; one that is unknown, or a foreign way back, is not."""
    answer = client.post("/theme/", {"theme": "dark", "next": "/components/"})
    assert answer["Location"] == "/components/"
    assert 'data-theme="dark"' in html(client.get("/"))
    answer = client.post("/theme/", {"theme": "pink", "next": "https://example.org/"})
    assert answer["Location"] == "/"
    assert 'data-theme="dark"' in html(client.get("/"))


def test_components_are_for_moderators(cast: Any, client: Client) -> None:
    """All components stand on one page; to others there is no such page."""
    page = html(cast.client("moderator").get("/components/"))
    for tag in ("vv-map", "vv-chart", "vv-gantt", "table-frame", "why", "guide"):
        assert tag in page
    assert cast.client("owner").get("/components/").status_code == 404
    assert client.get("/components/").status_code == 302


def test_errors_of_a_form_stand_at_the_field_and_on_top(cast: Any) -> None:
    """The field refers to its error and its help."""
    page = html(cast.client("moderator").get("/components/?name=&power_kw=0"))
    assert 'aria-describedby="id_power_kw_helptext id_power_kw_error"' in page
    assert 'id="id_power_kw_error"' in page


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("", 200, slice(None)),
        ("bytes=0-9", 206, slice(10)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=9999999-", 416, slice(0)),
    ],
)
def test_basemaps_are_served_in_ranges(
    tmp_path: Path, wanted: str, status: int, part: slice
) -> None:
    """A browser gets the part it asks for."""
    content = archive_bytes({(0, 0, 0): b"x"}, bounds=(0, 0, 1, 1), metadata={})
    (tmp_path / "town.pmtiles").write_bytes(content)
    (tmp_path / "broken.pmtiles").write_bytes(b"no tiles")
    client = Client()
    with override_settings(BASEMAP_FOLDERS=[tmp_path]):
        answer = client.get("/basemap/town/", headers={"Range": wanted} if wanted else {})
        assert answer.status_code == status
        assert b"".join(answer) == content[part]
        assert client.get("/basemap/broken/").status_code == 404
        assert client.get("/basemap/other/").status_code == 404


def test_a_notice_can_be_undone(rf: RequestFactory) -> None:
    """The button posts to the address that undoes it."""
    request = rf.get("/")
    request.user = AnonymousUser()
    kept: list[Message] = []

    class Keep:
        def add(self, level: int, message: str, extra_tags: str = "") -> None:
            kept.append(Message(level, message, extra_tags=extra_tags))

    request._messages = Keep()  # type: ignore[attr-defined] # noqa: SLF001 - as the middleware does
    done(request, "Deleted.", undo="/undo/7/")
    page = render_to_string("frame/notices.html", {"messages": kept}, request=request)
    assert 'action="/undo/7/"' in page
    assert "Deleted." in page


def test_a_chart_keeps_its_table() -> None:
    """Times are shown in the chart's zone; a series of another length is refused."""
    noon = dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)
    chart = Chart(
        key="a", title="A", x=[noon], series=[Series(label="s", values=[1.0])], zone="Europe/Vienna"
    )
    assert chart.kind == "time"
    assert next(chart.rows)[0] == "1 Jul 2026, 12:00"
    with pytest.raises(ValueError, match="each x"):
        Chart(key="a", title="A", x=[1, 2], series=[Series(label="s", values=[1.0])])


def test_a_gantt_table_stops_at_its_limit() -> None:
    """The table has the first rows and says how many the file has besides."""
    bars = [Bar(start_s=i * 60, end_s=i * 60 + 30, kind="trip") for i in range(300)]
    gantt = Gantt(
        key="g",
        title="G",
        lanes=[Lane(label="a", bars=bars), Lane(label="b", bars=bars)],
        kinds=[("trip", "Trip", "trip")],
    )
    rows = list(gantt.rows)
    assert len(rows) == 500
    assert gantt.rows_left_out == 100
    assert rows[0] == ("a", "00:00", "00:00", "Trip", "")


def test_pages_that_fail_are_still_pages(client: Client) -> None:
    """An address that leads nowhere has the frame around it."""
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "<main" in html(answer)


def test_the_first_page_shows_an_answer_and_a_door_for_each_role(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample study is one click away with its figures; doors lead somewhere."""
    shown = registry.Showcase(
        title="Sampletown",
        url="/studies/sampletown/",
        figures=[Figure(label="Peak", value="412", unit="kW", why=Why(rule="A rule."))],
    )
    monkeypatch.setattr(registry, "_showcases", [lambda _request: None, lambda _request: shown])
    page = html(client.get("/"))
    assert 'href="/studies/sampletown/"' in page
    assert "A rule." in page
    for door in registry.doors():
        assert f'href="{door.url}"' in page
    assert {door.icon_name for door in registry.doors()} <= set(ICONS)


def test_those_signed_in_find_what_is_theirs(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of apps stand in order; one that has nothing to say is left out."""
    nothing = registry.HomeSection(template="none.html", order=1, context=lambda _request: None)
    monkeypatch.setattr(registry, "_sections", [nothing])
    page = html(cast.client("owner").get("/"))
    assert "Owner" in page
    assert "Nothing here yet" in page
