"""What a session's page tells of a payment at a terminal, beside its bill."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from viavolta.hub.frame.numbers import shown_moment, shown_number
from viavolta.services.billing.terminals import TerminalState
from viavolta.storage.billing import standing_of
from viavolta.storage.tables.billing import Bill
from viavolta.storage.tables.payments import TerminalPayment
from viavolta.storage.tables.stations import Session
from viavolta.storage.terminal_payments import terminal_of

STATES = {
    TerminalState.AUTHORISED: gettext_lazy("held, not settled yet"),
    TerminalState.SETTLED: gettext_lazy("settled"),
    TerminalState.CANCELED: gettext_lazy("cancelled, nothing was taken"),
    TerminalState.REJECTED: gettext_lazy("refused by the payment provider"),
    TerminalState.FAILED: gettext_lazy("failed at the terminal"),
}


def payment_rows(session: Session) -> list[tuple[str, str]]:
    """Labels and values of the payment; empty where none was made at a terminal."""
    row = terminal_of(session)
    if row is None:
        return []
    found = [
        (_("Payment"), str(STATES[TerminalState(row.state)])),
        (_("Reference of the provider"), row.psp_ref),
        (_("Card"), f"**** {row.card}" if row.card else ""),
        (_("Held"), _money(row.authorised_cents)),
        (_("Amount"), _money(row.settled_cents)),
        (_("At"), shown_moment(row.settled_at) if row.settled_at is not None else ""),
        (_("Told by the terminal"), row.info),
        (_("VAT number"), row.vat_number),
        (_("Doubtful"), _doubt(session, row)),
    ]
    return [(label, value) for label, value in found if value]


def _doubt(session: Session, row: TerminalPayment) -> str:
    said = []
    if row.has_conflict:
        said.append(_("A second settlement of another amount was told; it does not count."))
    bill = Bill.objects.filter(session=session).first()
    is_settled = row.state == TerminalState.SETTLED
    if bill is not None and is_settled and standing_of(bill).cents != row.settled_cents:
        said.append(_("The bill is of %(amount)s.") % {"amount": _money(standing_of(bill).cents)})
    return " ".join(said)


def _money(cents: int | None) -> str:
    return "" if cents is None else f"{shown_number(cents / 100, digits=2)} EUR"
