"""Sharing pages, and the bundle from which anyone makes a study again."""

import hashlib
import io
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from cast import Cast
from django.conf import settings
from django.urls import reverse

from viavolta.hub.people.models import Organisation
from viavolta.hub.studies.bundle import bundle, terms_of
from viavolta.hub.studies.models import Scenario, Study, Upload, Visibility
from viavolta.hub.studies.results.folder import require_result
from viavolta.hub.studies.running import command_of, config_text
from viavolta.services.bus.operators_files import FEED_FILE
from viavolta.services.demo import monaco
from viavolta.services.import_lines import ImportRequest, import_lines

MakeScenario = Callable[..., Scenario]


def run(words: list[str], folder: Path) -> None:
    """Run the command line in a folder."""
    subprocess.run(
        [sys.executable, "-m", "viavolta", *words], cwd=folder, check=True, capture_output=True
    )


def keep(organisation: Organisation, source: Path, *, kind: str) -> Upload:
    """Keep a file as an upload that may be handed on."""
    content = source.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    place = f"uploads/{digest[:2]}/{digest}/{source.name}"
    target = settings.CONFIG.data / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return Upload.objects.create(
        organisation=organisation,
        kind=kind,
        name=source.name,
        sha256=digest,
        size_bytes=len(content),
        path=place,
        licence="ODbL 1.0",
        credit="© OpenStreetMap contributors",
        may_redistribute=True,
        state="usable",
    )


