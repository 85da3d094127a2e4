"""A sample lab with two sessions and three practices, marked as samples."""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from viavolta.hub.collaborate.models import Gathering
from viavolta.hub.collaborate.zones import instant
from viavolta.hub.labs.models import (
    Lab,
    LabSession,
    LabText,
    Participant,
    ParticipantState,
    Practice,
    PracticeState,
)
from viavolta.hub.market.models import Entry
from viavolta.hub.people.models import Organisation

_ZONE = "Europe/Vienna"
_TEXTS = {
    "de": "Ein Musterlabor: Gemeinden, Betriebe und das Netz planen gemeinsam. Erfundene Daten.",
    "sl": "Vzorčni laboratorij: občine, podjetja in omrežje načrtujejo skupaj. Izmišljeni podatki.",
}
_PRACTICES = (
    (
        "seewies",
        "de",
        "public-transport",
        "Laden nach Fahrplan (Muster)",
        "Sechs Busse, ein Anschluss von 120 kW.",
        "Jeder Bus lädt, wann sein Umlauf es erlaubt.",
        "Kein Ausbau des Anschlusses.",
        "Zuerst die Umläufe prüfen, dann die Ladepunkte zählen.",
    ),
    (
        "gradina",
        "sl",
        "infrastructure",
        "Polnilnica ob trgu (vzorec)",
        "Omrežje na trgu je šibko.",
        "Polnilnica deli moč med štiri mesta.",
        "Brez novega kabla.",
        "Operaterja omrežja vprašajte pred razpisom.",
    ),
    (
        "kleinbus",
        "de",
        "multimodal",
        "Rufbus mit Strom (Muster)",
        "Abends fährt fast niemand.",
        "Ein kleiner Bus auf Bestellung.",
        "Ein Fahrzeug weniger im Abendverkehr.",
        "",
    ),
)


@transaction.atomic
def seed() -> int:
    """Make the sample lab if it is not there yet; how many rows were made."""
    bodies = {
        one.slug.removeprefix("sample-"): one
        for one in Organisation.objects.filter(is_sample=True, slug__startswith="sample-")
    }
    if not bodies or Lab.objects.filter(is_sample=True).exists():
        return 0
    lab = Lab.objects.create(
        name="Reallabor Muster-Kärnten",
        slug="sample-lab",
        organisation=bodies["seewies"],
        nuts="AT21",
        region_name="Kärnten",
        languages=["de", "sl"],
        is_sample=True,
    )
    for language, text in _TEXTS.items():
        LabText.objects.create(lab=lab, language=language, about=text)
    for key in ("gradina", "kleinbus", "netz"):
        Participant.objects.create(
            lab=lab,
            organisation=bodies[key],
            state=ParticipantState.MEMBER,
            joined_at=timezone.now(),
        )
    sessions = _sessions(lab)
    return 1 + len(sessions) + _practices(lab, sessions[0], bodies)


def _sessions(lab: Lab) -> list[LabSession]:
    """One that was held, one to come."""
    made = []
    for title, days, others, outcomes in (
        ("Auftakt (Muster)", -30, 14, "Drei Gemeinden legen ihre Umläufe offen."),
        ("Netztag (Muster)", 20, 0, ""),
    ):
        day = timezone.now().date() + timedelta(days=days)
        starts_at = instant(datetime.combine(day, time(14)), _ZONE)
        gathering = Gathering.objects.create(
            organisation=lab.organisation,
            title=title,
            slug=f"sample-lab-{day:%Y-%m-%d}",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=3),
            zone=_ZONE,
            place="Seewies",
            others_attended=others,
            is_sample=True,
        )
        made.append(
            LabSession.objects.create(
                lab=lab,
                gathering=gathering,
                agenda="1. Runde\n2. Karte\n3. Nächste Schritte",
                outcomes=outcomes,
            )
        )
    return made


def _practices(lab: Lab, session: LabSession, bodies: dict[str, Organisation]) -> int:
    now = timezone.now()
    for n, (key, language, segment, title, *texts) in enumerate(_PRACTICES):
        challenge, approach, result, lessons = texts
        practice = Practice.objects.create(
            lab=lab,
            organisation=bodies[key],
            session=session,
            title=title,
            slug=f"sample-practice-{key}",
            language=language,
            segment=segment,
            challenge=challenge,
            approach=approach,
            result=result,
            lessons=lessons,
            state=PracticeState.PUBLISHED,
            submitted_at=now,
            published_at=now - timedelta(days=n),
            is_sample=True,
        )
        solutions = Entry.objects.filter(kind="solution", organisation=bodies[key], is_sample=True)
        practice.solutions.set(solutions[:1])
    return len(_PRACTICES)
