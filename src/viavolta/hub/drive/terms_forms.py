"""On what terms drivers charge: payment, what is kept how long, prices and rewards."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.forms import guided
from viavolta.services.billing.payment import PaymentMode
from viavolta.services.billing.tariff import (
    DAY_MIN,
    AdHocFault,
    Component,
    Per,
    Reward,
    Tariff,
    ad_hoc_faults,
)
from viavolta.services.billing.terminals import Terminals
from viavolta.storage.tables.billing import ChargingTerms

PAYMENTS = (
    (PaymentMode.FREE.value, _("free: a receipt shows what it would have cost")),
    (PaymentMode.INVOICED.value, _("invoiced elsewhere, from the bills")),
    (PaymentMode.TEST.value, _("test: no money moves")),
)
TERMINALS = (
    (Terminals.NONE.value, _("not taken")),
    (Terminals.STATION.value, _("settled by the terminal, which tells of it")),
    (Terminals.HERE.value, _("settled by the operator, as all other payments")),
)
TERMS = (
    "zone",
    "payment",
    "terminals",
    "takes_visitors",
    "honours_preferences",
    "publishes_statistics",
    "keep_visits_days",
    "keep_preferences_days",
    "keep_cards_days",
    "keep_bills_years",
)
_FAULTS = {
    AdHocFault.NO_PRICE_PER_KWH: _("From 50 kW on a price per kWh is needed (AFIR, Article 5)."),
    AdHocFault.NOT_PER_KWH_ALONE: _(
        "From 50 kW on only a price per kWh and one against blocking are allowed (AFIR, Article 5)."
    ),
}


class TermsForm(forms.Form):
    """What an owner says of her terms."""

    zone = forms.ChoiceField(label=_("Time zone"))
    payment = forms.ChoiceField(label=_("Payment"))
    terminals = forms.ChoiceField(
        label=_("Payments at terminals of stations"),
        choices=TERMINALS,
        required=False,
        help_text=_("Of OCPP 2.1: whoever pays by card at the station may charge."),
    )
    takes_visitors = forms.BooleanField(
        label=_("Visitors without an account may charge"), required=False
    )
    honours_preferences = forms.BooleanField(
        label=_("Wishes that drivers keep for cards of other operators count here"),
        required=False,
    )
    publishes_statistics = forms.BooleanField(
        label=_("Publish anonymous statistics"),
        help_text=_("By month and site, where enough different cards charged; for everybody."),
        required=False,
    )
    keep_visits_days = forms.IntegerField(
        label=_("Sessions can be traced to a phone for"), min_value=1, max_value=3650
    )
    keep_preferences_days = forms.IntegerField(
        label=_("Wishes kept for a card, after they were used last"), min_value=1, max_value=3650
    )
    keep_cards_days = forms.IntegerField(
        label=_("Sessions can be traced to a card for"), min_value=31, max_value=3650
    )
    keep_bills_years = forms.IntegerField(label=_("Bills"), min_value=1, max_value=30)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(name for name in available_timezones() if "/" in name)
        self.fields["zone"].choices = [(name, name) for name in ("UTC", *zones)]  # type: ignore[attr-defined] # a choice field
        offered = [p for p in PAYMENTS if settings.TEST_PAYMENTS or p[0] != PaymentMode.TEST.value]
        self.fields["payment"].choices = offered  # type: ignore[attr-defined] # a choice field
        days = ("keep_visits_days", "keep_preferences_days", "keep_cards_days")
        guided(self, units=dict.fromkeys(days, _("days")) | {"keep_bills_years": _("years")})


def terms_initial(terms: ChargingTerms, zone: str) -> dict[str, Any]:
    """What stands in the form: the terms, and the organisation's zone where none are stored."""
    found = {name: getattr(terms, name) for name in TERMS}
    return found if terms.pk else found | {"zone": zone}


