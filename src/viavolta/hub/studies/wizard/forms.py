"""What the five steps ask, with defaults that work; guideline texts stand beside the fields."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from viavolta.catalogue import Assumptions, Figure
from viavolta.hub.frame.forms import Guide, Source, guided
from viavolta.hub.frame.numbers import NOTHING, shown_number
from viavolta.hub.guide.entries import field_guide
from viavolta.hub.studies.models import Upload
from viavolta.hub.studies.running import EFFORTS
from viavolta.hub.studies.wizard.answers import FIGURES, Answers, bus_types, carbon_countries
from viavolta.hub.studies.wizard.countries import country_name
from viavolta.hub.studies.wizard.steps import Step
from viavolta.hub.studies.wizard.twin import SETTLEMENTS
from viavolta.services.bus_config import MAX_DEPOTS, MAX_KW, MAX_POINTS

SAMPLE = "sample"
S_PER_MIN = 60
MAX_LAYOVER_MIN = 60
Words = str | Promise


def _choices(uploads: Sequence[Upload]) -> list[tuple[str, Words]]:
    return [(str(upload.pk), upload.name) for upload in uploads]


class PlaceForm(forms.Form):
    """Step 1: the timetable, the name of the study, the day to plan."""

    feed = forms.ChoiceField(label=_("Timetable"), widget=forms.RadioSelect)
    title = forms.CharField(label=_("Name of the study"), max_length=160, required=False)
    date = forms.DateField(
        label=_("Day to plan"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(
        self, answers: Answers, feeds: Sequence[Upload], data: Any = None, *, asked: str = ""
    ) -> None:
        super().__init__(data)
        feed, date, title = self.fields["feed"], self.fields["date"], self.fields["title"]
        choices = [*_choices(feeds), (SAMPLE, _("Sample city: Monaco, a generated timetable"))]
        feed.choices = choices  # type: ignore[attr-defined] # fields are typed by their base
        kept = answers.of(Step.PLACE)
        wanted = asked or str(kept.get("feed", ""))
        known = [value for value, _label in choices]
        feed.initial = wanted if wanted in known else known[0]
        date.initial, title.initial = kept.get("date"), answers.title
        title.help_text = _("Left empty, the study is named after its place.")
        date.help_text = _("Left empty, an ordinary busy weekday is chosen.")
        self._feeds = {str(upload.pk): upload for upload in feeds}
        guided(
            self,
            guides={"feed": _opened(field_guide("timetable")), "date": field_guide("service-day")},
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a day on which the timetable has no service."""
        cleaned = super().clean() or {}
        date, upload = cleaned.get("date"), self._feeds.get(cleaned.get("feed", ""))
        facts = upload.findings.get("facts", {}) if upload else {}
        if date and facts:
            running = {day for day, trips in facts["trips_per_day"] if trips}
            outside = not facts["first_date"] <= date.isoformat() <= facts["last_date"]
            is_listed = facts["trips_per_day"][-1][0] >= date.isoformat()
            if outside or (is_listed and date.isoformat() not in running):
                self.add_error(
                    "date",
                    _("No bus runs that day; the timetable covers %(first)s to %(last)s.")
                    % {"first": facts["first_date"], "last": facts["last_date"]},
                )
        return cleaned

    def answer(self) -> dict[str, Any]:
        """What is kept."""
        date: dt.date | None = self.cleaned_data["date"]
        return {
            "feed": self.cleaned_data["feed"],
            "title": self.cleaned_data["title"].strip(),
            "date": None if date is None else date.isoformat(),
        }


