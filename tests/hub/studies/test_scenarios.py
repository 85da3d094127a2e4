"""Scenarios: what they change, their pages, their estimates, and how they compare."""

from collections.abc import Callable

import polars as pl
import pytest
from cast import PERSONAS, Cast
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from viavolta.hub.frame.versions import StaleEditError
from viavolta.hub.people.models import Organisation
from viavolta.hub.studies import scenarios
from viavolta.hub.studies.changes import changed_config, for_estimate
from viavolta.hub.studies.compare import differences, figure_frame
from viavolta.hub.studies.estimates import quick_estimate
from viavolta.hub.studies.models import Scenario, Study, Upload, Visibility
from viavolta.hub.studies.results.folder import require_result
from viavolta.model import study as model

MakeScenario = Callable[..., Scenario]
MakeStudy = Callable[..., model.Study]
CHANGES = [
    {"kind": "vehicle-types", "on": True, "value": ["bus_12m_350"]},
    {"kind": "battery", "on": True, "value": 300},
    {"kind": "layover", "on": False, "value": 600},
    {"kind": "price", "on": True, "value": 1.5},
    {"kind": "depots", "on": True, "value": [{"name": "West", "lat": 46.0, "lon": 11.1}]},
]


def place(scenario: Scenario, name: str = "scenario") -> str:
    """An address of a scenario."""
    return reverse(f"studies:{name}", args=(scenario.study.slug, scenario.pk))


def test_changes_are_put_on_top_of_the_baseline() -> None:
    """What is switched on replaces the baseline's own; what is off, and the baseline, stay."""
    config = {"tariffs": {"tax_eur_per_kwh": 0.01}, "planning": {"min_layover_s": 120}}
    made = changed_config(config, CHANGES)
    assert made == {
        "tariffs": {"tax_eur_per_kwh": 0.01, "wholesale_factor": 1.5},
        "planning": {"min_layover_s": 120},
        "fleet": {"vehicle_types": ["bus_12m_350"]},
        "buses": {"bus_12m_350": {"capacity_kwh": 300.0}},
        "depots": [{"name": "West", "lat": 46.0, "lon": 11.1}],
    }
    assert config == {"tariffs": {"tax_eur_per_kwh": 0.01}, "planning": {"min_layover_s": 120}}
    assert changed_config(config, [{**c, "on": False} for c in CHANGES]) == config


def test_the_estimate_is_asked_for_the_same_changes() -> None:
    """What a run would change is what the estimate changes."""
    asked = for_estimate({}, CHANGES)
    assert asked.vehicle_types == ("bus_12m_350",)
    assert asked.figures == {
        "buses.bus_12m_350.capacity_kwh": 300.0,
        "tariffs.wholesale_factor": 1.5,
    }
    assert asked.min_layover_s is None
    assert asked.depots[0].name == "West"


def test_a_scenario_is_added_copied_renamed_deleted_and_back(
    cast: Cast, make_scenario: MakeScenario
) -> None:
    """Each step does what it says, and deleting can be undone with nothing lost."""
    editor, study = cast.users["editor"], make_scenario().study
    first = scenarios.add_scenario(editor, study, changes=CHANGES)
    copied = scenarios.copy_scenario(editor, first)
    assert copied.changes == first.changes
    assert copied.name != first.name
    scenarios.rename_scenario(editor, copied, "Small", seen=copied.version)
    scenarios.delete_scenario(editor, first)
    assert [s.name for s in study.scenarios.all()] == ["Baseline", "Small"]
    scenarios.restore_scenario(editor, first)
    assert study.scenarios.get(pk=first.pk).changes == CHANGES


def test_the_baseline_stays(cast: Cast, make_scenario: MakeScenario) -> None:
    """The baseline can neither be deleted nor changed as if it were a scenario."""
    baseline = make_scenario()
    with pytest.raises(ValidationError):
        scenarios.delete_scenario(cast.users["owner"], baseline)
    with pytest.raises(ValidationError):
        scenarios.change_scenario(cast.users["owner"], baseline, CHANGES, seen=1)


def test_a_stale_change_overwrites_nothing(cast: Cast, make_scenario: MakeScenario) -> None:
    """Two who change a scenario at once: the second is told."""
    study = make_scenario().study
    scenario = scenarios.add_scenario(cast.users["editor"], study)
    seen = scenario.version
    scenarios.change_scenario(cast.users["editor"], scenario, CHANGES, seen=seen)
    with pytest.raises(StaleEditError):
        scenarios.change_scenario(cast.users["owner"], scenario, [], seen=seen)
    assert Scenario.objects.get(pk=scenario.pk).changes == CHANGES


