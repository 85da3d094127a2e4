"""Rewards of a tenant's drivers: sums of a month, and everybody's."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from viavolta.hub.drive import words
from viavolta.hub.drive.months import Month
from viavolta.hub.drive.rewards import Earner, MonthOfRewards, month_of_rewards
from viavolta.hub.frame.access import Access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.figures import Figure, Why
from viavolta.hub.frame.forms import Source
from viavolta.hub.frame.numbers import shown_number, shown_percent
from viavolta.hub.frame.rows import RecordRows
from viavolta.hub.frame.tables import Empty, Table
from viavolta.hub.operate.tenants import operators_page, page_context, zone_of
from viavolta.hub.people.models import Organisation
from viavolta.services.billing.wear import usual_wear

TAB = "drive-rewards"


@operators_page(Access.READER)
def rewards(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """A month: what was offered, what was given back, what it wore and what it brought."""
    now, zone = timezone.now(), zone_of(tenant)
    month = Month.named(request.GET.get("month", ""), zone) or Month.of(now, zone)
    found = month_of_rewards(tenant, month, now)
    table = _table(request, tenant, found)
    if table.is_export:
        return table.export(f"rewards-{month.name}")
    return render(
        request,
        "drive/rewards.html",
        {
            **page_context(request, tenant, TAB),
            "title": _("Rewards"),
            "lead": date_format(month.first, "YEAR_MONTH_FORMAT"),
            "table": table,
            "figures": _figures(found),
            "before": month.before.name,
            "after": month.after.name if month.end <= now else "",
        },
    )


def _table(request: HttpRequest, tenant: Organisation, found: MonthOfRewards) -> Table:
    def page_of(one: Earner) -> str:
        return reverse("fleet-vehicle", args=(tenant.slug, one.vehicle)) if one.vehicle else ""

    return Table(
        request,
        RecordRows(found.earners, text=lambda one: one.name),
        (
            Column(
                key="name",
                label=_("Driver or vehicle"),
                value=lambda one: one.name or _("visitors without a card"),
                link=page_of,
                sort="name",
            ),
            _number("sessions", _("Sessions"), "", 0),
            _number("plugged_h", _("Plugged in"), _("hours"), 1),
            Column(key="plug_in_share", label=_("Plug-in rate"), kind=Kind.PERCENT, digits=1),
            Column(
                key="participation",
                label=_("Participation"),
                kind=Kind.PERCENT,
                value=lambda one: one.measures.participation,
                sort="measures__participation",
            ),
            _number("energy_kwh", _("Charged"), "kWh", 1),
            _number("flexible_kwh", _("Offered as flexible"), "kWh", 1),
            _number("discharged_kwh", _("Fed back"), "kWh", 1),
            Column(
                key="wear_low_eur",
                label=_("Wear, low"),
                kind=Kind.NUMBER,
                unit="EUR",
                digits=2,
                value=lambda one: one.wear_cents[0] / 100,
            ),
            Column(
                key="wear_high_eur",
                label=_("Wear, high"),
                kind=Kind.NUMBER,
                unit="EUR",
                digits=2,
                value=lambda one: one.wear_cents[1] / 100,
            ),
            Column(
                key="reward_eur",
                label=_("Reward"),
                kind=Kind.NUMBER,
                unit="EUR",
                digits=2,
                value=lambda one: one.measures.reward_cents / 100,
                sort="measures__reward_cents",
            ),
        ),
        sort="-reward_eur",
        caption=_("Drivers and vehicles"),
        empty=Empty(
            title=_("Nobody was plugged in"),
            text=_("What drivers earn, by which rule, stands in the terms."),
            url=reverse("drive-terms", args=(tenant.slug,)),
            label=_("Terms"),
        ),
    )


def _number(key: str, label: str, unit: str, digits: int) -> Column:
    return Column(
        key=key,
        label=label,
        kind=Kind.NUMBER,
        unit=unit,
        digits=digits,
        value=lambda one: getattr(one.measures, key),
        sort=f"measures__{key}",
    )


def _figures(found: MonthOfRewards) -> list[Figure]:
    total, wear = found.total, usual_wear()
    low, high = (words.money(cents) for cents in found.wear_cents)
    return [
        Figure(
            label=_("Plug-in rate"),
            value=shown_percent(found.plug_in_share, digits=1),
            why=Why(
                rule=_(
                    "Hours plugged in, over the number of drivers times the hours of the month so "
                    "far, as simulations count it. Visitors without a card are left out: nobody "
                    "tells them apart."
                )
            ),
        ),
        Figure(
            label=_("Participation"),
            value=shown_percent(total.participation),
            why=Why(
                rule=_(
                    "Share of the sessions that ended whose driver left the power to the plan for "
                    "some of the time: cheapest hours, no boost, no priority."
                )
            ),
        ),
        Figure(
            label=_("Offered as flexible"),
            value=shown_number(total.flexible_kwh, digits=1),
            unit="kWh",
            why=Why(rule=_("Energy that was charged while its driver left the power to the plan.")),
        ),
        Figure(label=_("Fed back"), value=shown_number(total.discharged_kwh, digits=1), unit="kWh"),
        Figure(
            label=_("Wear of batteries"),
            value=f"{low} \N{EN DASH} {high}",
            why=Why(
                rule=_("Estimated for what was fed back, by the kind of battery."),
                sources=[Source(label=source) for source in wear.sources],
            ),
        ),
        Figure(
            label=_("Rewards"),
            value=words.money(total.reward_cents),
            why=Why(
                rule=_(
                    "By the rule of the tariff under which each session began; part of its bill, "
                    "once. Corrections of bills are counted."
                )
            ),
        ),
    ]