class FleetForm(forms.Form):
    """Step 2: which buses, how much time between trips, and what makes driving harder."""

    types = forms.MultipleChoiceField(
        label=_("Bus types"), widget=forms.CheckboxSelectMultiple, required=False
    )
    battery_kwh = forms.FloatField(
        label=_("Battery of the offer"), required=False, min_value=20, max_value=2000
    )
    min_layover_min = forms.FloatField(
        label=_("Least time between two trips"), min_value=0, max_value=MAX_LAYOVER_MIN
    )
    elevation = forms.MultipleChoiceField(
        label=_("Terrain"), widget=forms.CheckboxSelectMultiple, required=False
    )
    weather = forms.ChoiceField(label=_("Weather"), required=False)

    def __init__(
        self,
        answers: Answers,
        figures: Assumptions,
        *,
        tiles: Sequence[Upload],
        years: Sequence[Upload],
        data: Any = None,
    ) -> None:
        super().__init__(data)
        kept, types = answers.of(Step.FLEET), bus_types(figures)
        self._choose("types", [(t.name, _type_label(t.length_m, t.battery_kwh)) for t in types])
        self._choose("elevation", _choices(tiles))
        self._choose("weather", [("", _("climate of the region")), *_choices(years)])
        usual = [t.name for t in types if t.is_usual]
        layover_s = float(figures.number("planning.min_layover_s"))
        self.initial = {
            "types": kept.get("types") or usual,
            "battery_kwh": kept.get("battery_kwh"),
            "min_layover_min": _bare(kept.get("min_layover_s", layover_s) / S_PER_MIN),
            "elevation": [str(pk) for pk in kept.get("elevation", _covering(tiles, answers))],
            "weather": str(kept.get("weather") or ""),
        }
        self._usual = usual
        if not tiles:
            del self.fields["elevation"]
        self.fields["battery_kwh"].help_text = _("For one chosen type; else as in the list above.")
        guided(
            self,
            guides={
                name: _opened(field_guide(key)) if name == "types" else field_guide(key)
                for name, key in {
                    "types": "bus-type",
                    "battery_kwh": "battery",
                    "min_layover_min": "layover",
                    "elevation": "terrain",
                    "weather": "weather",
                }.items()
                if name in self.fields
            },
            units={"battery_kwh": "kWh", "min_layover_min": _("minutes")},
        )

    def _choose(self, name: str, choices: list[tuple[str, Words]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined] # fields are typed by their base

    def clean(self) -> dict[str, Any]:
        """A battery of one's own belongs to one type."""
        cleaned = super().clean() or {}
        if cleaned.get("battery_kwh") and len(cleaned.get("types", [])) != 1:
            self.add_error("battery_kwh", _("Choose exactly one type for a battery of your own."))
        return cleaned

    def answer(self) -> dict[str, Any]:
        """What is kept: no types where the usual ones are chosen."""
        cleaned = self.cleaned_data
        types = cleaned["types"]
        is_usual = set(types) == set(self._usual) or not types
        return {
            "types": [] if is_usual else types,
            "battery_kwh": cleaned["battery_kwh"],
            "min_layover_s": round(cleaned["min_layover_min"] * S_PER_MIN),
            "elevation": [int(pk) for pk in cleaned.get("elevation", [])],
            "weather": int(cleaned["weather"]) if cleaned["weather"] else None,
        }


def _type_label(length_m: int, battery_kwh: int) -> Words:
    return _("%(length)d m, %(battery)d kWh") % {"length": length_m, "battery": battery_kwh}


def _covering(tiles: Sequence[Upload], answers: Answers) -> list[int]:
    """The tiles that the network touches."""
    box = answers.facts.get("bounds")
    return [t.pk for t in tiles if box and _touch(box, t.findings["facts"]["bounds"])]


def _touch(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


class DepotForm(forms.Form):
    """Step 3: one depot; a limit left empty is for the planner to size."""

    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    lat = forms.FloatField(label=_("Latitude"), min_value=-90, max_value=90, required=False)
    lon = forms.FloatField(label=_("Longitude"), min_value=-180, max_value=180, required=False)
    connection_kw = forms.FloatField(
        label=_("Connection at most, kW"), min_value=1, max_value=MAX_KW, required=False
    )
    max_points = forms.IntegerField(
        label=_("Charging points at most"), min_value=1, max_value=MAX_POINTS, required=False
    )

    def clean(self) -> dict[str, Any]:
        """A depot has a name and a position, or is no depot."""
        cleaned = super().clean() or {}
        if any(value not in {None, ""} for value in cleaned.values()):
            for name in ("name", "lat", "lon"):
                if cleaned.get(name) in {None, ""} and name not in self.errors:
                    self.add_error(name, _("Needed for a depot."))
        return cleaned


if TYPE_CHECKING:
    _FormSet = forms.BaseFormSet[DepotForm]
else:
    _FormSet = forms.BaseFormSet  # which cannot be subscripted at run time


class DepotsBase(_FormSet):
    """All depots; names must differ."""

    def clean(self) -> None:
        """Refuse two depots of one name."""
        names = [row["name"] for row in self.rows()]
        if len(set(names)) < len(names):
            raise forms.ValidationError(_("Two depots have the same name."))

    def rows(self) -> list[dict[str, Any]]:
        """The depots as they are kept; those without a name are left out."""
        keys = ("name", "lat", "lon", "connection_kw", "max_points")
        return [
            {key: form.cleaned_data.get(key) for key in keys}
            for form in self.forms
            if getattr(form, "cleaned_data", {}).get("name")
        ]


def depot_forms(answers: Answers, data: Any = None) -> DepotsBase:
    """The table of depots: those known, and three empty rows."""
    make: Any = forms.formset_factory(
        DepotForm, formset=DepotsBase, extra=3, max_num=MAX_DEPOTS, validate_max=True
    )
    made: DepotsBase = make(data, initial=answers.depots, prefix="depots")
    return made


class GridForm(forms.Form):
    """Step 4: is the grid left out, typical, or known."""

    mode = forms.ChoiceField(
        label=_("Grid"),
        widget=forms.RadioSelect,
        choices=[
            ("none", _("leave it out: connections are priced by their power")),
            ("twin", _("a typical grid of such a place")),
            ("file", _("the grid of our operator, as a file")),
        ],
    )
    settlement = forms.ChoiceField(label=_("Kind of place"), required=False)
    file = forms.ChoiceField(label=_("File"), required=False)

    def __init__(self, answers: Answers, files: Sequence[Upload], data: Any = None) -> None:
        super().__init__(data)
        kept = answers.of(Step.GRID)
        words = {"urban": _("urban"), "suburban": _("suburban"), "rural": _("rural")}
        self.fields["settlement"].choices = [(s, words[s]) for s in SETTLEMENTS]  # type: ignore[attr-defined] # fields are typed by their base
        self.fields["file"].choices = [("", NOTHING), *_choices(files)]  # type: ignore[attr-defined] # fields are typed by their base
        self.initial = {
            "mode": kept.get("mode", "none"),
            "settlement": kept.get("settlement", "suburban"),
            "file": str(kept.get("file") or ""),
        }
        self.fields["settlement"].help_text = _("For a typical grid, and for what trenches cost.")
        guided(
            self,
            guides={
                "mode": _opened(field_guide("grid")),
                "settlement": field_guide("twin"),
                "file": field_guide("grid-file"),
            },
        )

    def clean(self) -> dict[str, Any]:
        """A grid from a file needs the file."""
        cleaned = super().clean() or {}
        if cleaned.get("mode") == "file" and not cleaned.get("file"):
            self.add_error("file", _("Upload or choose a file, or choose another answer above."))
        return cleaned

    def answer(self) -> dict[str, Any]:
        """What is kept."""
        cleaned = self.cleaned_data
        settlement = cleaned["settlement"] or "suburban"
        return {
            "mode": cleaned["mode"],
            "settlement": settlement,
            "region": "rural" if settlement == "rural" else "urban",
            "file": int(cleaned["file"]) if cleaned["file"] else None,
        }


_PRICES: dict[str, tuple[Words, Words, str]] = {
    "driver": (_("Driver, all costs of the employer"), _("EUR per hour"), "driver"),
    "diesel": (_("Diesel"), _("EUR per litre"), "diesel"),
    "wholesale": (_("Level of electricity prices"), _("times the exchange prices"), "energy-price"),
    "margin": (_("Margin of the supplier"), _("EUR per kWh"), "energy-price"),
    "network_kw": (_("Network charge for power"), _("EUR per kW and year"), "network-charge"),
    "network_kwh": (_("Network charge for energy"), _("EUR per kWh"), "network-charge"),
    "tax": (_("Electricity tax"), _("EUR per kWh"), "energy-price"),
    "battery": (_("Battery"), _("EUR per kWh"), "battery-price"),
    "interest": (_("Interest"), _("share per year"), "interest"),
}


class PricesForm(forms.Form):
    """Step 5: prices; each starts as the catalogue has it, with its source."""

    country = forms.ChoiceField(label=_("Country of the electricity"), required=False)
    driver = forms.FloatField(min_value=0, max_value=1000)
    diesel = forms.FloatField(min_value=0, max_value=100)
    wholesale = forms.FloatField(min_value=0, max_value=100)
    margin = forms.FloatField(min_value=0, max_value=10)
    network_kw = forms.FloatField(min_value=0, max_value=10_000)
    network_kwh = forms.FloatField(min_value=0, max_value=10)
    tax = forms.FloatField(min_value=0, max_value=10)
    battery = forms.FloatField(min_value=0, max_value=10_000)
    interest = forms.FloatField(min_value=0, max_value=1)
    config = forms.ChoiceField(label=_("Configuration of your own"), required=False)

    def __init__(
        self,
        answers: Answers,
        figures: Assumptions,
        configs: Sequence[Upload],
        data: Any = None,
    ) -> None:
        super().__init__(data)
        kept = answers.of(Step.PRICES)
        countries = [(code, country_name(code)) for code in carbon_countries(figures)]
        countries.sort(key=lambda pair: pair[1])
        self.fields["country"].choices = [("", _("European mean")), *countries]  # type: ignore[attr-defined] # fields are typed by their base
        self.fields["config"].choices = [("", NOTHING), *_choices(configs)]  # type: ignore[attr-defined] # fields are typed by their base
        if not configs:
            del self.fields["config"]
        self._defaults = {name: figures.figure(keys[-1]) for name, keys in FIGURES.items()}
        own = kept.get("figures", {})
        self.initial = {
            "country": answers.country,
            "config": str(kept.get("config") or ""),
            **{name: _bare(own.get(name, fig.value)) for name, fig in self._defaults.items()},
        }
        guides = {"country": _opened(field_guide("carbon"))}
        for name, (label, _unit, key) in _PRICES.items():
            self.fields[name].label = str(label)
            self.fields[name].help_text = str(_range(self._defaults[name]))
            guides[name] = _with_source(field_guide(key), self._defaults[name])
        if configs:
            guides["config"] = field_guide("config-file")
        guided(self, guides=guides, units={name: unit for name, (_l, unit, _k) in _PRICES.items()})

    def answer(self) -> dict[str, Any]:
        """What is kept: only the prices that differ from the catalogue's."""
        cleaned = self.cleaned_data
        return {
            "country": cleaned["country"],
            "figures": {
                name: cleaned[name]
                for name, figure in self._defaults.items()
                if cleaned[name] != figure.value
            },
            "config": int(cleaned["config"]) if cleaned.get("config") else None,
        }


def _range(figure: Figure) -> Words:
    """The catalogue's value and, where sources differ, their range."""
    value = _short(figure.value)
    if figure.minimum is None or figure.maximum is None:
        return _("catalogue: %(value)s") % {"value": value}
    return _("catalogue: %(value)s; sources say %(low)s to %(high)s") % {
        "value": value,
        "low": _short(figure.minimum),
        "high": _short(figure.maximum),
    }


def _opened(guide: Guide) -> Guide:
    """The first guideline text of a step stands open, so that people find the others."""
    return dataclasses.replace(guide, is_open=True)


def _bare(value: Any) -> Any:
    """A whole number without its nought behind the point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _short(value: float | str) -> str:
    """A number without idle noughts, as the reader's language writes it."""
    exact = Decimal(str(value)).normalize()
    digits = max(0, -int(exact.as_tuple().exponent))
    return shown_number(exact, digits=digits)


def _with_source(guide: Guide, figure: Figure) -> Guide:
    year = f", {figure.year}" if figure.year else ""
    label = f"{figure.source}{year} ({figure.status})"
    source = Source(label=label, url=figure.url)
    return dataclasses.replace(guide, sources=[*guide.sources, source])


class StartForm(forms.Form):
    """The summary: how much work the search does."""

    effort = forms.ChoiceField(
        label=_("Effort"),
        widget=forms.RadioSelect,
        choices=[("low", _("quick")), ("normal", _("normal")), ("high", _("thorough"))],
        initial="normal",
    )

    def effort_chosen(self) -> str:
        """The effort as the command takes it."""
        effort = str(self.cleaned_data["effort"])
        return effort if effort in EFFORTS else "normal"
