"""A receipt on paper."""

from django.utils.translation import gettext as _

from viavolta.hub.drive import words
from viavolta.hub.drive.receipt import Receipt
from viavolta.hub.frame.numbers import shown_moment, shown_number
from viavolta.hub.studies.results.language import reader_of
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.document import Document, pdf_of
from viavolta.reports.tables import words as text_column


def receipt_pdf(found: Receipt) -> bytes:
    """The receipt as a PDF, in the reader's language and the station's time."""
    with reader_of(found.zone):
        return pdf_of(Document(title=_("Receipt"), blocks=_blocks(found)))


def _blocks(found: Receipt) -> list[blocks.Block | None]:
    bill, figures = found.bill, found.figures
    columns = (
        text_column(_("Price")),
        text_column(_("Hours")),
        text_column(_("Quantity")),
        text_column(_("Amount")),
    )
    rows = [
        (words.price(c), words.hours(c), shown_number(quantity, digits=2), words.money(cents))
        for c, quantity, cents in found.lines
    ]
    return [
        blocks.kicker(found.operator.name),
        blocks.heading(f"{_('Receipt')} {bill.number}", 1),
        blocks.answer(_("Test: no money has moved.")) if found.is_test else None,
        blocks.cards(_cards(found), columns=3),
        blocks.table(_("What it is made of"), columns, rows, wide=(0,)) if rows else None,
        _rewards(found),
        blocks.points([*_sums(found), *words.doubts(figures.doubts)]),
    ]


def _rewards(found: Receipt) -> blocks.Block | None:
    lines = words.reward_lines(found.figures.reward_lines)
    columns = (text_column(_("For")), text_column(_("Quantity")), text_column(_("Amount")))
    return blocks.table(_("What you earned"), columns, lines, wide=(0,)) if lines else None


def _cards(found: Receipt) -> list[tuple[str, str, str]]:
    bill, figures = found.bill, found.figures
    return [
        (_("Station"), str(bill.session.station), found.bill.session.station.site),
        (_("From"), shown_moment(bill.started_at), found.zone),
        (_("Until"), shown_moment(bill.ended_at), found.zone),
        (_("Energy"), f"{shown_number(figures.energy_wh / 1000, digits=2)} kWh", ""),
        (_("Total"), words.money(figures.cents), _("tax included")),
        (_("To pay"), words.money(found.due_cents), ""),
    ]


def _sums(found: Receipt) -> list[str]:
    figures = found.figures
    said = [_("Value added tax in it: %(vat)s") % {"vat": words.money(figures.vat_cents)}]
    if figures.reward_cents:
        said.append(_("Reward: %(reward)s") % {"reward": words.money(figures.reward_cents)})
    if figures.discharged_wh > 0:
        low, high = (words.money(cents) for cents in found.wear_cents)
        said.append(
            _("Given back: %(kwh)s kWh; estimated wear of the battery %(low)s to %(high)s")
            % {
                "kwh": shown_number(figures.discharged_wh / 1000, digits=2),
                "low": low,
                "high": high,
            }
        )
    said += [
        _("Corrected by number %(number)d on %(day)s: %(amount)s")
        % {
            "number": c.number,
            "day": shown_moment(c.made_at),
            "amount": words.money(-c.credit_cents),
        }
        for c in found.corrections
    ]
    return said
