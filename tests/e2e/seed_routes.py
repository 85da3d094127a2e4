"""Make what routes of the permission matrix need, for good, and list the pages they have.

Run in a process of its own, with the settings of the browser tests' hub, given the names of the
routes that are known already; prints the keys of the visitors' sessions and, for each further
page, its visitor and its address.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from viavolta.hub.site.start import set_up

set_up()
TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "hub"), str(TESTS / "conformance" / "ocpp")]

import matrix  # noqa: E402 - models need the settings above
from cast import Cast, make_cast  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402

from viavolta.hub.frame.access import Access  # noqa: E402

VISITOR_OF = {
    Access.PUBLIC: "anonymous",
    Access.SIGNED_IN: "reader",
    Access.READER: "reader",
    Access.EDITOR: "editor",
    Access.OWNER: "owner",
    Access.MODERATOR: "moderator",
    Access.LAB_HOST: "lab-host",
}
"""Who opens a page of each access: the one with the least that may."""


def pages(cast: Cast, visitors: matrix.Visitors, known: set[str]) -> Iterator[tuple[str, str]]:
    """Visitor and address of every other page that a link could lead to."""
    for route in matrix.page_routes():
        is_ours = route.access is not Access.MACHINE and not route.pattern.startswith("/admin/")
        if route.name in known or not is_ours:
            continue
        for visitor in [VISITOR_OF[route.access]] if route.access else ["owner", "anonymous"]:
            address = route.address(cast)
            if is_page(visitors, visitor, address):
                yield visitor, address
                break


def is_page(visitors: matrix.Visitors, visitor: str, address: str) -> bool:
    """Whether a visitor gets a whole page; whatever opening it changes is undone."""
    browser = Client(raise_request_exception=False, headers={"host": settings.ALLOWED_HOSTS[0]})
    if visitor in visitors.sessions:
        browser.cookies["session"] = visitors.sessions[visitor]
    with transaction.atomic():
        answer = browser.get(address)
        transaction.set_rollback(True)
    kind = answer.headers.get("Content-Type", "")
    is_html = answer.status_code == 200 and kind.startswith("text/html")
    return is_html and b"<html" in answer.content


def main() -> None:
    matrix.load_samples()
    matrix.make_samples_once()
    cast = make_cast()
    visitors = matrix.Visitors(cast)
    found = list(pages(cast, visitors, set(json.load(sys.stdin))))
    json.dump({"sessions": visitors.sessions, "pages": found}, sys.stdout)


main()
