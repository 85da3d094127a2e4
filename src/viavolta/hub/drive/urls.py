"""Addresses of drivers at a station: short, because they stand on a sticker."""

from django.urls import path

from viavolta.hub.drive.views import mine, point, receipts

urlpatterns = [
    path("c/", mine.mine, name="drive-mine"),
    path("c/forget/", mine.forget, name="drive-forget"),
    path("c/<str:station>/<int:evse>", point.point, name="drive-point"),
    path("c/<str:station>/<int:evse>/start", point.start, name="drive-start"),
    path("c/<str:station>/<int:evse>/wish", point.change, name="drive-wish"),
    path("c/<str:station>/<int:evse>/boost", point.boost, name="drive-boost"),
    path("c/<str:station>/<int:evse>/stop", point.stop, name="drive-stop"),
    path("c/<str:station>/<int:evse>/qr.svg", point.qr, name="drive-qr"),
    path("receipt/<str:receipt>/", receipts.receipt, name="drive-receipt"),
    path("receipt/<str:receipt>/receipt.pdf", receipts.on_paper, name="drive-receipt-pdf"),
]
