"""Forms as the frame shows them: label, help, field, its error, guideline text beside it.

`{{ form }}` and `{% include "frame/form.html" %}` draw any Django form this way (FORM_RENDERER).
`guided` puts units and guideline texts (`Guide`) beside fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.functional import Promise

Words = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a statement comes from."""

    label: Words
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """Guideline text beside a field: what it means, why it matters, where to get it."""

    title: Words
    what: Words
    why: Words = ""
    where: Words = ""
    sources: Sequence[Source] = field(default_factory=tuple)
    is_open: bool = False


class FrameRenderer(TemplatesSetting):
    """Draws forms and fields with the templates of the frame."""

    form_template_name = "frame/forms/form.html"
    field_template_name = "frame/forms/field.html"


def guided(
    form: forms.BaseForm,
    *,
    guides: Mapping[str, Guide] | None = None,
    units: Mapping[str, Words] | None = None,
) -> None:
    """Put guideline texts and units beside the fields of a form, by field name."""
    for name, guide in (guides or {}).items():
        form.fields[name].guide = guide  # type: ignore[attr-defined] # read by frame/forms/field.html
    for name, unit in (units or {}).items():
        form.fields[name].unit = unit  # type: ignore[attr-defined] # read by frame/forms/field.html
    form.has_guides = bool(guides)  # type: ignore[attr-defined] # read by frame/form.html
