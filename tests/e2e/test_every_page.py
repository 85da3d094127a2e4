"""Every page of the hub in a real browser: sound, accessible, light enough, asking nobody else.

One page for each address pattern, found by following links as an owner, a moderator and a visitor;
then those that no link of the samples leads to, with what the permission matrix makes for them.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Error
from sound import DESKTOP, Watch, faults

pytestmark = pytest.mark.browser

# Not pages of ours, or links that do something rather than show it.
PASSED_BY = ("/admin/", "/api/", "/static/", "/accounts/logout/", "/i18n/", "/sign-in/")
_LINKS = """() => [...document.querySelectorAll(':is(main, nav, .nav-end) a[href]:not([download])')]
  .map((a) => a.href)"""


def view_of(path: str) -> str | None:
    """The name of the view an address leads to; None if it is not to be walked."""
    if path.startswith(PASSED_BY):
        return None
    try:
        return resolve(path).view_name
    except Resolver404:
        return f"nowhere: {path}"


def walk(watch: Watch, seen: set[str]) -> Iterator[tuple[str, Any]]:
    """Each new page: its path and the answer that brought it."""
    waiting = ["/"]
    seen.discard("home")
    while waiting:
        path = waiting.pop(0)
        name = view_of(path.split("?")[0])
        if name is None or name in seen:
            continue
        seen.add(name)
        answer = opened(watch, path)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        yield path, answer
        for link in watch.window.evaluate(_LINKS):
            parts = urlsplit(link)
            if f"{parts.scheme}://{parts.netloc}" == watch.address:
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))


def opened(watch: Watch, path: str) -> Any:
    """What an address brings; None if it is a file to keep."""
    window = watch.window
    window.goto("about:blank")  # what the page before still does is its own
    watch.requested.clear()
    watch.errors.clear()
    try:
        answer = window.goto(path)
    except Error as error:
        if "Download is starting" in str(error):
            return None
        raise
    if window.locator("vv-map, vv-chart, vv-gantt, vv-tags").count():
        window.wait_for_load_state("networkidle")
    return answer


def others(site: Any, seen: set[str]) -> Any:
    """Pages of routes that were not seen, with what they need, and sessions to open them."""
    seed = [sys.executable, str(Path(__file__).with_name("seed_routes.py"))]
    told = subprocess.run(
        seed,
        env=site.surroundings,
        check=True,
        input=json.dumps(sorted(seen)),
        text=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(told.stdout)


def test_every_page_is_sound(site: Any, chromium: Any, axe: str) -> None:
    """No finding of axe, foreign request, error, sideways scroll, dead link or heavy page."""
    seen: set[str] = set()
    wrong: list[str] = []
    for visitor in ("moderator", "owner", ""):
        window = site.window(chromium, visitor, viewport=DESKTOP)
        watch = Watch(window, site.address)
        for path, answer in walk(watch, seen):
            wrong += [
                f"{visitor or 'visitor'} {path}: {fault}" for fault in faults(watch, answer, axe)
            ]
        window.context.close()
    wrong += sorted(name for name in seen if name.startswith("nowhere"))
    assert {"home", "components", "market", "account_login"} <= seen
    further = others(site, seen)
    for visitor in sorted({visitor for visitor, _ in further["pages"]}):
        key = further["sessions"].get(visitor)
        window = site.window(chromium, session=key, viewport=DESKTOP)
        watch = Watch(window, site.address)
        for path in (path for whose, path in further["pages"] if whose == visitor):
            answer = opened(watch, path)
            assert answer is not None, path
            wrong += [f"{visitor} {path}: {fault}" for fault in faults(watch, answer, axe)]
        window.context.close()
    assert not wrong, "\n".join(wrong)
