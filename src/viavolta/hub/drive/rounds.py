"""What every worker looks after: visits, wishes kept for a card, bills, forgetting."""

from django.utils import timezone

from viavolta.storage.billing import close_bills
from viavolta.storage.driver_wishes import give_kept_wishes, tie_visits
from viavolta.storage.retention import forget
from viavolta.storage.runs.kinds import Round, add_round

SOON_S, BILLS_S, FORGET_S = 3.0, 10.0, 3600.0


def take() -> None:
    """Register the rounds."""
    add_round(Round(name="drivers", every_s=SOON_S, ask=_drivers))
    add_round(Round(name="bills", every_s=BILLS_S, ask=_bills))
    add_round(Round(name="forgetting", every_s=FORGET_S, ask=_forget))


def _drivers() -> None:
    tie_visits()
    give_kept_wishes(timezone.now())


def _bills() -> None:
    close_bills(timezone.now(), most=20)


def _forget() -> None:
    forget(timezone.now())
