"""Samples of labs and of working together."""

import pytest

from viavolta.hub.collaborate import samples as of_collaborate
from viavolta.hub.collaborate.models import Call, Collaboration, Consortium, Gathering, NewsPost
from viavolta.hub.collaborate.queries.consortia import consortia, coverage, suggestions
from viavolta.hub.kpis.queries import facts
from viavolta.hub.labs import samples as of_labs
from viavolta.hub.labs.models import Lab, Practice
from viavolta.hub.market import samples as of_market


@pytest.mark.django_db
def test_samples_are_marked_made_once_and_never_counted() -> None:
    """Without the market's samples there are none; a second seeding makes nothing new."""
    assert of_collaborate.seed() == of_labs.seed() == 0
    of_market.seed()
    assert of_collaborate.seed() > 0
    assert of_labs.seed() == 6
    assert of_collaborate.seed() == of_labs.seed() == 0
    for kind in (Call, Collaboration, Consortium, Gathering, NewsPost, Lab, Practice):
        assert kind.objects.exists(), kind
        assert not kind.objects.filter(is_sample=False).exists(), kind
    counted = facts()
    assert (counted.organisations, counted.activities, counted.projects) == ((), {}, ())
    assert facts(with_samples=True).activities
    consortium = consortia().get()
    gaps = [row.part for row in coverage(consortium) if not row.is_covered]
    assert [part.key for part in gaps] == ["dso", "smart-charging"]
    names = [row.organisation.slug for row in suggestions(consortium, gaps)]
    assert set(names) == {"sample-netz", "sample-depotsoft"}