def test_the_page_keeps_both_texts_of_a_conflict(cast: Cast, make_scenario: MakeScenario) -> None:
    """A stale form is refused with the other's changes and the own ones still in the form."""
    study = make_scenario().study
    scenario = scenarios.add_scenario(cast.users["editor"], study)
    old = scenario.version
    scenarios.change_scenario(cast.users["owner"], scenario, CHANGES[:2], seen=old)
    answer = cast.client("editor").post(
        place(scenario), {"version": old, "switched": "1", "on-speed": "1", "speed": "31"}
    )
    words = answer.content.decode()
    assert "Battery: 300 kWh" in words
    assert 'value="31"' in words
    assert Scenario.objects.get(pk=scenario.pk).changes == CHANGES[:2]


@pytest.mark.parametrize("persona", ["stranger", "reader", "moderator"])
def test_only_editors_touch_scenarios(
    cast: Cast, make_scenario: MakeScenario, persona: str
) -> None:
    """Actions refuse; pages and forms are 404 for those who may not change the study."""
    baseline = make_scenario()
    user = cast.users[persona]
    with pytest.raises(PermissionDenied):
        scenarios.add_scenario(user, baseline.study)
    client = cast.client(persona)
    posts = ("scenario-rename", "scenario-duplicate", "scenario-delete", "scenario-restore")
    for name in (*posts, "scenario-estimate"):
        assert client.post(place(baseline, name)).status_code == 404
    assert client.get(place(baseline)).status_code == 404
    add = reverse("studies:scenario-add", args=(baseline.study.slug,))
    assert client.post(add).status_code == 404


@pytest.mark.parametrize("persona", PERSONAS)
def test_lists_and_comparisons_of_a_private_study_do_not_leak(
    cast: Cast, make_scenario: MakeScenario, persona: str
) -> None:
    """The list of scenarios and the comparison are 404 for all but editors."""
    study = make_scenario().study
    Study.objects.update(visibility=Visibility.PRIVATE)
    expected = 200 if persona in {"editor", "owner"} else 404
    client = cast.client(persona)
    for name in ("scenarios", "compare"):
        assert client.get(reverse(f"studies:{name}", args=(study.slug,))).status_code == expected


def test_a_form_makes_changes(cast: Cast, make_scenario: MakeScenario) -> None:
    """What the form says is stored as changes on the baseline's configuration."""
    baseline = make_scenario()
    scenario = scenarios.add_scenario(cast.users["editor"], baseline.study)
    depots = require_result(baseline).table("places").filter("is_depot").to_dicts()
    form = {
        "version": scenario.version,
        "switched": "1",
        "on-battery": "1",
        "battery": "250",
        "price": "150",
        "on-depots": "1",
        "depot-0-name": depots[0]["name"],
        "depot-0-lat": depots[0]["lat"] + 0.01,
        "depot-0-lon": depots[0]["lon"],
    }
    answer = cast.client("editor").post(place(scenario), form)
    assert answer.status_code == 302
    kept = Scenario.objects.get(pk=scenario.pk)
    by_kind = {c["kind"]: c for c in kept.changes}
    assert set(by_kind) == {"battery", "price", "depots"}
    assert by_kind["price"] == {"kind": "price", "on": False, "value": 1.5}
    assert len(kept.config["depots"]) == 1
    assert "tariffs" not in kept.config
    shown = cast.client("editor").get(place(kept)).content.decode()
    assert 'value="250' in shown


def test_hostile_rows_of_depots_are_refused(cast: Cast, make_scenario: MakeScenario) -> None:
    """Coordinates that are none are named; nothing is saved."""
    scenario = scenarios.add_scenario(cast.users["editor"], make_scenario().study)
    for lat in ("north", "nan", "1e400", "91"):
        form = {"depot-0-name": "<b>West</b>", "depot-0-lat": lat, "depot-0-lon": "11"}
        answer = cast.client("editor").post(place(scenario), form | {"version": scenario.version})
        assert answer.status_code == 200
        assert "<b>West</b>" not in answer.content.decode()
    assert Scenario.objects.get(pk=scenario.pk).changes == []