CONFIG = {"depots": [{"name": "West", "lat": 43.7283, "lon": 7.414}]}
OPTIONS = {"effort": "low", "seed": 3}
WORDS = "plan bus line.zip --config plan.toml --seed 3 --effort low"


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small line and its study, planned by the command line."""
    folder = tmp_path_factory.mktemp("planned")
    city = monaco()
    request = ImportRequest(
        source=city.osm,
        output=folder / "line.zip",
        headways=("1=06:00-08:00=30",),
        days=city.days,
        timezone=city.timezone,
    )
    import_lines(request, progress=lambda *_: None)
    (folder / "plan.toml").write_text(config_text(CONFIG), encoding="utf-8")
    run([*WORDS.split(), "--out", "study"], folder)
    return folder


@pytest.fixture
def computed(cast: Cast, planned: Path) -> Scenario:
    """A scenario of one small line with its result, public."""
    study = Study.objects.create(
        organisation=cast.organisation, title="One line", slug="one-line", visibility="public"
    )
    place = "studies/one-line"
    shutil.copytree(planned / "study", settings.CONFIG.data / place, dirs_exist_ok=True)
    scenario = Scenario.objects.create(
        study=study,
        name="Baseline",
        is_baseline=True,
        config=CONFIG,
        options=OPTIONS,
        result_folder=place,
    )
    scenario.uploads.add(keep(cast.organisation, planned / "line.zip", kind="feed"))
    assert command_of(scenario).words == tuple(WORDS.split())
    return scenario


def test_the_bundle_makes_the_same_tables(cast: Cast, computed: Scenario, tmp_path: Path) -> None:
    """A visitor without account unpacks the bundle, runs its command, and finds the same hashes."""
    address = reverse("studies:results-bundle", args=("one-line", computed.pk))
    content = cast.client("anonymous").get(address).content
    folder = tmp_path / "unpacked"
    zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    line = next(one for one in readme.splitlines() if one.strip().startswith("viavolta plan"))
    run(shlex.split(line)[1:], folder / "inputs")
    told = [row.split("  ") for row in (folder / "tables.sha256").read_text().splitlines()]
    assert len(told) >= 12
    for digest, name in told:
        again = (folder / "again" / name).read_bytes()
        assert hashlib.sha256(again).hexdigest() == digest, name
        assert (folder / "study" / name).read_bytes() == again
    assert "ODbL 1.0" in readme
    assert bundle(computed, require_result(computed)) == content


def test_the_feed_with_blocks_goes_where_the_feed_may(
    cast: Cast, computed: Scenario, tmp_path: Path
) -> None:
    """Members get it always, others with a licence alone; what they get is whole to the check."""
    address = reverse("studies:results-zip", args=("one-line", computed.pk))

    def names(persona: str) -> set[str]:
        content = cast.client(persona).get(address).content
        files = zipfile.ZipFile(io.BytesIO(content))
        files.extractall(tmp_path / persona)
        return set(files.namelist())

    assert FEED_FILE in names("reader") & names("anonymous")
    Upload.objects.update(may_redistribute=False)
    shutil.rmtree(tmp_path / "anonymous")
    assert names("reader") - names("anonymous") == {FEED_FILE}
    shared = zipfile.ZipFile(io.BytesIO(bundle(computed, require_result(computed))))
    assert not [name for name in shared.namelist() if name.endswith(FEED_FILE)]
    run(["check", "."], tmp_path / "anonymous")


def test_without_a_licence_only_hashes_are_shared(cast: Cast, computed: Scenario) -> None:
    """An input that may not be handed on is not in the bundle; the README and the page say so."""
    upload = Upload.objects.get(kind="feed")
    Upload.objects.update(may_redistribute=False)
    result = require_result(computed)
    assert not terms_of(computed, result).is_whole
    files = zipfile.ZipFile(io.BytesIO(bundle(computed, result)))
    assert not [n for n in files.namelist() if n.endswith("line.zip")]
    readme = files.read("README.txt").decode()
    assert "does not make the tables again" in readme
    assert upload.sha256 in readme
    page = reverse("studies:results-record", args=("one-line", computed.pk))
    words = cast.client("anonymous").get(page).content.decode()
    assert "of the others only the hashes" in words
    assert upload.sha256 in words


def test_a_study_without_files_of_ours_withholds_its_inputs(make_scenario: MakeScenario) -> None:
    """Inputs that are no uploads are known by their hash only."""
    scenario = make_scenario()
    terms = terms_of(scenario, require_result(scenario))
    assert terms.withheld == terms.inputs
    assert not terms.is_whole


def test_publishing_asks_what_becomes_visible(cast: Cast, make_scenario: MakeScenario) -> None:
    """Without the confirmation nothing is published; with it everybody sees the study."""
    scenario = make_scenario()
    address = reverse("studies:share", args=(scenario.study.slug,))
    client = cast.client("editor")
    assert "becomes visible" in client.get(address).content.decode()
    form = {"visibility": "public", "version": scenario.study.version}
    client.post(address, form)
    assert Study.objects.get().visibility == Visibility.ORGANISATION
    client.post(address, form | {"confirmed": "1"})
    assert Study.objects.get().visibility == Visibility.PUBLIC


def test_a_link_is_opened_and_revoked(cast: Cast, make_scenario: MakeScenario) -> None:
    """Who opens the link sees pages and files of this study until the link is revoked."""
    scenario = make_scenario()
    slug = scenario.study.slug
    editor, visitor = cast.client("editor"), cast.client("anonymous")
    share = reverse("studies:share", args=(slug,))
    editor.post(share, {"visibility": "link", "version": scenario.study.version})
    study = Study.objects.get()
    pages = [
        reverse(f"studies:{name}", args=(slug, scenario.pk))
        for name in ("results-overview", "results-zip", "results-bundle", "results-map-data")
    ]
    assert all(visitor.get(page).status_code == 404 for page in pages)
    assert visitor.get(reverse("studies:by-link", args=("wrong",))).status_code == 404
    link = reverse("studies:by-link", args=(study.link_token,))
    assert visitor.get(link).status_code == 302
    assert all(visitor.get(page).status_code == 200 for page in pages)
    assert study.link_token not in visitor.get(pages[0]).content.decode()
    editor.post(reverse("studies:new-link", args=(slug,)), {"version": study.version})
    assert all(visitor.get(page).status_code == 404 for page in pages)
    assert visitor.get(link).status_code == 404


@pytest.mark.parametrize("persona", ["anonymous", "stranger", "reader", "moderator"])
def test_only_editors_see_the_page_of_sharing(
    cast: Cast, make_scenario: MakeScenario, persona: str
) -> None:
    """The page of sharing and its link are for editors, of a public study too."""
    scenario = make_scenario()
    Study.objects.update(visibility=Visibility.PUBLIC)
    client = cast.client(persona)
    expected = 302 if persona == "anonymous" else 404
    for name in ("share", "new-link"):
        address = reverse(f"studies:{name}", args=(scenario.study.slug,))
        assert client.post(address, {"visibility": "private"}).status_code == expected
    assert Study.objects.get().visibility == Visibility.PUBLIC


def test_a_private_bundle_does_not_leak(cast: Cast, make_scenario: MakeScenario) -> None:
    """The bundle of a private study is 404 for all but its editors."""
    scenario = make_scenario()
    Study.objects.update(visibility=Visibility.PRIVATE)
    address = reverse("studies:results-bundle", args=(scenario.study.slug, scenario.pk))
    for persona in ("anonymous", "stranger", "reader", "moderator"):
        assert cast.client(persona).get(address).status_code == 404
    assert cast.client("editor").get(address).status_code == 200


def test_tables_of_the_bundle_are_the_tables_of_the_study(make_scenario: MakeScenario) -> None:
    """The hashes in the bundle are those of the files in it."""
    scenario = make_scenario()
    files = zipfile.ZipFile(io.BytesIO(bundle(scenario, require_result(scenario))))
    for row in files.read("tables.sha256").decode().splitlines():
        digest, name = row.split("  ")
        content = files.read(f"study/{name}")
        assert hashlib.sha256(content).hexdigest() == digest
        assert pl.read_parquet(io.BytesIO(content)).width
