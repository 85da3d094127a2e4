"""Sample collaborations, a call with a consortium, events and news, marked as samples.

They are between the sample organisations of the market, which are seeded first.
"""

from datetime import UTC, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from viavolta.hub.collaborate.models import (
    Call,
    CallPart,
    Collaboration,
    Consortium,
    ConsortiumMember,
    Cover,
    DeclaredSkill,
    Gathering,
    NewsPost,
    Partner,
    Project,
)
from viavolta.hub.collaborate.models.collaborations import PartnerState
from viavolta.hub.collaborate.models.news import NewsState
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.collaborate.zones import Rhythm, instant, repeated
from viavolta.hub.frame.events import record
from viavolta.hub.people.models import Organisation

_SKILLS = {
    "ladewerk": ("chargers", "charging-operation"),
    "depotsoft": ("software", "smart-charging"),
    "institut": ("evaluation", "fleet-planning"),
    "netz": ("grid-planning",),
    "mobilityclub": ("participation", "communication"),
    "retrofit": ("vehicles", "training"),
}
_COLLABORATIONS = (
    (
        "Depot charging in small towns",
        "public-transport",
        "running",
        ("gradina", "seewies", "twelve"),
        "Three share load curves of their depots and a first tender. A sample.",
    ),
    (
        "Parcels by cargo bike on islands",
        "logistics",
        "forming",
        ("sottovento", "fietskoerier"),
        "One hub at the harbour, bikes from there. A sample.",
    ),
    (
        "Charging plazas with little grid",
        "infrastructure",
        "finished",
        ("moorfurt", "ladewerk", "netz"),
        "A plaza of ten points behind 100 kW. A sample.",
    ),
)
_PROJECTS = (
    (0, "Two depots, one tender", "Sample funder", 480_000),
    (2, "Plaza behind 100 kW", "Sample funder", 250_000),
)


@transaction.atomic
def seed() -> int:
    """Make the samples that are not there yet; how many rows were made."""
    bodies = {
        one.slug.removeprefix("sample-"): one
        for one in Organisation.objects.filter(is_sample=True, slug__startswith="sample-")
    }
    if not bodies or Collaboration.objects.filter(is_sample=True).exists():
        return 0
    _declare(bodies)
    n_collaborations = _collaborations(bodies)
    _call(bodies)
    return n_collaborations + 2 + _events(bodies) + _news(bodies)


def _declare(bodies: dict[str, Organisation]) -> None:
    for key, skills in _SKILLS.items():
        for skill in skills:
            DeclaredSkill.objects.get_or_create(organisation=bodies[key], skill=skill)


def _collaborations(bodies: dict[str, Organisation]) -> int:
    made = []
    for title, segment, state, members, about in _COLLABORATIONS:
        row = Collaboration.objects.create(
            title=title,
            slug=f"sample-{segment}",
            segment=segment,
            state=state,
            about=about,
            is_sample=True,
        )
        for n, key in enumerate(members):
            Partner.objects.create(
                collaboration=row,
                organisation=bodies[key],
                is_lead=n == 0,
                state=PartnerState.MEMBER,
            )
        record(Verb.COLLABORATION_STARTED, organisation=bodies[members[0]], subject=row)
        made.append(row)
    for n, title, funder, eur in _PROJECTS:
        project = Project.objects.create(
            collaboration=made[n], title=title, funder=funder, funding_eur=eur
        )
        project.partners.set(made[n].organisations.all())
        record(Verb.PROJECT_ADDED, subject=made[n], detail={"project": project.pk})
    return len(made) + len(_PROJECTS)


def _call(bodies: dict[str, Organisation]) -> None:
    """A call that needs five parts, and a consortium that lacks two of them."""
    day = timezone.now().date() + timedelta(days=90)
    call = Call.objects.create(
        title="Sample call: clean depots",
        slug="sample-clean-depots",
        segment="public-transport",
        about="Made up to show how a consortium finds who it lacks.",
        funder="Sample funder",
        deadline=instant(datetime.combine(day, time(17)), "Europe/Brussels"),
        is_sample=True,
    )
    parts = {
        key: CallPart.objects.create(call=call, kind=kind, key=key)
        for kind, key in (
            ("role", "city"),
            ("role", "dso"),
            ("skill", "chargers"),
            ("skill", "smart-charging"),
            ("skill", "evaluation"),
        )
    }
    consortium = Consortium.objects.create(
        call=call, name="Sample consortium", slug="sample-consortium", is_sample=True
    )
    covered = (("gradina", "city"), ("ladewerk", "chargers"), ("institut", "evaluation"))
    for n, (key, part) in enumerate(covered):
        member = ConsortiumMember.objects.create(
            consortium=consortium,
            organisation=bodies[key],
            is_lead=n == 0,
            state=PartnerState.MEMBER,
        )
        Cover.objects.create(member=member, part=parts[part])


def _events(bodies: dict[str, Organisation]) -> int:
    """A series of four on the same weekday, the first one a week from now."""
    first = datetime.combine(timezone.now().date() + timedelta(days=7), time(10))
    walls = repeated(first, Rhythm.MONTHLY, 4)
    for wall in walls:
        starts_at = instant(wall, "Europe/Ljubljana")
        Gathering.objects.create(
            organisation=bodies["gradina"],
            title="Sample round table: depots",
            slug=f"sample-round-table-{wall:%Y-%m-%d}",
            about="A monthly hour for those who electrify a depot. A sample.",
            segment="public-transport",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            zone="Europe/Ljubljana",
            place="Gradina",
            is_sample=True,
        )
    return len(walls)


def _news(bodies: dict[str, Organisation]) -> int:
    rows = (
        (
            "seewies",
            "de",
            "Muster: Zwei Elektrobusse im Dorf",
            "Zwei Busse fahren seit Mai. Muster.",
        ),
        (
            "sottovento",
            "it",
            "Esempio: biciclette da carico al porto",
            "Il deposito è pronto. Esempio.",
        ),
        ("gradina", "sl", "Vzorec: prva polnilnica v remizi", "Polnilnica deluje. Vzorec."),
    )
    for n, (key, language, title, text) in enumerate(rows):
        NewsPost.objects.create(
            organisation=bodies[key],
            title=title,
            slug=f"sample-news-{key}",
            text=text,
            language=language,
            state=NewsState.PUBLISHED,
            published_at=datetime.now(tz=UTC) - timedelta(days=n),
            is_sample=True,
        )
    return len(rows)