def test_another_organisations_grid_cannot_be_taken(
    cast: Cast, make_scenario: MakeScenario
) -> None:
    """A change that names a grid of somebody else takes no file."""
    study = make_scenario().study
    other = Organisation.objects.create(name="Other", slug="other", kind="dso", country="AT")
    grid = Upload.objects.create(
        organisation=other, kind="grid", name="g.zip", sha256="0" * 64, size_bytes=1, path="x"
    )
    change = {"kind": "grid", "on": True, "value": {"upload": grid.pk, "name": "g.zip"}}
    scenario = scenarios.add_scenario(cast.users["editor"], study, changes=[change])
    assert not scenario.uploads.exists()


def test_no_change_estimates_the_study_itself(make_scenario: MakeScenario) -> None:
    """Without a change every estimated figure is the exact one."""
    made = quick_estimate(make_scenario(), [])
    assert made is not None
    assert not isinstance(made, str)
    assert made.after == pytest.approx(made.before)


def test_a_smaller_battery_costs_buses_or_ways(make_scenario: MakeScenario) -> None:
    """An estimate with a battery too small for the day needs more buses or leaves out trips."""
    change = {"kind": "battery", "on": True, "value": 60}
    made = quick_estimate(make_scenario(), [change])
    assert made is not None
    assert not isinstance(made, str)
    assert made.after["vehicles"] > made.before["vehicles"] or made.infeasible_trips


def test_the_estimate_is_labelled(cast: Cast, make_scenario: MakeScenario) -> None:
    """The part of the page says that it is an estimate, how it was made and its error."""
    scenario = scenarios.add_scenario(cast.users["editor"], make_scenario().study)
    answer = cast.client("editor").post(
        place(scenario, "scenario-estimate"), {"switched": "1", "on-battery": "1", "battery": "250"}
    )
    words = answer.content.decode()
    assert answer.status_code == 200
    assert "estimate" in words
    assert "±" in words
    assert "largest one found against exact plans" in words


def test_figures_are_compared_with_direction(
    make_scenario: MakeScenario, bus_study: MakeStudy
) -> None:
    """Each figure has its value in each scenario, the difference and the share of the first."""
    first = make_scenario()
    second = make_scenario(first.study, name="Larger", result=bus_study(n_vehicles=8))
    pairs = [(s, require_result(s)) for s in (first, second)]
    frame = figure_frame(pairs)
    row = frame.row(by_predicate=pl.col("figure") == "vehicles", named=True)
    assert (row["value_0"], row["value_1"], row["difference_1"]) == (6, 8, 2)
    assert row["share_1"] == pytest.approx(1 / 3)


def test_what_was_changed_is_named(make_scenario: MakeScenario, bus_study: MakeStudy) -> None:
    """An assumption with another value is listed with both values and what it acts on."""
    other = bus_study()
    changed = tuple(
        model.AssumptionUsed(
            key=a.key, value=99.0, unit=a.unit, source="set", year=None, status="user"
        )
        if n == 0
        else a
        for n, a in enumerate(other.assumptions)
    )
    first = make_scenario()
    result = model.Study(
        **{f: getattr(other, f) for f in model.Study.__slots__ if f != "assumptions"},
        assumptions=changed,
    )
    second = make_scenario(first.study, name="Changed", result=result)
    pairs = [(s, require_result(s)) for s in (first, second)]
    found = differences(pairs)
    assert [d.name for d in found] == [other.assumptions[0].key]
    assert found[0].values[1].startswith("99")


def test_the_comparison_is_a_page_and_a_file(
    cast: Cast, make_scenario: MakeScenario, bus_study: MakeStudy
) -> None:
    """The address chooses the scenarios; the table can be had as CSV."""
    first = make_scenario()
    second = make_scenario(first.study, name="<i>Larger</i>", result=bus_study(n_vehicles=8))
    address = reverse("studies:compare", args=(first.study.slug,))
    address += f"?s={second.pk}&s={first.pk}"
    page = cast.client("reader").get(address).content.decode()
    assert "<i>Larger" not in page
    assert "+2" not in page.split("<tbody>")[1].split("</tr>")[0]
    csv = cast.client("reader").get(f"{address}&figures-export=csv").content.decode("utf-8-sig")
    assert csv.startswith("figure,label,unit,value_0,value_1,difference_1,share_1")
    assert cast.client("stranger").get(address).status_code == 404
