"""Fills a hub's market for benchmarks: 2,000 organisations, 10,000 solutions, 200 needs.

Texts and facets are mixed at random from the labelled ones of tests/golden/matching, vectors drawn
at random. The hub is the one that VIAVOLTA_DATA and DATABASE_URL name.
"""

from datetime import timedelta

import numpy as np
from matching_set import labelled_needs, labelled_solutions

from viavolta.engines.kit.embedding import DIMENSIONS
from viavolta.engines.matching.profiles import Description
from viavolta.hub.site.start import migrate, set_up

set_up()

from django.db import transaction  # noqa: E402 - what follows needs Django set up
from django.utils import timezone  # noqa: E402

from viavolta.hub.market.models import (  # noqa: E402
    Entry,
    EntryKind,
    EntryState,
    EntryWords,
    SolutionForm,
)
from viavolta.hub.market.words import words_of  # noqa: E402
from viavolta.hub.people.models import Organisation, OrganisationKind  # noqa: E402

N_ORGANISATIONS, N_SOLUTIONS, N_NEEDS = 2_000, 10_000, 200
COUNTRIES = ("AT", "CH", "DE", "FR", "IT", "NL", "SI")


def main() -> None:
    """Fill the tables in bulk."""
    migrate()
    rng = np.random.default_rng(1)
    with transaction.atomic():
        bodies = organisations(rng)
        known = list(labelled_solutions().values())
        needs = [need.description for need in labelled_needs()]
        entries = mixed(rng, EntryKind.SOLUTION, N_SOLUTIONS, known, bodies)
        entries += mixed(rng, EntryKind.NEED, N_NEEDS, needs, bodies)
        Entry.objects.bulk_create(entries, batch_size=1_000)
        kept = [words(entry, rng) for entry in Entry.objects.order_by("pk")]
        EntryWords.objects.bulk_create(kept, batch_size=500)


def organisations(rng: np.random.Generator) -> list[Organisation]:
    """Organisations of all kinds, half of them with a place."""
    kinds = list(OrganisationKind)
    Organisation.objects.bulk_create(
        Organisation(
            name=f"Organisation {n}",
            slug=f"organisation-{n}",
            kind=one_of(rng, kinds),
            country=one_of(rng, COUNTRIES),
            inhabitants=one_of(rng, (4_000, 30_000, 120_000, 600_000)),
            lat=None if n % 2 else rng.uniform(43, 54),
            lon=None if n % 2 else rng.uniform(2, 17),
        )
        for n in range(N_ORGANISATIONS)
    )
    return list(Organisation.objects.order_by("pk"))


def mixed(
    rng: np.random.Generator,
    kind: EntryKind,
    n: int,
    known: list[Description],
    bodies: list[Organisation],
) -> list[Entry]:
    """Published entries put together from known ones."""
    now, forms = timezone.now(), list(SolutionForm)
    entries = []
    for number in range(n):
        head = one_of(rng, known)
        parts = [one_of(rng, one_of(rng, known).text.split(". ")) for _ in range(3)]
        entries.append(
            Entry(
                kind=kind,
                organisation=one_of(rng, bodies),
                slug=f"{kind}-{number}",
                title=head.title,
                summary=head.text[:140],
                text=". ".join(parts),
                language=head.language,
                facets=head.facets.as_codes(),
                form=one_of(rng, forms) if kind == EntryKind.SOLUTION else "",
                state=EntryState.PUBLISHED,
                n_replications=one_of(rng, (0, 0, 0, 1, 5)),
                published_at=now - timedelta(minutes=number),
            )
        )
    return entries


def words(entry: Entry, rng: np.random.Generator) -> EntryWords:
    """The words of an entry, with a vector in any direction."""
    vector = rng.standard_normal(DIMENSIONS)
    made = words_of(entry)
    made.vector = (vector / np.linalg.norm(vector)).astype(np.float16).tobytes()
    return made


def one_of(rng: np.random.Generator, choices):
    """One of several, each as likely."""
    return choices[int(rng.integers(len(choices)))]


if __name__ == "__main__":
    main()
