"""The form that takes a file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.forms import guided
from viavolta.hub.guide.entries import field_guide
from viavolta.hub.studies.models import UploadKind

_GUIDES = {
    UploadKind.FEED: "timetable",
    UploadKind.CONFIG: "config-file",
    UploadKind.ELEVATION: "terrain",
    UploadKind.WEATHER: "weather",
    UploadKind.GRID: "grid-file",
    UploadKind.SESSIONS: "sessions",
}


class TermsForm(forms.Form):
    """Under which terms a file stands, and whether others may be given it."""

    may_redistribute = forms.BooleanField(
        label=_("Others may be given this file, to run the study again"), required=False
    )
    licence = forms.CharField(label=_("Licence"), max_length=200, required=False)
    credit = forms.CharField(label=_("To be credited"), max_length=300, required=False)

    def __init__(self, data: Any = None, files: Any = None, **more: Any) -> None:
        super().__init__(data, files, **more)
        self.fields["licence"].help_text = _("Such as CC BY 4.0, as its publisher states it.")
        guided(self, guides={"may_redistribute": field_guide("licence")})

    def clean(self) -> dict[str, Any]:
        """Whoever lets others have a file says by which licence."""
        cleaned = super().clean() or {}
        if cleaned.get("may_redistribute") and not cleaned.get("licence", "").strip():
            self.add_error("licence", _("Name the licence that allows it."))
        return cleaned


class UploadForm(TermsForm):
    """A file of a kind, with its terms."""

    kind = forms.ChoiceField(label=_("What it is"), choices=UploadKind.choices)
    file = forms.FileField(label=_("File"), allow_empty_file=True, max_length=255)
    field_order = ("kind", "file", "may_redistribute", "licence", "credit")

    def __init__(self, data: Any = None, files: Any = None, *, kind: str = "") -> None:
        super().__init__(data, files)
        if kind:
            self.fields["kind"].initial = kind
            self.fields["kind"].widget = forms.HiddenInput()
        guides = {
            "file": field_guide(_GUIDES[UploadKind(kind)] if kind else "timetable"),
            "may_redistribute": field_guide("licence"),
        }
        guided(self, guides=guides)
