"""Samples of the market: one of everything, of the city."""

import io
from typing import Any

from cast import Cast
from django.utils import timezone
from matrix import HIDDEN, OK, row, sample
from PIL import Image

from viavolta.hub.market.attachments import add_document, add_picture
from viavolta.hub.market.content import content_of
from viavolta.hub.market.criteria import Criteria
from viavolta.hub.market.models import (
    Document,
    Entry,
    EntryKind,
    Merge,
    Picture,
    Replication,
    Revision,
)
from viavolta.hub.market.searching import save_search
from viavolta.hub.studies.models import Scenario, Study, Upload

ONLY_ITS_OWNER = {
    name: {HIDDEN} for name in ("stranger", "reader", "owner", "moderator", "lab-host")
} | {"editor": {OK}}
WORDS = {
    "title": "Buses",
    "summary": "Quiet buses.",
    "language": "en",
    "segment": "fleets",
    "form": "pilot",
    "evidence-TOTAL_FORMS": "0",
    "evidence-INITIAL_FORMS": "0",
}
BODY: dict[str, Any] = {"title": "Buses", "summary": "Quiet buses.", "language": "en"}


def a_solution(cast: Cast, slug: str = "quiet-buses") -> Entry:
    """A published solution of the city, with one version in its history."""
    known = Entry.objects.filter(slug=slug).first()
    if known is not None:
        return known
    entry = Entry.objects.create(
        kind=EntryKind.SOLUTION,
        organisation=cast.organisation,
        slug=slug,
        title="Quiet buses",
        summary="In one sentence.",
        language="en",
        form="pilot",
        facets={"segment": ["fleets"]},
        state="published",
        published_at=timezone.now(),
    )
    Revision.objects.create(entry=entry, version=1, content=content_of(entry).as_json())
    return entry


def a_proven_solution(cast: Cast) -> Entry:
    """A solution with a public study that was computed."""
    entry = a_solution(cast)
    if entry.study is not None:
        return entry
    entry.study = Study.objects.create(
        organisation=cast.organisation, title="Lines", slug="lines", visibility="public"
    )
    entry.save()
    Scenario.objects.create(
        study=entry.study, name="Baseline", is_baseline=True, result_folder="studies/none"
    )
    return entry


def a_feed(cast: Cast) -> Upload:
    """A usable timetable of the city."""
    return Upload.objects.create(
        organisation=cast.organisation,
        kind="feed",
        name="a.zip",
        sha256="2" * 64,
        size_bytes=1,
        path="uploads/a.zip",
        state="usable",
    )


@sample("kind")
def a_kind(_cast: Cast) -> str:
    """One of the two sides."""
    return "solutions"


@sample("side")
def a_side(_cast: Cast) -> str:
    """The same in the API."""
    return "solutions"


for _route in (
    "market-entry",
    "market-edit",
    "market-publish",
    "market-withdraw",
    "market-delete",
    "market-undelete",
    "market-history",
    "market-restore",
    "market-files",
    "market-hide",
    "market-show",
    *(
        f"viavolta_hub_market_api_{name}"
        for name in (
            "one_entry",
            "matches",
            "replications",
            "change_entry",
            "delete_entry",
            "publish_entry",
            "withdraw_entry",
            "undelete_entry",
        )
    ),
):
    sample("slug", route=_route)(lambda cast: a_solution(cast).slug)
for _route in ("market-replicate", "viavolta_hub_market_api_replicate_study"):
    sample("slug", route=_route)(lambda cast: a_proven_solution(cast).slug)


@sample("version", route="market-restore")
def a_version(_cast: Cast) -> int:
    """The first."""
    return 1


@sample("picture_id")
def a_picture(cast: Cast) -> int:
    """A picture of the city's solution."""
    out = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(out, "PNG")
    entry = a_solution(cast)
    add_picture(cast.users["editor"], entry, out.getvalue(), alternative="A bus")
    return Picture.objects.get(entry=entry).pk


@sample("width")
def a_width(_cast: Cast) -> int:
    """The width that picture has."""
    return 320


@sample("document_id")
def a_document(cast: Cast) -> int:
    """A document of the city's solution."""
    entry = a_solution(cast)
    pdf = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\nstartxref\n9\n%%EOF\n"
    add_document(cast.users["editor"], entry, pdf, name="Report")
    return Document.objects.get(entry=entry).pk


@sample("search_id")
def a_search(cast: Cast) -> int:
    """A search that the editor keeps."""
    return save_search(
        cast.users["editor"], Criteria(kind=EntryKind.NEED, words="bus"), name="Buses"
    ).pk


@sample("merge_id")
def a_merge(cast: Cast) -> int:
    """Two solutions made one."""
    kept, merged = a_solution(cast), a_solution(cast, "loud-buses")
    Entry.objects.filter(pk=merged.pk).update(merged_into=kept)
    return Merge.objects.create(kept=kept, merged=merged).pk


@sample("replication_id")
def a_replication(cast: Cast) -> int:
    """A replication that the city shares with everybody."""
    entry = a_proven_solution(cast)
    study = Study.objects.create(
        organisation=cast.organisation, title="Again", slug="again", visibility="public"
    )
    Scenario.objects.create(study=study, name="As in the original", is_baseline=True)
    return Replication.objects.create(
        entry=entry, study=study, organisation=cast.organisation, origin=entry.study
    ).pk


row("market-new", post=WORDS)
row("market-edit", post=WORDS | {"version": 1})
row("market-hide", post={"reason": "advertisement"})
row("market-merge", post={"kept": "none", "merged": "none"}, outcomes={"moderator": {OK, HIDDEN}})
row("market-search-save", post={"name": "Mine", "query": "q=bus"})
row("market-search", post={"name": "Mine"}, outcomes=ONLY_ITS_OWNER)
row("market-search-forget", outcomes=ONLY_ITS_OWNER)
row("viavolta_hub_market_api_forget_search", outcomes=ONLY_ITS_OWNER)
row("viavolta_hub_market_api_keep_search", post={"side": "needs", "name": "Mine"})
row("viavolta_hub_market_api_new_entry", post=BODY | {"organisation": "sampleton"})
row("viavolta_hub_market_api_change_entry", post=BODY | {"version": 1})
row(
    "viavolta_hub_market_api_replicate_study",
    post=lambda cast: {"source": f"feed-{a_feed(cast).pk}"},
)
