"""Files: kept as they came, checked by a worker, refused in plain words, shown to members only."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cast import PERSONAS, Cast
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from viavolta.hub.people.models import Organisation
from viavolta.hub.studies import upload_store as store
from viavolta.hub.studies.models import Scenario, Study, Upload, UploadState
from viavolta.hub.studies.uploads import RULES, RefusedError, check_again, keep_upload
from viavolta.storage.runs import queue
from viavolta.storage.tables.models import Run, RunState

WorkOff = Callable[[], None]
HTML = b"<!doctype html><html><body>Please sign in</body></html>"
TOML = b"[costs]\ndriver_eur_per_h = 41\n"
FEED = {
    "agency.txt": "agency_name,agency_timezone\nTown buses,Europe/Vienna\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nA,Station,47.07,15.43\n"
    "B,Hospital,47.09,15.46\nC,Nowhere,,\n",
    "routes.txt": "route_id,route_short_name,route_type\nR,1,3\n",
    "trips.txt": "trip_id,route_id,service_id\nT0,R,S\nT1,R,S\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nS,1,1,1,1,1,0,0,20250203,20250228\n",
    "stop_times.txt": "trip_id,stop_id,stop_sequence,arrival_time,departure_time\n"
    "T0,A,1,06:00:00,06:00:00\nT0,B,2,06:20:00,06:20:00\nT0,C,3,06:30:00,06:30:00\n"
    "T1,A,1,07:00:00,07:00:00\nT1,B,2,07:20:00,07:20:00\n",
}


def packed(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def send(client: Client, name: str, content: bytes, kind: str, **more: str) -> int:
    file = SimpleUploadedFile(name, content)
    answer = client.post("/studies/uploads/new/", {"kind": kind, "file": file, **more})
    return answer.status_code


def fetched(client: Client, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.getvalue()


def kept_files() -> list[Path]:
    root = Path(settings.CONFIG.data) / "uploads"
    return [p for p in root.rglob("*") if p.is_file()]


@pytest.mark.django_db(transaction=True)
def test_a_feed_is_kept_checked_and_described(cast: Cast, work_off: WorkOff) -> None:
    """What came in lies outside the web root, by its hash; repairs and rows to mend are shown."""
    client = cast.client("editor")
    content = packed(dict(FEED))
    assert send(client, "../../My Feed (1).ZIP", content, "feed") == 302
    upload = Upload.objects.get()
    assert upload.state == UploadState.CHECKING
    assert upload.name == "my-feed-1.zip"
    assert upload.path == f"uploads/{upload.sha256[:2]}/{upload.sha256}/my-feed-1.zip"
    assert store.absolute(upload.path).read_bytes() == content
    page = f"/studies/uploads/{upload.pk}/"
    assert "being checked" in client.get(page).content.decode()
    work_off()
    upload.refresh_from_db()
    assert upload.state == UploadState.USABLE
    assert upload.findings["facts"]["trips"] == 2
    shown = client.get(page).content.decode()
    assert "Town buses" in shown
    assert b"stop_times.txt,4,stop_id,C," in fetched(client, f"{page}rows.csv")
    assert b"LineString" in fetched(client, f"{page}map.json")
    assert fetched(client, f"{page}file/") == content


@pytest.mark.django_db(transaction=True)
def test_a_broken_feed_is_told_where_and_what(cast: Cast, work_off: WorkOff) -> None:
    """File, row, field, value, expected and hint reach the page; the file stays for a mend."""
    broken = {**FEED, "stop_times.txt": "trip_id;stop_id;arrival_time\nT0;A;06:00:00\n"}
    client = cast.client("editor")
    send(client, "feed.zip", packed(dict(broken)), "feed")
    work_off()
    upload = Upload.objects.get()
    assert upload.state == UploadState.REFUSED
    assert upload.findings["error"]["code"] == "missing-column"
    page = client.get(f"/studies/uploads/{upload.pk}/").content.decode()
    for word in ("stop_times.txt", "What to do", "semicolons"):
        assert word in page


def bomb() -> bytes:
    return packed({**FEED, "stop_times.txt": b"0" * 40_000_000})


@pytest.mark.django_db(transaction=True)
def test_a_zip_bomb_is_refused_by_the_check(cast: Cast, work_off: WorkOff) -> None:
    """A member that unpacks to an absurd size is never unpacked."""
    send(cast.client("editor"), "feed.zip", bomb(), "feed")
    send(cast.client("editor"), "grid.zip", packed({"../../nodes.csv": "x"}), "grid")
    work_off()
    codes = {u.kind: u.findings["error"]["code"] for u in Upload.objects.all()}
    assert codes == {"feed": "zip-bomb", "grid": "zip-unsafe-member"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "kind", "told"),
    [
        ("feed.zip", HTML, "feed", "web page"),
        ("feed.zip", b"\xef\xbb\xbf  " + HTML, "feed", "web page"),
        ("feed.zip", b"MZ\x90\x00 not a zip", "feed", "promises"),
        ("feed.exe", packed({"a": "b"}), "feed", ".zip"),
        ("feed.zip.html", HTML, "feed", ".zip"),
        ("plan.toml", b"a\0b", "config", "promises"),
        ("plan.toml", b"", "config", "empty"),
        ("plan.toml", b"#" * 1_000_001, "config", "1 MB"),
        ("tile.tif", b"GIF89a", "elevation", "promises"),
        ("year.epw.gz", b"LOCATION,", "weather", "promises"),
        ("grid.json", HTML, "grid", "web page"),
    ],
)
def test_what_is_not_what_it_says_is_not_kept(
    cast: Cast, name: str, content: bytes, kind: str, told: str
) -> None:
    """Wrong endings, wrong content, web pages, empty and too large files leave no trace."""
    before = kept_files()
    file = SimpleUploadedFile(name, content)
    answer = cast.client("editor").post("/studies/uploads/new/", {"kind": kind, "file": file})
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Upload.objects.exists()
    assert kept_files() == before


@pytest.mark.django_db
def test_a_flood_is_refused_before_it_is_stored(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request larger than anything accepted is turned away by its stated length."""
    monkeypatch.setattr(settings, "MAX_REQUEST_BYTES", 100)
    assert send(cast.client("editor"), "a.toml", TOML, "config") in {400, 413}
    assert not Upload.objects.exists()


