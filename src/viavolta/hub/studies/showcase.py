"""The study that answers the question of the first page."""

from django.http import HttpRequest

from viavolta.hub.frame.figures import Figure, Why
from viavolta.hub.frame.registry import Showcase
from viavolta.hub.studies.models import Scenario, Visibility
from viavolta.hub.studies.results.figures import Card, cards
from viavolta.hub.studies.results.folder import result_of
from viavolta.hub.studies.results.language import reader_of
from viavolta.hub.studies.results.page import address

# The answer in four figures: how many buses, at what cost, from what grid, and what it is good for.
_SHOWN = ("vehicles", "cost_eur_per_year", "connection", "co2_t_per_year")


def sample_answer(request: HttpRequest) -> Showcase | None:  # noqa: ARG001 - the signature of a hook
    """The oldest public sample study with a result; None before there is one."""
    scenario = (
        Scenario.objects.filter(
            is_baseline=True, study__is_sample=True, study__visibility=Visibility.PUBLIC
        )
        .exclude(result_folder="")
        .select_related("study")
        .order_by("study__created_at", "pk")
        .first()
    )
    result = None if scenario is None else result_of(scenario)
    if scenario is None or result is None:
        return None
    with reader_of(result.study.timezone):
        known = {card.key: card for card in cards(result)}
    figures = [_figure(known[key]) for key in _SHOWN if key in known]
    return Showcase(title=scenario.study.title, url=address(scenario), figures=figures)


def _figure(card: Card) -> Figure:
    first = card.answers[0] if card.answers else None
    why = Why(
        rule=card.rule or (first.statement if first else ""),
        binds=first.binds if first else "",
        worth=first.one_more if first else "",
    )
    return Figure(
        label=card.label,
        value=card.value,
        note=card.bound or card.beside,
        why=why if why.rule or why.binds else None,
    )
