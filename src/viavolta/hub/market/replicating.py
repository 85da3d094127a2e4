"""A solution's study applied to another place: what carries over, what does not, what comes out.

The scenario that is proven and the place that adopts it are taken apart: buses, energy, operation
and cost rates come from the first; timetable, depots, grid, weather, prices of the country from the
second. The result is a study like any other, computed by the same command line.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.text import slugify
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.market.models import Entry, Replication
from viavolta.hub.market.verbs import MarketVerb
from viavolta.hub.people.access import organisations_of, require
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.hub.studies.models import (
    Scenario,
    Study,
    Upload,
    UploadKind,
    UploadState,
    Visibility,
)
from viavolta.hub.studies.running import start_run

OF_THE_PLACE = ("depots", "grid", "service", "tariff")
"""Tables of a configuration that describe the place itself."""
OF_THE_COUNTRY = ("tariffs", "prices", "carbon")
"""Tables of figures that hold in one country, such as network fees."""
_PLACE_KEYS = (("operation", "deadhead_kmh"), ("planning", "grid_node_most_m"))
_COUNTRY_KEYS = (("costs", "driver_eur_per_h"), ("costs", "diesel_eur_per_l"))
_LONGEST_TITLE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the adopter brings: a timetable alone, or a study of the own place with its files."""

    organisation: Organisation
    feed: Upload
    baseline: Scenario | None = None

    @property
    def key(self) -> str:
        """How a form names it."""
        if self.baseline is not None:
            return f"study-{self.baseline.study_id}"
        return f"feed-{self.feed.pk}"

    @property
    def name(self) -> str:
        """How a person knows it."""
        if self.baseline is not None:
            return self.baseline.study.title
        return self.feed.name

    @property
    def place(self) -> str:
        """Where it is."""
        if self.baseline is not None and self.baseline.study.place_name:
            return self.baseline.study.place_name
        return self.organisation.name

    @property
    def country(self) -> str:
        """The country, as ISO 3166 writes it."""
        study = None if self.baseline is None else self.baseline.study
        return (study.country if study is not None else "") or self.organisation.country

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the check of the timetable found."""
        found: Mapping[str, Any] = self.feed.findings.get("facts", {})
        return found


def sources_of(user: User) -> list[Source]:
    """What a person could apply a study to: own studies first, then timetables, newest first."""
    bodies = organisations_of(user, Role.EDITOR)
    feeds = Upload.objects.filter(
        organisation__in=bodies, kind=UploadKind.FEED, state=UploadState.USABLE
    ).select_related("organisation")
    baselines = (
        Scenario.objects.filter(
            is_baseline=True, study__organisation__in=bodies, study__origin=None, study__kind="bus"
        )
        .select_related("study__organisation")
        .prefetch_related("uploads")
        .order_by("-study__created_at")
    )
    found = [
        Source(organisation=b.study.organisation, feed=feed, baseline=b)
        for b in baselines
        if (feed := _feed_of(b)) is not None
    ]
    used = {source.feed.pk for source in found}
    found += [
        Source(organisation=feed.organisation, feed=feed)
        for feed in feeds.order_by("-uploaded_at")
        if feed.pk not in used
    ]
    return found


def source_of(own: Scenario) -> Source | None:
    """What a replication was made from: its own files and its own place."""
    feed = _feed_of(own)
    if feed is None:
        return None
    return Source(organisation=own.study.organisation, feed=feed, baseline=own)


def proven_scenario(entry: Entry) -> Scenario | None:
    """The computed baseline of the public study that a solution shows."""
    study = entry.study
    if study is None or study.visibility != Visibility.PUBLIC or study.kind != "bus":
        return None
    baseline = study.scenarios.filter(is_baseline=True).exclude(result_folder="").first()
    if baseline is not None:
        baseline.study = study
    return baseline


def adapted_config(
    origin: Mapping[str, Any], own: Mapping[str, Any], *, country: str, is_same_country: bool
) -> dict[str, Any]:
    """The configuration of the proven scenario with what belongs to the place taken from `own`."""
    config: dict[str, Any] = deepcopy(dict(origin))
    tables = OF_THE_PLACE if is_same_country else (*OF_THE_PLACE, *OF_THE_COUNTRY)
    keys = _PLACE_KEYS if is_same_country else (*_PLACE_KEYS, *_COUNTRY_KEYS)
    for table in tables:
        config.pop(table, None)
        if table in own:
            config[table] = deepcopy(own[table])
    for table, key in keys:
        config.get(table, {}).pop(key, None)
        if key in own.get(table, {}):
            config.setdefault(table, {})[key] = own[table][key]
    if country:
        config.setdefault("tariff", {}).setdefault("country", country)
    return {table: content for table, content in config.items() if content not in ({}, [])}


@transaction.atomic
def replicate(user: User, entry: Entry, source: Source) -> Replication:
    """Apply a solution's study to a place and have it computed; counted with the solution.

    Raises
    ------
    PermissionDenied: no editor of the organisation whose data are used.
    ValidationError: the solution has no computed public study, or it is their own data already.
    """
    require(user, source.organisation, Role.EDITOR)
    origin = proven_scenario(entry)
    if origin is None:
        raise ValidationError(_("This solution has no public study that was computed."))
    if source.baseline is not None and source.baseline.study_id == origin.study_id:
        raise ValidationError(_("This is the study itself; choose another place."))
    study = _new_study(user, origin.study, source)
    scenario = _new_baseline(user, study, origin, source)
    replication = Replication.objects.create(
        entry=entry, origin=origin.study, study=study, organisation=source.organisation
    )
    Entry.objects.filter(pk=entry.pk).update(
        n_replications=F("n_replications") + 1, changed_at=timezone.now()
    )
    record(
        MarketVerb.REPLICATED,
        actor=user,
        organisation=source.organisation,
        subject=entry,
        detail={"study": study.pk, "origin": origin.study_id, "by": entry.organisation_id},
    )
    start_run(user, scenario)
    return replication


def _new_study(user: User, origin: Study, source: Source) -> Study:
    title = _("%(title)s, applied to %(place)s") % {"title": origin.title, "place": source.place}
    title = title[:_LONGEST_TITLE]
    place = None if source.baseline is None else source.baseline.study
    west, south, east, north = source.facts.get("bounds") or (None,) * 4
    own_lat = (south + north) / 2 if south is not None else source.organisation.lat
    own_lon = (west + east) / 2 if west is not None else source.organisation.lon
    return Study.objects.create(
        organisation=source.organisation,
        title=title,
        slug=f"{slugify(title)[:150] or 'study'}-{get_random_string(8).lower()}",
        kind=origin.kind,
        place_name=source.place,
        country=source.country,
        lat=own_lat if place is None or place.lat is None else place.lat,
        lon=own_lon if place is None or place.lon is None else place.lon,
        origin=origin,
        is_sample=source.feed.is_sample,
        created_by=user,
    )


def _new_baseline(user: User, study: Study, origin: Scenario, source: Source) -> Scenario:
    own = source.baseline
    scenario = Scenario.objects.create(
        study=study,
        name=_("As in the original"),
        is_baseline=True,
        config=adapted_config(
            origin.config,
            {} if own is None else own.config,
            country=source.country,
            is_same_country=source.country == origin.study.country,
        ),
        options=dict(origin.options),
        created_by=user,
    )
    scenario.uploads.set([source.feed] if own is None else own.uploads.all())
    return scenario


def _feed_of(scenario: Scenario) -> Upload | None:
    return _first(u for u in scenario.uploads.all() if u.kind == UploadKind.FEED)


def _first(uploads: Iterable[Upload]) -> Upload | None:
    return next(iter(uploads), None)
