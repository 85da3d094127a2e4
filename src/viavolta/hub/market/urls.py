"""Addresses of the market."""

from django.urls import path, register_converter

from viavolta.hub.market.models import EntryKind
from viavolta.hub.market.views import (
    editing,
    files,
    lists,
    moderating,
    pages,
    replications,
    searches,
)


class SideConverter:
    """`needs` or `solutions` in an address."""

    regex = "needs|solutions"

    def to_python(self, value: str) -> EntryKind:
        """The kind an address speaks of."""
        return EntryKind(value.removesuffix("s"))

    def to_url(self, value: EntryKind) -> str:
        """The word for a kind."""
        return f"{EntryKind(value).value}s"


register_converter(SideConverter, "side")

urlpatterns = [
    path("market/", lists.market, name="market"),
    path("market/ours/", lists.ours, name="market-ours"),
    path("market/searches/", searches.searches, name="market-searches"),
    path("market/searches/save/<side:kind>/", searches.save, name="market-search-save"),
    path("market/searches/<int:search_id>/", searches.change, name="market-search"),
    path("market/searches/<int:search_id>/forget/", searches.forget, name="market-search-forget"),
    path("market/moderate/", moderating.desk, name="market-moderate"),
    path("market/moderate/merge/<side:kind>/", moderating.merge, name="market-merge"),
    path(
        "market/moderate/merges/<int:merge_id>/undo/",
        moderating.undo_merge,
        name="market-merge-undo",
    ),
    path("market/pictures/<int:picture_id>/<int:width>/", files.picture, name="market-picture"),
    path(
        "market/pictures/<int:picture_id>/remove/",
        files.remove_picture,
        name="market-picture-remove",
    ),
    path(
        "market/pictures/<int:picture_id>/put-back/",
        files.put_back_picture,
        name="market-picture-put-back",
    ),
    path("market/documents/<int:document_id>/", files.document, name="market-document"),
    path(
        "market/documents/<int:document_id>/remove/",
        files.remove_document,
        name="market-document-remove",
    ),
    path(
        "market/documents/<int:document_id>/put-back/",
        files.put_back_document,
        name="market-document-put-back",
    ),
    path(
        "market/replications/<int:replication_id>/",
        replications.replication,
        name="market-replication",
    ),
    path("market/solutions/<slug:slug>/replicate/", replications.choose, name="market-replicate"),
    path("market/<side:kind>/", lists.listing, name="market-list"),
    path("market/needs/", lists.listing, {"kind": EntryKind.NEED}, name="market-needs"),
    path("market/solutions/", lists.listing, {"kind": EntryKind.SOLUTION}, name="market-solutions"),
    path("market/<side:kind>/new/", editing.create, name="market-new"),
    path("market/<side:kind>/<slug:slug>/", pages.entry, name="market-entry"),
    path("market/<side:kind>/<slug:slug>/edit/", editing.edit, name="market-edit"),
    path("market/<side:kind>/<slug:slug>/publish/", editing.publish, name="market-publish"),
    path("market/<side:kind>/<slug:slug>/withdraw/", editing.withdraw, name="market-withdraw"),
    path("market/<side:kind>/<slug:slug>/delete/", editing.delete, name="market-delete"),
    path("market/<side:kind>/<slug:slug>/undelete/", editing.undelete, name="market-undelete"),
    path("market/<side:kind>/<slug:slug>/history/", editing.history, name="market-history"),
    path(
        "market/<side:kind>/<slug:slug>/history/<int:version>/restore/",
        editing.restore,
        name="market-restore",
    ),
    path("market/<side:kind>/<slug:slug>/files/", files.attachments, name="market-files"),
    path("market/<side:kind>/<slug:slug>/hide/", moderating.hide, name="market-hide"),
    path("market/<side:kind>/<slug:slug>/show/", moderating.show, name="market-show"),
]
