"""Samples of living labs: the lab host's lab in the city's region."""

from collections.abc import Callable

from cast import Cast
from matrix import HIDDEN, OK, REFUSED, row, sample

from viavolta.hub.collaborate.models import Gathering
from viavolta.hub.labs.models import Lab, LabSession, Participant, Practice, PracticeState
from viavolta.hub.people.models import Organisation

ONLY_EDITORS = {
    "stranger": {HIDDEN},
    "reader": {HIDDEN},
    "editor": {OK},
    "owner": {OK},
    "moderator": {HIDDEN},
    "lab-host": {HIDDEN},
}


def a_lab(cast: Cast, slug: str = "lab") -> Lab:
    """A lab that the lab host runs for the city."""
    known = Lab.objects.filter(slug=slug).first()
    if known is not None:
        return known
    lab = Lab.objects.create(
        name="Lab",
        slug=slug,
        organisation=cast.organisation,
        nuts="AT21",
        region_name="Kärnten",
        languages=["de"],
    )
    lab.hosts.add(cast.users["lab-host"])
    return lab


def a_practice(cast: Cast, state: PracticeState = PracticeState.PUBLISHED) -> Practice:
    """A practice of the city."""
    return Practice.objects.get_or_create(
        slug=f"by-turns-{state}",
        defaults={
            "lab": a_lab(cast),
            "organisation": cast.organisation,
            "title": "By turns",
            "segment": "fleets",
            "challenge": "Peaks",
            "approach": "Turns",
            "state": state,
            "published_at": "2027-01-01T00:00Z",
            "created_by": cast.users["editor"],
        },
    )[0]


def of(make: Callable[[Cast], object], *routes: str) -> None:
    """Take the slug of what `make` makes for these routes."""
    for route in routes:
        sample("slug", route=route)(lambda cast: make(cast).slug)  # type: ignore[attr-defined]


of(
    a_lab,
    "lab",
    "lab-edit",
    "lab-invite",
    "lab-letter",
    "lab-hosts",
    "lab-session-new",
    "lab-figures",
    "lab-file",
    "practice-new",
    "get_lab",
    "list_sessions",
    "get_lab_figures",
)
of(a_practice, "practice", "practice-edit", "practice-submit", "get_practice")
of(lambda cast: a_practice(cast, PracticeState.SUBMITTED), "practice-review")
sample("which", route="lab-file")(lambda _cast: "sessions")
sample("nuts")(lambda cast: a_lab(cast).nuts)
sample("language", route="region-in")(lambda _cast: "de")


@sample("session_id")
def session_id(cast: Cast) -> int:
    """A session of the lab."""
    gathering = Gathering.objects.create(
        organisation=cast.organisation,
        title="Round",
        slug="round",
        starts_at="2031-01-01T10:00Z",
        ends_at="2031-01-01T12:00Z",
    )
    return LabSession.objects.create(lab=a_lab(cast), gathering=gathering).pk


@sample("place_id")
def place_id(cast: Cast) -> int:
    """The city is invited to the lab."""
    return Participant.objects.create(lab=a_lab(cast), organisation=cast.organisation).pk


@sample("place_id", route="lab-leave")
def place_taken(cast: Cast) -> int:
    """The city takes part in the lab."""
    lab, city = a_lab(cast, "other-lab"), cast.organisation
    return Participant.objects.create(lab=lab, organisation=city, state="member").pk


@sample("token", route="lab-join")
def token(cast: Cast) -> str:
    """A letter to the stranger."""
    email = cast.users["stranger"].email
    return Participant.objects.create(lab=a_lab(cast), email=email).token


row("lab-invite", post=lambda _cast: {"organisation": _other()})
row("lab-letter", post={"email": "guest@example.org"})
row("lab-hosts", post={"email": "nobody@example.org"})
row("lab-answer", outcomes=ONLY_EDITORS)
row("lab-leave", outcomes=ONLY_EDITORS)
row(
    "lab-join",
    outcomes={
        "stranger": {OK},
        **{key: {HIDDEN} for key in ("reader", "editor", "owner", "moderator", "lab-host")},
    },
)
row(
    "practice-review",
    post={"version": 1, "publish": "1"},
    outcomes={
        "stranger": {HIDDEN},
        "reader": {HIDDEN},
        "editor": {REFUSED},
        "owner": {REFUSED},
        "moderator": {OK},
        "lab-host": {OK},
    },
)


def _other() -> str:
    return Organisation.objects.create(name="O", slug="o", kind="sme", country="SI").slug
