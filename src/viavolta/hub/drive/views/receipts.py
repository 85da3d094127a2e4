"""Receipts, on a page and on paper."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from viavolta.hub.drive import words
from viavolta.hub.drive.fair_use import fair_use
from viavolta.hub.drive.on_paper import receipt_pdf
from viavolta.hub.drive.receipt import Receipt, receipt_at
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.numbers import shown_moment, shown_number


@require_GET
@access(Access.PUBLIC)
@fair_use
def receipt(request: HttpRequest, receipt: str) -> HttpResponseBase:
    """The receipt of a session, for whoever has its address."""
    found = _found(receipt)
    with timezone.override(found.zone):
        return _private(render(request, "drive/receipt.html", shown(found, receipt)))


@require_GET
@access(Access.PUBLIC)
@fair_use
def on_paper(request: HttpRequest, receipt: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The same as a PDF."""
    found = _found(receipt)
    answer = HttpResponse(receipt_pdf(found), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="receipt-{found.bill.number}.pdf"'
    _private(answer)
    return answer


def _found(text: str) -> Receipt:
    found = receipt_at(text)
    if found is None:
        raise Http404
    return found


def _private(answer: HttpResponseBase) -> HttpResponseBase:
    answer["Cache-Control"] = "private, no-store"
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def shown(found: Receipt, address: str) -> dict[str, Any]:
    """What the page needs."""
    figures = found.figures
    return {
        "title": _("Receipt"),
        "kicker": found.operator.name,
        "is_sample": found.operator.is_sample,
        "receipt": found,
        "address": address,
        "lines": [
            (words.price(c), words.hours(c), shown_number(quantity, digits=2), words.money(cents))
            for c, quantity, cents in found.lines
        ],
        "cents": words.money(figures.cents),
        "vat": words.money(figures.vat_cents),
        "reward_lines": words.reward_lines(figures.reward_lines),
        "reward": words.money(figures.reward_cents) if figures.reward_cents else "",
        "due": words.money(found.due_cents),
        "energy_kwh": figures.energy_wh / 1000,
        "discharged_kwh": figures.discharged_wh / 1000,
        "wear": tuple(words.money(cents) for cents in found.wear_cents),
        "doubts": words.doubts(figures.doubts),
        "corrections": [
            (c.number, shown_moment(c.made_at), words.money(-c.credit_cents))
            for c in found.corrections
        ],
    }
