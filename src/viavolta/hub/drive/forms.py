"""What a driver says at the post."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from viavolta.hub.drive.actions import Wanted
from viavolta.hub.frame.forms import guided
from viavolta.storage.tables.billing import DriverPreference
from viavolta.storage.tables.live import Wish

_SHARES = ("target_soc", "min_soc", "soc_arrival")


def _percent(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, help_text=help_text, required=False, min_value=0, max_value=100
    )


def _kwh(label: Any, help_text: Any = "") -> forms.FloatField:
    return forms.FloatField(
        label=label, help_text=help_text, required=False, min_value=0.1, max_value=1000
    )


class WishForm(forms.Form):
    """Ready by when, with how much; all of it may be left empty."""

    mode = forms.ChoiceField(
        label=_("How"),
        choices=(
            (Wish.Mode.SMART, _("In the cheapest hours until I leave")),
            (Wish.Mode.NOW, _("Now, as fast as it goes")),
        ),
        initial=Wish.Mode.SMART,
    )
    ready = forms.TimeField(
        label=_("Ready by"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("The next time the clock shows it. Empty: as others leave here."),
    )
    target_soc = _percent(_("Charge to"), _("of the battery"))
    soc_arrival = _percent(_("Battery now"), _("What the car shows."))
    capacity_kwh = _kwh(_("Size of the battery"))
    energy_kwh = _kwh(_("Or so much energy"), _("If you do not know the battery."))
    min_soc = _percent(
        _("Always keep at least"), _("Charged first, whatever it costs, and never given back.")
    )
    may_discharge = forms.BooleanField(
        label=_("My car may give energy back"),
        required=False,
        help_text=_("Only above what you always keep, and only if you have your charge in time."),
    )
    most_eur = forms.DecimalField(
        label=_("Stop at a cost of"),
        required=False,
        min_value=Decimal("0.5"),
        max_value=1000,
        decimal_places=2,
        help_text=_(
            "With tax. What limits first counts; at older stations a little more may flow."
        ),
    )
    most_kwh = _kwh(_("Stop at so much energy"))
    most_min = forms.IntegerField(
        label=_("Stop after"), required=False, min_value=1, max_value=7 * 24 * 60
    )
    remember = forms.BooleanField(
        label=_("Remember this on this phone, for every station that allows it"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guided(
            self,
            units={
                **dict.fromkeys(_SHARES, "%"),
                "capacity_kwh": "kWh",
                "energy_kwh": "kWh",
                "most_eur": "EUR",
                "most_kwh": "kWh",
                "most_min": "min",
            },
        )

    @property
    def is_told(self) -> bool:
        """Whether the driver has told of her car before."""
        return any(self.initial.get(name) for name in ("capacity_kwh", "may_discharge"))

    @property
    def is_limited(self) -> bool:
        """Whether the driver wants it to end somewhere."""
        return any(self.initial.get(name) for name in ("most_eur", "most_kwh", "most_min"))

    def clean(self) -> dict[str, Any]:
        """The least is not above the most."""
        found = super().clean() or {}
        least, most = found.get("min_soc"), found.get("target_soc")
        if least is not None and most is not None and least > most:
            self.add_error("min_soc", _("More than you want to charge to."))
        return found

    def wanted(self) -> Wanted:
        """What a valid form says."""
        said = self.cleaned_data
        ready, most_eur = said["ready"], said["most_eur"]
        return Wanted(
            ready_min=None if ready is None else ready.hour * 60 + ready.minute,
            energy_kwh=said["energy_kwh"],
            capacity_kwh=said["capacity_kwh"],
            mode=said["mode"],
            may_discharge=said["may_discharge"],
            most_cents=None if most_eur is None else round(most_eur * 100),
            most_kwh=said["most_kwh"],
            most_min=said["most_min"],
            **{name: None if said[name] is None else said[name] / 100 for name in _SHARES},
        )


def initial_of(
    kept: DriverPreference | None, wish: Wish | None, local_ready: str
) -> dict[str, Any]:
    """What stands in the form: the wish that counts now, else what is remembered."""
    row = wish or kept
    if row is None:
        return {"target_soc": 80, "min_soc": 20}
    found: dict[str, Any] = {
        "mode": row.mode,
        "may_discharge": row.may_discharge,
        "capacity_kwh": row.capacity_kwh,
        "ready": local_ready or None,
        "remember": kept is not None,
    }
    for name in _SHARES:
        value = getattr(row, name, None)
        found[name] = None if value is None else round(value * 100)
    if wish is not None:
        found["energy_kwh"] = wish.energy_kwh
        found["most_eur"] = None if wish.most_cents is None else Decimal(wish.most_cents) / 100
        found["most_kwh"], found["most_min"] = wish.most_kwh, wish.most_min
    return found
