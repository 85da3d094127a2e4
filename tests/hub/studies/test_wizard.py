"""A new study without JavaScript: five steps to a started and finished run."""

import re
from collections.abc import Callable

import pytest
from cast import Cast
from django.core import mail
from django.test import Client

from viavolta.cli.check import read_folder
from viavolta.hub.frame.models import Event
from viavolta.hub.people.models import Organisation
from viavolta.hub.studies.models import Draft, Scenario, Study, Upload
from viavolta.hub.studies.running import command_of
from viavolta.services.check_study import check_study
from viavolta.storage.tables.models import Run, RunState

WorkOff = Callable[[], None]


def hidden(page: str) -> dict[str, str]:
    """The fields of the step's form as a browser would send them back."""
    form = re.search(r'<form[^>]*id="step".*?</form>', page, re.DOTALL)
    assert form is not None
    sent: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        is_choice = re.search(r'type="(radio|checkbox)"', tag) and "checked" not in tag
        if name and not is_choice:
            sent[name[1]] = value[1] if value else ""
    for name, options in re.findall(
        r'<select[^>]*name="([^"]*)"(.*?)</select>', form[0], re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)"[^>]*selected', options)
        first = re.search(r'value="([^"]*)"', options)
        sent[name] = (chosen or first)[1] if chosen or first else ""  # type: ignore[index] # one of them
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def go(client: Client, address: str, **changed: str) -> str:
    """Open a step, change some answers, press the button; returns where that leads."""
    page = client.get(address)
    assert page.status_code == 200, address
    answer = client.post(address, {**hidden(page.content.decode()), **changed})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return str(answer.headers["Location"])


def begin(client: Client) -> str:
    answer = client.post("/studies/new/")
    assert answer.status_code == 302
    return str(answer.headers["Location"])


@pytest.mark.django_db(transaction=True)
def test_next_next_next_is_enough(cast: Cast, work_off: WorkOff) -> None:
    """Every step's default leads on; the run ends with a study that passes its checks."""
    client = cast.client("editor")
    address = begin(client)
    for step in ("place", "fleet", "sites", "grid", "prices"):
        assert address.endswith(f"/{step}/")
        address = go(client, address)
    assert address.endswith("/summary/")
    run_page = go(client, address, effort="low")
    scenario = Scenario.objects.get()
    assert run_page == f"/studies/runs/{scenario.pk}/"
    assert "viavolta plan bus monaco-generated.zip" in client.get(run_page).content.decode()
    assert scenario.study.place_name == "Monaco"
    work_off()
    scenario.refresh_from_db()
    run = Run.objects.get(pk=scenario.run_id)
    assert run.state == RunState.DONE, run.error
    assert scenario.summary["vehicles"] >= 1
    assert scenario.finished_at is not None
    assert check_study(run.result, read_folder).is_ok
    assert [message.to for message in mail.outbox] == [[cast.users["editor"].email]]
    assert f"/studies/runs/{scenario.pk}/" in mail.outbox[0].body
    done = client.get(run_page).content.decode()
    assert f"/studies/{scenario.study.slug}/results/{scenario.pk}/" in done
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert {"draft.begun", "study.started", "study.run-asked", "study.computed"} <= verbs


