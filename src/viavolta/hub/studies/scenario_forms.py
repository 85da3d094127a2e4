"""The form of a scenario: every change with its switch; depots as rows."""

import math
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.forms import guided
from viavolta.hub.studies.changes import Change, ChangeKind, known_types
from viavolta.hub.studies.models import Scenario, Upload, UploadKind, UploadState
from viavolta.hub.studies.results.folder import Result

ROWS_TO_ADD = 2
MAX_DEPOTS = 20
WITHOUT = "none"
_CLIMATE = ".winter_design_c"


class ChangesForm(forms.Form):
    """What differs from the baseline; an empty field changes nothing."""

    vehicle_types = forms.MultipleChoiceField(
        label=_("Bus types"), required=False, widget=forms.CheckboxSelectMultiple
    )
    battery = forms.FloatField(
        label=_("Battery"), required=False, min_value=50, max_value=1500, localize=False
    )
    price = forms.FloatField(
        label=_("Wholesale price of electricity"), required=False, min_value=10, max_value=500
    )
    winter = forms.FloatField(label=_("Coldest day"), required=False, min_value=-40, max_value=20)
    layover = forms.FloatField(label=_("Least layover"), required=False, min_value=0, max_value=60)
    speed = forms.FloatField(
        label=_("Speed of empty ways"), required=False, min_value=5, max_value=60
    )
    grid = forms.ChoiceField(label=_("Grid"), required=False)

    def __init__(
        self, *args: Any, baseline: Scenario, result: Result | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.baseline, self.place = baseline, climate_place(result)
        self.fields["vehicle_types"].choices = [(n, n) for n in known_types()]  # type: ignore[attr-defined] # a choice field
        grids = Upload.objects.filter(
            organisation=baseline.study.organisation,
            kind=UploadKind.GRID,
            state=UploadState.USABLE,
        )
        self.grids = {str(upload.pk): upload for upload in grids}
        self.fields["grid"].choices = [  # type: ignore[attr-defined] # a choice field
            ("", _("as in the baseline")),
            (WITHOUT, _("none")),
            *((pk, upload.name) for pk, upload in self.grids.items()),
        ]
        units = {
            "battery": "kWh",
            "price": "%",
            "winter": "°C",
            "layover": "min",
            "speed": "km/h",
        }
        if self.place is None:
            del self.fields["winter"], units["winter"]
        guided(self, units=units)

    def switches(self) -> list[tuple[forms.BoundField, str, bool]]:
        """Each field with the name and state of its switch."""
        return [(self[name], f"on-{name}", self.is_on(name)) for name in self.fields]

    def is_on(self, name: str) -> bool:
        """Whether a change counts: its switch, which is on until it is said otherwise."""
        if self.is_bound:
            return f"on-{name}" in self.data or "switched" not in self.data
        off: set[str] = self.initial.get("off", set())
        return name not in off

    def depot_rows(self) -> list[dict[str, Any]]:
        """Rows of depots as they were typed, or those of the initial value, and some to add."""
        if self.is_bound:
            rows = [self._typed(n) for n in range(MAX_DEPOTS)]
            rows = [row for row in rows if any(row.values())]
        else:
            rows = [dict(d) for d in self.initial.get("depots", ())]
        shown = [*rows, *({} for _row in range(ROWS_TO_ADD))][:MAX_DEPOTS]
        return [{"n": n, **row} for n, row in enumerate(shown)]

    def _typed(self, n: int) -> dict[str, str]:
        keys = ("name", "lat", "lon", "connection_kw")
        return {key: str(self.data.get(f"depot-{n}-{key}", "")).strip() for key in keys}

    def clean(self) -> dict[str, Any]:
        """Read the rows of depots beside the fields."""
        cleaned: dict[str, Any] = super().clean() or {}
        depots, names = [], set()
        for n in range(MAX_DEPOTS):
            row = self._typed(n)
            if not row["name"]:
                continue
            depot = _depot(row)
            if depot is None:
                raise forms.ValidationError(
                    _("%(name)s: latitude and longitude are numbers in degrees."),
                    params={"name": row["name"]},
                )
            if depot["name"] in names:
                raise forms.ValidationError(
                    _("Two depots have the name %(name)s."), params={"name": depot["name"]}
                )
            names.add(depot["name"])
            depots.append(depot)
        cleaned["depots"] = depots
        return cleaned

    def changes(self, depots_before: list[dict[str, Any]]) -> list[Change]:
        """The changes the form says; `depots_before` are the baseline's, which are no change."""
        data = self.cleaned_data
        values: dict[ChangeKind, Any] = {
            ChangeKind.VEHICLE_TYPES: data.get("vehicle_types") or None,
            ChangeKind.BATTERY: data.get("battery"),
            ChangeKind.PRICE: _scaled(data.get("price"), 0.01),
            ChangeKind.LAYOVER: _whole(_scaled(data.get("layover"), 60.0)),
            ChangeKind.SPEED: data.get("speed"),
        }
        if data.get("winter") is not None:
            values[ChangeKind.WINTER] = {"place": self.place, "c": data["winter"]}
        if data["depots"] and not _same_depots(data["depots"], depots_before):
            values[ChangeKind.DEPOTS] = data["depots"]
        changes = [
            {"kind": kind.value, "on": self.is_on(_field(kind)), "value": value}
            for kind, value in values.items()
            if value is not None
        ]
        if data.get("grid"):
            grid = self.grids.get(data["grid"])
            value = None if grid is None else {"upload": grid.pk, "name": grid.name}
            on = self.is_on("grid")
            changes.append({"kind": ChangeKind.GRID.value, "on": on, "value": value})
        return changes


def initial_of(changes: list[Change], depots: list[dict[str, Any]]) -> dict[str, Any]:
    """What the form shows for these changes; `depots` are the baseline's."""
    initial: dict[str, Any] = {"depots": depots, "off": set()}
    for change in changes:
        kind, value = ChangeKind(change["kind"]), change["value"]
        name = _field(kind)
        match kind:
            case ChangeKind.PRICE:
                value = round(value * 100, 6)
            case ChangeKind.WINTER:
                value = value["c"]
            case ChangeKind.LAYOVER:
                value = value / 60
            case ChangeKind.GRID:
                value = str(value["upload"]) if value else WITHOUT
            case _:
                pass
        initial[name] = value
        if not change["on"]:
            initial["off"].add(name)
    return initial


def climate_place(result: Result | None) -> str | None:
    """The reference place whose climate the baseline used; None with a weather file."""
    if result is None:
        return None
    used = [a.key for a in result.study.assumptions if a.key.endswith(_CLIMATE)]
    return used[0].removesuffix(_CLIMATE).removeprefix("climates.") if used else None


def depots_of(baseline: Scenario, result: Result | None) -> list[dict[str, Any]]:
    """The depots of a baseline: as configured, else as its result has them."""
    configured = baseline.config.get("depots")
    if configured:
        return [dict(depot) for depot in configured]
    if result is None:
        return []
    places = result.table("places").filter("is_depot")
    return places.select("name", "lat", "lon").to_dicts()


def _field(kind: ChangeKind) -> str:
    return kind.value.replace("-", "_")


def _depot(row: dict[str, str]) -> dict[str, Any] | None:
    try:
        lat, lon = float(row["lat"]), float(row["lon"])
        kw = float(row["connection_kw"]) if row["connection_kw"] else None
    except ValueError:
        return None
    if not (abs(lat) <= 90 and abs(lon) <= 180) or not (kw is None or math.isfinite(kw)):  # noqa: PLR2004 - degrees
        return None
    depot: dict[str, Any] = {"name": row["name"][:80], "lat": lat, "lon": lon}
    if kw is not None and kw >= 1:
        depot["connection_kw"] = kw
    return depot


def _same_depots(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    def key(depots: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return sorted(
            (d["name"], round(d["lat"], 5), round(d["lon"], 5), d.get("connection_kw") or 0)
            for d in depots
        )

    return key(one) == key(other)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
