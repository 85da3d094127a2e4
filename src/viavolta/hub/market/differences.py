"""What differs between two versions of an entry, in words."""

from django.utils.translation import gettext as _

from viavolta.hub.frame.numbers import shown_day, shown_number
from viavolta.hub.market.content import Content, MeasuredFigure
from viavolta.hub.market.labels import choice_label, group_label
from viavolta.hub.market.models import SolutionForm, TextLanguage
from viavolta.hub.studies.models import Study
from viavolta.model.facets import Facet

Lines = list[tuple[str, str, str]]


def differences(before: Content, after: Content) -> Lines:
    """What differs: the name of the field, the text before, the text after."""
    one, two = dict(_lines(before)), dict(_lines(after))
    return [(name, one[name], two[name]) for name in one if one[name] != two[name]]


def _lines(content: Content) -> list[tuple[str, str]]:
    codes = content.facets.as_codes()
    lines = [
        (_("Title"), content.title),
        (_("In one sentence"), content.summary),
        (_("Description"), content.text.replace("\r\n", "\n")),
        (_("Language of the text"), str(TextLanguage(content.language).label)),
        (_("Kind"), str(SolutionForm(content.form).label) if content.form else ""),
        (_("Wanted by"), "" if content.wanted_by is None else shown_day(content.wanted_by)),
        (_("Study that computes it"), _study(content.study_id)),
        (_("Evidence"), "\n".join(map(_figure, content.evidence))),
    ]
    return lines + [
        (
            group_label(facet.value),
            ", ".join(choice_label(facet.value, code) for code in codes.get(facet.value, ())),
        )
        for facet in Facet
    ]


def _figure(figure: MeasuredFigure) -> str:
    value = shown_number(figure.value.normalize(), digits=_digits(figure))
    days = f"{shown_day(figure.measured_from)}-{shown_day(figure.measured_to)}"
    rest = " · ".join(filter(None, (figure.place, days, figure.method, figure.contact)))
    return f"{figure.what}: {value} {figure.unit} · {rest}"


def _digits(figure: MeasuredFigure) -> int:
    exponent = figure.value.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _study(study_id: int | None) -> str:
    if study_id is None:
        return ""
    return Study.objects.filter(pk=study_id).values_list("title", flat=True).first() or ""