@pytest.mark.django_db
def test_answers_reach_the_command(cast: Cast) -> None:
    """Every answer ends in the configuration or the options of the plan."""
    client = cast.client("editor")
    address = begin(client)
    address = go(client, address, title="Hill town", date="2026-03-04")
    address = go(client, address, types="bus_18m_588", battery_kwh="640", min_layover_min="4")
    address = go(
        client,
        address,
        **{
            "depots-0-name": "Port",
            "depots-0-lat": "43.7283",
            "depots-0-lon": "7.4140",
            "depots-0-connection_kw": "1500",
            "depots-0-max_points": "30",
        },
    )
    address = go(client, address, mode="twin", settlement="rural")
    address = go(client, address, country="it", driver="38.5", network_kw="120")
    page = client.get(address).content.decode()
    assert "--grid twin-rural" in page
    go(client, address, effort="high")
    scenario = Scenario.objects.get()
    assert scenario.study.title == "Hill town"
    assert scenario.options == {"effort": "high", "seed": 1}
    config = scenario.config
    assert config["service"]["date"] == "2026-03-04"
    assert config["fleet"]["vehicle_types"] == ["bus_18m_588"]
    assert config["buses"]["bus_18m_588"]["capacity_kwh"] == 640
    assert config["operation"]["min_layover_s"] == 240
    assert config["depots"] == [
        {"name": "Port", "lat": 43.7283, "lon": 7.414, "connection_kw": 1500, "max_points": 30}
    ]
    assert config["grid"]["region"] == "rural"
    assert config["tariff"]["country"] == "IT"
    assert config["costs"]["driver_eur_per_h"] == 38.5
    assert config["tariffs"]["short_use"]["capacity_eur_per_kw"] == 120
    assert config["tariffs"]["long_use"]["capacity_eur_per_kw"] == 120
    assert {upload.kind for upload in scenario.uploads.all()} == {"feed", "grid"}


@pytest.mark.django_db(transaction=True)
def test_a_typical_grid_is_computed_to_the_end(cast: Cast, work_off: WorkOff) -> None:
    """A twin stands in as the grid of the depots, and the command that is shown says so."""
    client = cast.client("editor")
    address = begin(client)
    for _step in ("place", "fleet", "sites"):
        address = go(client, address)
    address = go(client, go(client, address, mode="twin", settlement="urban"))
    go(client, address, effort="low")
    work_off()
    scenario = Scenario.objects.get()
    run = Run.objects.get(pk=scenario.run_id)
    assert run.state == RunState.DONE, run.error
    assert scenario.summary["grid"]["grade"] == "D"


@pytest.mark.django_db
def test_work_in_progress_is_kept(cast: Cast) -> None:
    """A draft is found again with its answers, by a colleague too; the way back works."""
    client = cast.client("editor")
    address = go(client, begin(client), title="Half done")
    draft = Draft.objects.get()
    assert "Half done" in cast.client("owner").get("/studies/").content.decode()
    assert "Half done" in client.get("/").content.decode()
    back = client.get(address.replace("fleet", "place")).content.decode()
    assert 'value="Half done"' in back
    assert client.get(f"/studies/new/{draft.pk}/summary/").status_code == 200


@pytest.mark.django_db
def test_a_stale_step_is_refused_and_both_answers_shown(cast: Cast) -> None:
    """Two who edit one draft: the second is told, sees both, and loses nothing."""
    editor, owner = cast.client("editor"), cast.client("owner")
    address = begin(editor)
    seen_by_both = hidden(editor.get(address).content.decode())
    assert owner.post(address, {**seen_by_both, "title": "Of the owner"}).status_code == 302
    refused = editor.post(address, {**seen_by_both, "title": "Of the editor"})
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "Of the owner" in page
    assert 'value="Of the editor"' in page
    assert Draft.objects.get().answers["place"]["title"] == "Of the owner"
    again = editor.post(address, hidden(page))
    assert again.status_code == 302
    assert Draft.objects.get().answers["place"]["title"] == "Of the editor"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("step", "sent", "told"),
    [
        ("place", {"date": "1999-01-01"}, "No bus runs that day"),
        ("fleet", {"battery_kwh": "400", "types": ["bus_9m_220", "bus_18m_400"]}, "exactly one"),
        ("fleet", {"min_layover_min": "-1"}, "0"),
        ("sites", {"depots-0-name": "Port", "depots-0-lat": "95"}, "90"),
        ("sites", {"depots-1-name": "Port"}, "Needed for a depot"),
        ("grid", {"mode": "file", "file": ""}, "Upload or choose a file"),
        ("prices", {"driver": "many"}, "number"),
    ],
)
def test_a_wrong_answer_is_told_in_plain_words(
    cast: Cast, step: str, sent: dict[str, str | list[str]], told: str
) -> None:
    """A mistake keeps what was written and says beside the field what is expected."""
    client = cast.client("editor")
    address = begin(client)
    go(client, address)
    if step == "place":  # the sample is an ordinary file from the second time on
        Upload.objects.update(is_sample=False)
        sent = {**sent, "feed": str(Upload.objects.get(kind="feed").pk)}
    address = address.replace("place", step)
    fields = hidden(client.get(address).content.decode())
    answer = client.post(address, {**fields, **sent})
    assert answer.status_code == 422
    assert told in answer.content.decode()


