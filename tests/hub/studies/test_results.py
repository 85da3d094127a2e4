"""Pages of results: what they say, who gets them, how heavy they are."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyogrio
import pytest
from cast import PERSONAS, Cast
from django.urls import reverse

from viavolta.hub.studies.models import Scenario, Study, Visibility
from viavolta.hub.studies.results.page import SECTIONS
from viavolta.model import study as model
from viavolta.services.bus.reasons import reason_row

MakeScenario = Callable[..., Scenario]
MakeStudy = Callable[..., model.Study]
PAGES = [f"results-{name}" for name, _ in SECTIONS if name != "grid"]
DATA = ["results-map-data", "results-fleet-data", "results-gantt-data", "results-power-data"]
FILES = ["results-zip", "results-geopackage", "results-workbook"]
HEAVIEST_PAGE_BYTES = 400_000


def place(scenario: Scenario, name: str, *more: str) -> str:
    """The address of a page of a scenario."""
    return reverse(f"studies:{name}", args=(scenario.study.slug, scenario.pk, *more))


def every_route(scenario: Scenario) -> list[str]:
    """Every address that shows or hands out something of a scenario."""
    plain = [place(scenario, name) for name in [*PAGES, *DATA, *FILES, "results-costs-data"]]
    tables = place(scenario, "results-table", "trips")
    return [
        *plain,
        tables,
        f"{tables}?export=csv",
        f"{tables}?export=parquet",
        f"{place(scenario, 'results-buses')}?buses-export=csv",
        place(scenario, "results-sheet", "report.pdf"),
    ]


def test_every_page_opens_for_a_member(cast: Cast, make_scenario: MakeScenario) -> None:
    """Every page, picture and file of a result is there for a reader."""
    scenario = make_scenario()
    client = cast.client("reader")
    for address in every_route(scenario):
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_private_study_leaks_by_no_route(
    cast: Cast, make_scenario: MakeScenario, persona: str
) -> None:
    """Pages, pictures, tables and files of a private study are 404 for all but its editors."""
    scenario = make_scenario()
    Study.objects.update(visibility=Visibility.PRIVATE)
    client = cast.client(persona)
    expected = 200 if persona in {"editor", "owner"} else 404
    for address in every_route(scenario):
        assert client.get(address).status_code == expected, address


def test_a_public_study_needs_no_account(cast: Cast, make_scenario: MakeScenario) -> None:
    """Anybody reads a public study, its tables and its files."""
    scenario = make_scenario()
    Study.objects.update(visibility=Visibility.PUBLIC)
    client = cast.client("anonymous")
    for address in every_route(scenario):
        assert client.get(address).status_code == 200, address


def test_a_scenario_is_found_under_its_own_study_only(
    cast: Cast, make_scenario: MakeScenario
) -> None:
    """The number of a private scenario under the address of a public study is 404."""
    secret, shown = make_scenario(), make_scenario()
    Study.objects.filter(pk=shown.study.pk).update(visibility=Visibility.PUBLIC)
    address = reverse("studies:results-overview", args=(shown.study.slug, secret.pk))
    assert cast.client("anonymous").get(address).status_code == 404


def test_the_answer_comes_first(cast: Cast, make_scenario: MakeScenario) -> None:
    """The overview says whether the buses can go electric, with bound, gap and reasons."""
    page = cast.client("reader").get(place(make_scenario(), "results-overview")).content.decode()
    assert "<strong>6 battery buses</strong> do all" in page
    assert "no plan below" in page
    assert "gap" in page
    assert page.count('class="why"') >= 8


def test_the_report_of_the_folder_is_never_served(cast: Cast, make_scenario: MakeScenario) -> None:
    """report.html lies in the folder, but no address hands it out as a page."""
    scenario = make_scenario()
    client = cast.client("owner")
    for name in ("report.html", "study.json", "..%2Fstudy.json", "trips.parquet"):
        address = place(scenario, "results-sheet", "report.pdf").replace("report.pdf", name)
        assert client.get(address).status_code == 404, name


def test_tables_say_the_same_as_files(cast: Cast, make_scenario: MakeScenario) -> None:
    """A table filtered and sorted by the address is handed out filtered and sorted."""
    scenario = make_scenario()
    address = place(scenario, "results-table", "blocks") + "?q=pull_out&sort=-start_s"
    answer = cast.client("reader").get(f"{address}&export=parquet")
    frame = pl.read_parquet(io.BytesIO(answer.content))
    assert set(frame["kind"]) == {"pull_out"}
    assert frame["start_s"].is_sorted(descending=True)
    answer = cast.client("reader").get(f"{address}&export=csv")
    again = pl.read_csv(io.BytesIO(answer.content))
    assert again["start_s"].to_list() == frame["start_s"].to_list()
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_zip_is_the_study(cast: Cast, make_scenario: MakeScenario) -> None:
    """The zip holds study.json and every table; the same study gives the same bytes."""
    scenario = make_scenario()
    client = cast.client("reader")
    first, second = (client.get(place(scenario, "results-zip")).content for _ in range(2))
    assert first == second
    names = zipfile.ZipFile(io.BytesIO(first)).namelist()
    assert {"study.json", "trips.parquet", "blocks.parquet", "report.pdf"} <= set(names)


def test_a_gis_reads_places_depots_and_lines(
    cast: Cast, make_scenario: MakeScenario, tmp_path: Path
) -> None:
    """The GeoPackage has one layer each, with figures."""
    answer = cast.client("reader").get(place(make_scenario(), "results-geopackage"))
    path = tmp_path / "study.gpkg"
    path.write_bytes(answer.content)
    layers = dict(pyogrio.list_layers(path))
    assert layers == {"places": "Point", "depots": "Point", "lines": "LineString"}
    meta, _, _, fields = pyogrio.raw.read(path, layer="depots")
    assert "connection_kw" in meta["fields"]
    assert len(fields[0]) == 2


def test_hostile_names_stay_text(
    cast: Cast, make_scenario: MakeScenario, bus_study: MakeStudy
) -> None:
    """Markup in a name is shown as text; a formula in a name is text in a spreadsheet."""
    study = bus_study()
    places = study.tables["places"].with_columns(
        pl.when(pl.col("is_depot"))
        .then(pl.lit("=HYPERLINK(1)<script>alert(1)</script>"))
        .otherwise(pl.col("name"))
        .alias("name")
    )
    study.tables["places"] = places
    scenario = make_scenario(result=study)
    client = cast.client("reader")
    for name in ("results-map", "results-buses", "results-power", "results-overview"):
        assert "<script>alert" not in client.get(place(scenario, name)).content.decode()
    address = place(scenario, "results-table", "places")
    csv = client.get(f"{address}?export=csv").content.decode("utf-8-sig")
    assert "'=HYPERLINK" in csv
    assert ",=HYPERLINK" not in csv


def test_reasons_are_said_in_the_readers_words(
    cast: Cast, make_scenario: MakeScenario, bus_study: MakeStudy
) -> None:
    """A reason with codes is said anew, not repeated in the words of the run."""
    study = bus_study()
    row = reason_row("vehicles", ("fleet", {"n": 6, "m": 5}), ("battery-binds", {"k": 1}))
    columns = ("figure", "statement", "binds", "one_more", "codes")
    study.tables["why"] = pl.DataFrame(
        [("vehicles", "Worte des Laufs", "", "", row[4])], schema=columns, orient="row"
    )
    page = cast.client("reader").get(place(make_scenario(result=study), "results-overview"))
    words = page.content.decode()
    assert "Worte des Laufs" not in words
    assert "with batteries that never empty it would be 5" in words


def test_a_scenario_without_result_says_so(cast: Cast, make_scenario: MakeScenario) -> None:
    """Before the first run there is a page that says what is missing."""
    scenario = make_scenario()
    Scenario.objects.update(result_folder="")
    answer = cast.client("reader").get(place(scenario, "results-overview"))
    assert answer.status_code == 200
    assert "not been computed" in answer.content.decode()


def test_pages_of_a_city_are_light(
    cast: Cast, make_scenario: MakeScenario, bus_study: MakeStudy
) -> None:
    """With 1,800 trips and 150 buses each page weighs little."""
    scenario = make_scenario(result=bus_study(n_vehicles=150, n_routes=40, n_depots=3))
    client = cast.client("reader")
    client.get(place(scenario, "results-overview"))
    for name in [*PAGES, *DATA]:
        answer = client.get(place(scenario, name))
        limit = 1_000_000 if name in DATA else HEAVIEST_PAGE_BYTES
        assert len(answer.content) < limit, name


def test_how_sure_the_plan_is_has_a_page(
    cast: Cast, make_scenario: MakeScenario, bus_study: MakeStudy
) -> None:
    """The least sure bus comes first, with where it falls short; older studies say what to do."""
    made = bus_study()
    n = made.tables["vehicles"].height
    finished = [1000] * (n - 1) + [900]
    made.tables["robustness"] = pl.DataFrame(
        {
            "block_id": [f"B{v:03d}" for v in range(n)],
            "vehicle_id": [f"bus-{v:03d}" for v in range(n)],
            "draws": [1000] * n,
            "finished": finished,
            "chance": [k / 1000 for k in finished],
            "standard_error": [0.0095] * n,
            "finished_design_day": [400] * n,
            "chance_design_day": [0.4] * n,
            "lowest_p05_kwh": [40.0] * n,
            "reserve_kwh": [45.0] * n,
            "driver": ["cold"] * n,
            "driver_design_day": ["traffic"] * n,
            "first_short_seq": [None] * (n - 1) + [3],
        }
    )
    made.summary["robustness"] = {"draws": 1000, "failed_points": 1, "chance_all": 0.9}
    scenario = make_scenario(result=made)
    client = cast.client("reader")
    page = client.get(place(scenario, "results-robustness")).content.decode()
    assert f"The least sure is B{n - 1:03d}" in page
    assert "traffic and delays" in page
    assert "on the way to Terminal" in page
    assert "How sure" in page
    older = make_scenario()
    page = client.get(place(older, "results-robustness")).content.decode()
    assert "Compute it again" in page
    assert "How sure" not in page
