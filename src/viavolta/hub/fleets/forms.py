"""Forms of a fleet."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from viavolta.hub.fleets.actions import DepartureFacts, VehicleFacts
from viavolta.hub.fleets.words import WEEKDAYS
from viavolta.hub.frame.forms import guided
from viavolta.services.fleets.keys import contract_of, mac_of
from viavolta.storage.tables.fleets import FleetVehicle

_PERCENT = 100


def _time(label: Any, **more: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        **more,
    )


def _percent(label: Any, help_text: Any = "") -> forms.FloatField:
    return forms.FloatField(
        label=label, help_text=help_text, required=False, min_value=0, max_value=_PERCENT
    )


def _minute(value: dt.time | None) -> int | None:
    return None if value is None else value.hour * 60 + value.minute


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / _PERCENT


def _shown(share: float | None) -> float | None:
    return None if share is None else round(share * _PERCENT, 1)


class VehicleForm(forms.Form):
    """What an editor says of a vehicle."""

    name = forms.CharField(label=_("Name"), max_length=60)
    token = forms.CharField(
        label=_("Card"),
        max_length=255,
        required=False,
        help_text=_("The number of the card or tag that the vehicle charges with."),
    )
    contract_id = forms.CharField(
        label=_("Contract"),
        max_length=36,
        required=False,
        help_text=_("The eMAID of Plug & Charge, such as DE-8AC-C12345678."),
    )
    mac = forms.CharField(
        label=_("MAC address"),
        max_length=20,
        required=False,
        help_text=_("Of the vehicle's charge controller, where stations tell it."),
    )
    capacity_kwh = forms.FloatField(
        label=_("Size of the battery"), required=False, min_value=1, max_value=2000
    )
    target = _percent(_("Charge to"), _("By each departure, unless a departure says otherwise."))
    least = _percent(_("Always keep at least"), _("Charged first, and never given back."))
    may_discharge = forms.BooleanField(label=_("May give energy back"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for weekday, label in WEEKDAYS.items():
            self.fields[f"usual_{weekday}"] = _time(
                label, help_text=_("Usual departure; empty: it does not leave.")
            )
        guided(self, units={"capacity_kwh": "kWh", "target": "%", "least": "%"})

    def clean_contract_id(self) -> str:
        """An eMAID without its separators."""
        return self._plain("contract_id", contract_of, _("This is no eMAID."))

    def clean_mac(self) -> str:
        """A MAC address without its separators."""
        return self._plain("mac", mac_of, _("A MAC address has twelve digits from 0 to F."))

    def _plain(self, name: str, plain_of: Any, wrong: Any) -> str:
        text: str = self.cleaned_data[name]
        plain: str | None = plain_of(text) if text else ""
        if plain is None:
            raise ValidationError(wrong)
        return plain

    def clean(self) -> dict[str, Any]:
        """Something by which stations know it; the least is not above the most."""
        said = super().clean() or {}
        keys = ("token", "contract_id", "mac")
        if not any(said.get(name) for name in keys) and not set(keys) & set(self.errors):
            self.add_error("token", _("Give a card, a contract or a MAC address."))
        least, most = said.get("least"), said.get("target")
        if least is not None and most is not None and least > most:
            self.add_error("least", _("More than it is charged to."))
        return said

    def facts(self) -> VehicleFacts:
        """What a valid form says."""
        said = self.cleaned_data
        minutes = {day: _minute(said[f"usual_{day}"]) for day in WEEKDAYS}
        return VehicleFacts(
            name=said["name"],
            token=said["token"],
            contract_id=said["contract_id"],
            mac=said["mac"],
            capacity_kwh=said["capacity_kwh"],
            target_soc=_share(said["target"]),
            min_soc=_share(said["least"]),
            may_discharge=said["may_discharge"],
            usual={day: minute for day, minute in minutes.items() if minute is not None},
        )


def initial_of(row: FleetVehicle) -> dict[str, Any]:
    """What stands in the form of a vehicle."""
    return {
        "name": row.name,
        "token": row.token,
        "contract_id": row.contract_id,
        "mac": row.mac,
        "capacity_kwh": row.capacity_kwh,
        "target": _shown(row.target_soc),
        "least": _shown(row.min_soc),
        "may_discharge": row.may_discharge,
        **{
            f"usual_{one.weekday}": dt.time(one.minute // 60, one.minute % 60)
            for one in row.usual.all()
        },
    }


class DepartureForm(forms.Form):
    """The departure of one day."""

    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    time = _time(_("Leaves at"))
    stays = forms.BooleanField(label=_("Does not leave on this day"), required=False)
    target = _percent(_("Charge to"), _("Empty: as the vehicle says."))
    energy_kwh = forms.FloatField(
        label=_("Or so much energy"), required=False, min_value=0.1, max_value=2000
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guided(self, units={"target": "%", "energy_kwh": "kWh"})

    def clean(self) -> dict[str, Any]:
        """A time or none; one need at most."""
        said = super().clean() or {}
        if bool(said.get("stays")) == (said.get("time") is not None):
            self.add_error("time", _("Give a time, or say that it does not leave."))
        if said.get("target") is not None and said.get("energy_kwh") is not None:
            self.add_error("energy_kwh", _("A share of the battery or an energy, not both."))
        return said

    def facts(self) -> DepartureFacts:
        """What a valid form says."""
        said = self.cleaned_data
        return DepartureFacts(
            day=said["day"],
            minute=_minute(said["time"]),
            target_soc=_share(said["target"]),
            energy_kwh=said["energy_kwh"],
        )


class UploadForm(forms.Form):
    """A file of departures."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV with vehicle, day (2026-12-24), time (06:30, or: stays) and, if you like, "
            "charge_to_percent or energy_kwh."
        ),
    )