@pytest.mark.django_db
def test_a_draft_is_started_once(cast: Cast) -> None:
    """Pressing start twice gives one study and one run."""
    client = cast.client("editor")
    address = begin(client)
    go(client, address)
    summary = address.replace("place", "summary")
    first = client.post(summary, {"effort": "low"})
    second = client.post(summary, {"effort": "low"})
    assert first.headers["Location"] == second.headers["Location"]
    assert Study.objects.count() == 1
    assert Run.objects.filter(kind="plan-bus").count() == 1


@pytest.mark.django_db
def test_a_summary_without_a_timetable_leads_back(cast: Cast) -> None:
    """There is no dead end: without a timetable the summary leads to the first step."""
    client = cast.client("editor")
    address = begin(client)
    answer = client.get(address.replace("place", "summary"))
    assert answer.headers["Location"] == address


@pytest.mark.django_db
def test_a_town_leads_to_its_timetable(cast: Cast) -> None:
    """Who has no file finds her town and where its timetable is published, and the sample."""
    client = cast.client("editor")
    address = begin(client)
    found = client.get(address, {"q": "novo mesto"}).content.decode()
    link = re.search(r'href="(\?lat=[^"]*)"', found)
    assert link is not None
    town = client.get(address + link[1].replace("&amp;", "&").partition("#")[0]).content.decode()
    assert "nap.si" in town
    assert "mobilitydatabase.org" in town


@pytest.mark.django_db
def test_drafts_belong_to_their_editors(cast: Cast) -> None:
    """A draft does not exist for readers, strangers and moderators; visitors must sign in."""
    address = begin(cast.client("editor"))
    for persona, status in {
        "anonymous": 302,
        "stranger": 404,
        "reader": 404,
        "moderator": 404,
        "editor": 200,
        "owner": 200,
    }.items():
        assert cast.client(persona).get(address).status_code == status, persona
    pk = Draft.objects.get().pk
    assert cast.client("stranger").post(f"/studies/new/{pk}/remove/").status_code == 404
    assert cast.client("owner").post(f"/studies/new/{pk}/remove/").status_code == 302
    assert not Draft.objects.exists()


@pytest.mark.django_db
def test_a_new_study_needs_an_organisation(cast: Cast) -> None:
    """Whoever edits nowhere is told what comes first; another's organisation does not exist."""
    stranger = cast.client("stranger")
    assert "organisation" in stranger.get("/studies/new/").content.decode()
    assert stranger.post("/studies/sample/").status_code == 200
    assert not Study.objects.exists()
    other = Organisation.objects.create(name="Other", slug="other", kind="city", country="AT")
    answer = cast.client("editor").post("/studies/new/", {"organisation": str(other.pk)})
    assert answer.status_code == 404


@pytest.mark.django_db
def test_the_sample_city_is_one_click_away(cast: Cast) -> None:
    """One click makes a study of the sample city in one's own organisation and asks for its run."""
    answer = cast.client("owner").post("/studies/sample/")
    scenario = Scenario.objects.get()
    assert answer.headers["Location"] == f"/studies/runs/{scenario.pk}/"
    assert scenario.study.is_sample
    assert scenario.study.organisation == cast.organisation
    assert {u.kind for u in scenario.uploads.all()} == {"feed", "elevation"}
    assert all(u.may_redistribute and u.licence for u in scenario.uploads.all())
    run = Run.objects.get(pk=scenario.run_id)
    assert run.state == RunState.QUEUED
    assert "n43e007.hgt.zip" in command_of(scenario).words
