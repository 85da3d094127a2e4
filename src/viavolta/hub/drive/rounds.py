"""What every worker looks after: visits, wishes of cards, bills, forgetting, statistics."""

from django.conf import settings
from django.utils import timezone

from viavolta.hub.drive.codes import settle_codes
from viavolta.hub.drive.limits import stop_at_limits
from viavolta.hub.drive.statistics import publishers
from viavolta.hub.operate.tenants import zone_of
from viavolta.storage.billing import close_bills
from viavolta.storage.driver_wishes import give_kept_wishes, tie_visits
from viavolta.storage.retention import forget
from viavolta.storage.runs.kinds import Round, add_round
from viavolta.storage.statistics import Publisher, publish_months
from viavolta.storage.terminal_payments import follow_terminals

SOON_S, BILLS_S, HOURLY_S = 3.0, 10.0, 3600.0


def take() -> None:
    """Register the rounds."""
    add_round(Round(name="drivers", every_s=SOON_S, ask=_drivers))
    add_round(Round(name="bills", every_s=BILLS_S, ask=_bills))
    add_round(Round(name="forgetting", every_s=HOURLY_S, ask=_forget))
    add_round(Round(name="statistics", every_s=HOURLY_S, ask=_statistics))


def _drivers() -> None:
    tie_visits()
    give_kept_wishes(timezone.now())
    stop_at_limits(timezone.now())
    settle_codes()


def _bills() -> None:
    close_bills(timezone.now(), most=20)
    follow_terminals(timezone.now())


def _forget() -> None:
    forget(timezone.now())


def _statistics() -> None:
    found = {
        tenant.pk: Publisher(zone=zone_of(tenant), region=tenant.nuts or tenant.country)
        for tenant in publishers()
    }
    publish_months(timezone.now(), settings.ANONYMITY_CARDS, found)