def _eur(label: Any, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        help_text=help_text,
        required=False,
        min_value=0,
        max_value=1000,
        max_digits=9,
        decimal_places=5,
    )


def _clock(label: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )


class TariffForm(forms.Form):
    """Prices for drivers, value added tax included, and what they are rewarded for."""

    site = forms.ChoiceField(
        label=_("Site"), required=False, help_text=_("A site's own prices count before all others.")
    )
    kwh = _eur(_("Per kWh"))
    other_kwh = _eur(_("Per kWh in some hours"), _("Such as a price of the night."))
    other_from = _clock(_("From"))
    other_until = _clock(_("Until"))
    minute = _eur(_("Per minute"))
    session = _eur(_("Per session"))
    idle_minute = _eur(_("Per minute after the vehicle was full"))
    idle_after_min = forms.IntegerField(
        label=_("Free minutes after it was full"), required=False, min_value=0, max_value=1440
    )
    boost = _eur(_("For a boost"), _("Full power before others, once per session."))
    vat_percent = forms.DecimalField(
        label=_("Value added tax in all prices"), min_value=0, max_value=50, initial=0
    )
    reward_kwh = _eur(_("Reward per kWh given back"))
    reward_hour = _eur(_("Reward per hour plugged in"))
    reward_flexible = _eur(
        _("Reward per flexible hour"),
        _("Plugged in while the driver leaves the power to the plan: cheapest hours, no boost."),
    )
    reward_most = _eur(_("Reward at most, per session"))

    def __init__(self, *args: Any, sites: Iterable[str], zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = zone
        self.fields["site"].choices = [("", _("all sites")), *((s, s) for s in sites)]  # type: ignore[attr-defined] # a choice field
        eur = [n for n, f in self.fields.items() if isinstance(f, forms.DecimalField)]
        units: dict[str, str | Promise] = {"vat_percent": "%", "idle_after_min": _("minutes")}
        guided(self, units={**dict.fromkeys(eur, "EUR"), **units})

    def clean(self) -> dict[str, Any]:
        """Some hours have a begin and an end."""
        said = super().clean() or {}
        hours = (said.get("other_from"), said.get("other_until"))
        if said.get("other_kwh") is not None and (None in hours or hours[0] == hours[1]):
            self.add_error("other_until", _("Say from when until when."))
        return said

    def tariff(self) -> Tariff:
        """What a valid form says; prices of some hours count before the one for all."""
        said = self.cleaned_data
        components = []
        if said["other_kwh"] is not None:
            components.append(
                Component(
                    per=Per.KWH,
                    eur=said["other_kwh"],
                    from_min=_minute(said["other_from"]),
                    until_min=_minute(said["other_until"]) or DAY_MIN,
                )
            )
        always = {
            Per.KWH: said["kwh"],
            Per.MINUTE: said["minute"],
            Per.SESSION: said["session"],
            Per.IDLE_MINUTE: said["idle_minute"],
            Per.BOOST: said["boost"],
        }
        components += [Component(per=per, eur=eur) for per, eur in always.items() if eur]
        nothing = Decimal(0)
        return Tariff(
            zone=self._zone,
            components=tuple(components),
            vat_share=said["vat_percent"] / 100,
            idle_after_min=said["idle_after_min"] or 0,
            reward=Reward(
                eur_per_discharged_kwh=said["reward_kwh"] or nothing,
                eur_per_plugged_hour=said["reward_hour"] or nothing,
                eur_per_flexible_hour=said["reward_flexible"] or nothing,
                most_eur=said["reward_most"],
            ),
        )

    def hold_against(self, max_kw: float) -> bool:
        """Whether the law allows the tariff at points of this power; says what does not fit."""
        faults = ad_hoc_faults(self.tariff(), max_kw=max_kw)
        for fault in faults:
            self.add_error(None, _FAULTS[fault])
        return not faults


def _minute(value: dt.time) -> int:
    return value.hour * 60 + value.minute