@pytest.mark.django_db
def test_no_form_means_no_file(cast: Cast) -> None:
    """A form without a file, or with an unknown kind, is refused with a word."""
    client = cast.client("editor")
    assert client.post("/studies/uploads/new/", {"kind": "feed"}).status_code == 422
    assert send(client, "x.toml", TOML, "program") == 422


@pytest.mark.django_db
def test_the_same_file_is_kept_once(cast: Cast) -> None:
    """A second upload of the same bytes is the first one; another organisation has its own row."""
    client = cast.client("editor")
    assert send(client, "one.toml", TOML, "config") == 302
    assert send(client, "two.toml", TOML, "config") == 302
    assert Upload.objects.count() == 1
    other = Organisation.objects.create(name="Other", slug="other", kind="city", country="AT")
    other.members.add(cast.users["stranger"], through_defaults={"role": "editor"})
    assert send(cast.client("stranger"), "three.toml", TOML, "config") == 302
    assert Upload.objects.count() == 2


@pytest.mark.django_db
def test_who_lets_others_have_a_file_names_the_licence(cast: Cast) -> None:
    """Without a licence a file is not given to others; with one it may be."""
    client = cast.client("editor")
    assert send(client, "a.toml", TOML, "config", may_redistribute="on") == 422
    assert send(client, "a.toml", TOML, "config", may_redistribute="on", licence="CC0 1.0") == 302
    upload = Upload.objects.get()
    assert upload.may_redistribute
    assert client.post(f"/studies/uploads/{upload.pk}/terms/", {"licence": ""}).status_code == 302
    upload.refresh_from_db()
    assert not upload.may_redistribute


@pytest.mark.django_db
def test_a_lost_check_can_be_asked_for_again(cast: Cast) -> None:
    """A worker that died three times loses no file: the row and the bytes stay."""
    upload = keep_upload(
        cast.users["editor"], cast.organisation, "config", name="a.toml", chunks=[TOML]
    )
    Run.objects.filter(pk=upload.run_id).update(
        state=RunState.RUNNING, worker="gone", tries=3, lease_until="2020-01-01T00:00:00Z"
    )
    queue.recover()
    upload.refresh_from_db()
    assert upload.state == UploadState.REFUSED
    assert upload.findings["error"]["code"] == "run-lost"
    assert store.absolute(upload.path).read_bytes() == TOML
    again = check_again(cast.users["editor"], upload)
    assert again.state == UploadState.CHECKING
    assert Run.objects.filter(state=RunState.QUEUED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_file_in_use_stays(cast: Cast) -> None:
    """A file that a study uses cannot be removed; one that none uses leaves no bytes behind."""
    upload = keep_upload(
        cast.users["editor"], cast.organisation, "config", name="a.toml", chunks=[TOML]
    )
    study = Study.objects.create(organisation=cast.organisation, title="S", slug="s")
    scenario = Scenario.objects.create(study=study, name="B", is_baseline=True)
    scenario.uploads.add(upload)
    client, page = cast.client("editor"), f"/studies/uploads/{upload.pk}/remove/"
    client.post(page)
    assert Upload.objects.exists()
    scenario.uploads.clear()
    client.post(page)
    assert not Upload.objects.exists()
    assert not store.absolute(upload.path).exists()


@pytest.mark.django_db
def test_files_are_seen_by_members_only(cast: Cast) -> None:
    """Strangers and moderators get 404 for every address of a file; readers may look, not write."""
    upload = keep_upload(
        cast.users["editor"], cast.organisation, "config", name="a.toml", chunks=[TOML]
    )
    page = f"/studies/uploads/{upload.pk}/"
    seen = {p: cast.client(p).get(page).status_code for p in PERSONAS}
    assert seen == {
        "anonymous": 302,
        "stranger": 404,
        "reader": 200,
        "editor": 200,
        "owner": 200,
        "moderator": 404,
    }
    for part in ("found/", "rows.csv", "map.json", "file/"):
        assert cast.client("stranger").get(page + part).status_code == 404
    for part in ("check/", "terms/", "remove/"):
        assert cast.client("stranger").post(page + part).status_code == 404
        assert cast.client("reader").post(page + part).status_code == 403
        assert cast.client("editor").get(page + part).status_code == 405
    assert Upload.objects.exists()
    with pytest.raises(RefusedError):
        keep_upload(cast.users["owner"], cast.organisation, "config", name="a.txt", chunks=[TOML])


def test_a_place_never_leaves_the_uploads() -> None:
    """A path from the database that points elsewhere is refused."""
    with pytest.raises(ValueError, match="outside"):
        store.absolute("uploads/../secrets/hub-key")


def test_every_kind_has_a_rule() -> None:
    """Each kind of file has endings and a size."""
    assert all(rule.endings and rule.most_bytes for rule in RULES.values())
