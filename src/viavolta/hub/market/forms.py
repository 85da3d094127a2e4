"""Forms of the market: what is typed becomes `content.Content`."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.numbers import NOTHING
from viavolta.hub.market.content import EVIDENCE_FIELDS, Content, MeasuredFigure
from viavolta.hub.market.labels import choice_label, group_label
from viavolta.hub.market.models import EntryKind, SolutionForm, TextLanguage
from viavolta.hub.people.models import Organisation
from viavolta.hub.studies.models import Study
from viavolta.model.facets import FACET_VALUES, ONE_VALUE_OF_A_NEED, Facet, Facets

MAX_FIGURES = 12


class EntryForm(forms.Form):
    """The words and facets of a need or a solution."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=_("Title"), max_length=140)
    summary = forms.CharField(
        label=_("In one sentence"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What a reader sees in lists: what it is, for whom, what it changes."),
    )
    form = forms.ChoiceField(
        label=_("Kind"), choices=SolutionForm.choices, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label=_("Description"),
        max_length=12_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("Plain text; an empty line begins a paragraph."),
    )
    language = forms.ChoiceField(label=_("Language of the text"), choices=TextLanguage.choices)
    wanted_by = forms.DateField(
        label=_("Wanted by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    study = forms.ModelChoiceField(
        label=_("Study that computes it"),
        queryset=Study.objects.none(),
        required=False,
        help_text=_("A public study of yours; others can replicate it with their own data."),
    )

    def __init__(
        self, *args: Any, kind: EntryKind, studies: "QuerySet[Study]", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if kind == EntryKind.NEED:
            del self.fields["form"], self.fields["study"]
        else:
            del self.fields["wanted_by"]
            self.fields["study"].queryset = studies  # type: ignore[attr-defined] # of ModelChoiceField
        for facet in Facet:
            self.fields[facet.value] = _facet_field(facet, kind)

    @property
    def facet_fields(self) -> list[forms.BoundField]:
        """The fields of facets, in their order."""
        return [self[facet.value] for facet in Facet]

    @property
    def word_fields(self) -> list[forms.BoundField]:
        """The other fields that are seen."""
        facets = {facet.value for facet in Facet}
        return [f for f in self.visible_fields() if f.name not in facets]

    def content(self, evidence: tuple[MeasuredFigure, ...] = ()) -> Content:
        """What was typed, once the form is valid."""
        said = self.cleaned_data
        codes = {f.value: _as_list(said[f.value]) for f in Facet}
        study = said.get("study")
        return Content(
            title=said["title"],
            summary=said["summary"],
            text=said["text"],
            language=said["language"],
            facets=Facets.from_codes(codes),
            form=said.get("form", ""),
            wanted_by=said.get("wanted_by"),
            study_id=None if study is None else study.pk,
            evidence=evidence,
        )


def initial_of(content: Content, version: int) -> dict[str, Any]:
    """What a form shows of some content."""
    codes = content.facets.as_codes()
    one = {f.value for f in ONE_VALUE_OF_A_NEED}
    return {
        "version": version,
        "title": content.title,
        "summary": content.summary,
        "text": content.text,
        "language": content.language,
        "form": content.form,
        "wanted_by": content.wanted_by,
        "study": content.study_id,
    } | {
        f.value: (codes.get(f.value) or [""])[0]
        if f.value in one and len(codes.get(f.value, [])) < 2  # noqa: PLR2004 - one or several
        else codes.get(f.value, [])
        for f in Facet
    }


def _facet_field(facet: Facet, kind: EntryKind) -> forms.Field:
    choices = [(v.value, choice_label(facet.value, v.value)) for v in FACET_VALUES[facet]]
    if kind == EntryKind.NEED and facet in ONE_VALUE_OF_A_NEED:
        return forms.ChoiceField(
            label=group_label(facet.value), choices=[("", NOTHING), *choices], required=False
        )
    return forms.MultipleChoiceField(
        label=group_label(facet.value),
        choices=choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def _as_list(value: str | list[str]) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return value


class EvidenceForm(forms.Form):
    """One measured figure."""

    what = forms.CharField(label=_("What was measured"), max_length=140)
    value = forms.DecimalField(label=_("Value"), max_digits=14, decimal_places=4)
    unit = forms.CharField(label=_("Unit"), max_length=24)
    place = forms.CharField(label=_("Where"), max_length=120)
    measured_from = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    measured_to = forms.DateField(
        label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    method = forms.CharField(label=_("How it was measured"), max_length=300, required=False)
    contact = forms.CharField(
        label=_("Who can confirm it"),
        max_length=140,
        required=False,
        help_text=_("Function and organisation; messages go through the platform."),
    )

    def clean(self) -> dict[str, Any]:
        """The end is not before the beginning; a contact is no address."""
        said: dict[str, Any] = super().clean() or {}
        begin, end = said.get("measured_from"), said.get("measured_to")
        if begin and end and end < begin:
            self.add_error("measured_to", _("The end is before the beginning."))
        if "@" in said.get("contact", ""):
            self.add_error("contact", _("Please name a function, not an e-mail address."))
        return said


EvidenceForms = forms.formset_factory(
    EvidenceForm, extra=1, can_delete=True, max_num=MAX_FIGURES, validate_max=True
)


def figures_of(formset: Any) -> tuple[MeasuredFigure, ...]:
    """The figures typed into a valid set of forms, those marked for deletion left out."""
    kept = [f.cleaned_data for f in formset.forms if f.cleaned_data.get("what")]
    return tuple(
        MeasuredFigure(**{name: said[name] for name in EVIDENCE_FIELDS})
        for said in kept
        if not said.get("DELETE")
    )


def figure_initials(content: Content) -> list[dict[str, Any]]:
    """What the forms of evidence show of some content."""
    return [{name: getattr(f, name) for name in EVIDENCE_FIELDS} for f in content.evidence]


class OrganisationForm(forms.Form):
    """For which organisation something is written, where a person belongs to several."""

    organisation = forms.ModelChoiceField(
        label=_("For"), queryset=Organisation.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, organisations: "QuerySet[Organisation]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined] # of ModelChoiceField


class PictureForm(forms.Form):
    """A picture and what it shows."""

    picture = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG or WebP up to 12 MB. Place and camera are removed from it."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    alternative = forms.CharField(
        label=_("What the picture shows"),
        max_length=200,
        help_text=_("Read out to those who do not see it."),
    )
    credit = forms.CharField(label=_("Credit"), max_length=120, required=False)


class DocumentForm(forms.Form):
    """A PDF and its name."""

    document = forms.FileField(
        label=_("Document"),
        help_text=_("PDF up to 20 MB, without scripts or files inside."),
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"}),
    )
    name = forms.CharField(label=_("Name"), max_length=120)


class SearchForm(forms.Form):
    """A name for a search, and whether new finds are told."""

    name = forms.CharField(label=_("Name"), max_length=120)
    notify = forms.BooleanField(label=_("Tell me of new ones by e-mail"), required=False)


class HideForm(forms.Form):
    """Why a moderator hides something."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


def add_errors(form: forms.Form, error: ValidationError) -> None:
    """Put what an action refused beside the fields it speaks of."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    errors: Mapping[str, list[ValidationError]] = error.error_dict
    for field, messages in errors.items():
        for message in messages:
            form.add_error(field if field in form.fields else None, message)
