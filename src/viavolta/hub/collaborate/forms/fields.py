"""Fields that several forms share."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.words import SEGMENTS
from viavolta.hub.collaborate.zones import DEFAULT_ZONE, zone_names
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Organisation, Role, User


class WallTimeField(forms.Field):
    """A day and time as a clock shows them, without zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        """Read what the browser sends: 2027-10-20T09:30."""
        if not value:
            return None
        try:
            read = datetime.fromisoformat(str(value).strip())
        except ValueError as error:
            raise ValidationError(_("Enter a day and a time.")) from error
        return read.replace(tzinfo=None, second=0, microsecond=0)


class VersionField(forms.IntegerField):
    """The version of the row that a form was made from."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(min_value=1)


class DayField(forms.DateField):
    """A day."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def organisation_field(user: User) -> "forms.ModelChoiceField[Organisation]":
    """The organisation in whose name the person acts."""
    mine = organisations_of(user, Role.EDITOR).filter(hidden=False)
    return forms.ModelChoiceField(
        mine, label=_("On behalf of"), empty_label=None, initial=mine.first()
    )


def segment_field(*, required: bool = True) -> forms.ChoiceField:
    """One of the five segments."""
    choices = list(SEGMENTS) if required else [("", _("all segments")), *SEGMENTS]
    return forms.ChoiceField(label=_("Segment"), choices=choices, required=required)


def zone_field() -> forms.ChoiceField:
    """A time zone."""
    return forms.ChoiceField(
        label=_("Time zone"), choices=[(z, z) for z in zone_names()], initial=DEFAULT_ZONE
    )


def text_field(label: Any, *, required: bool = False, rows: int = 5) -> forms.CharField:
    """A text of several lines."""
    return forms.CharField(
        label=label,
        required=required,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": rows}),
    )
