"""Addresses of drivers at a station: short, because they stand on a sticker."""

from django.urls import path

from viavolta.hub.drive.views import cards, codes, mine, point, receipts, rewards, statistics, terms

_TENANT = "stations/<slug:organisation>"

urlpatterns = [
    path("c/", mine.mine, name="drive-mine"),
    path("c/forget/", mine.forget, name="drive-forget"),
    path("c/card/<str:secret>/", cards.card, name="drive-card"),
    path("c/<str:station>/<int:evse>", point.point, name="drive-point"),
    path("c/<str:station>/<int:evse>/start", point.start, name="drive-start"),
    path("c/<str:station>/<int:evse>/wish", point.change, name="drive-wish"),
    path("c/<str:station>/<int:evse>/boost", point.boost, name="drive-boost"),
    path("c/<str:station>/<int:evse>/stop", point.stop, name="drive-stop"),
    path("c/<str:station>/<int:evse>/qr.svg", point.qr, name="drive-qr"),
    path(
        "c/<str:station>/<int:evse>/q/<str:version>/<str:password>",
        codes.scanned,
        name="drive-scanned",
    ),
    path("charging/", statistics.statistics, name="drive-statistics"),
    path("charging/<slug:organisation>/", statistics.statistics_of, name="drive-statistics-of"),
    path(f"{_TENANT}/at/<str:station>/codes/", codes.set_codes, name="drive-codes"),
    path(f"{_TENANT}/rewards/", rewards.rewards, name="drive-rewards"),
    path(f"{_TENANT}/terms/", terms.terms, name="drive-terms"),
    path(f"{_TENANT}/terms/edit/", terms.edit_terms, name="drive-terms-edit"),
    path(f"{_TENANT}/terms/prices/", terms.new_tariff, name="drive-tariff-new"),
    path(f"{_TENANT}/tokens/<int:charging_token>/link/", cards.new_link, name="drive-card-link"),
    path("receipt/<str:receipt>/", receipts.receipt, name="drive-receipt"),
    path("receipt/<str:receipt>/receipt.pdf", receipts.on_paper, name="drive-receipt-pdf"),
]
