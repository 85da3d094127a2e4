"""Forms of events, groups, minutes and tasks."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.actions.calendar import MOST_REPEATS
from viavolta.hub.collaborate.forms.fields import (
    DayField,
    VersionField,
    WallTimeField,
    organisation_field,
    segment_field,
    text_field,
    zone_field,
)
from viavolta.hub.collaborate.models import Collaboration, Gathering
from viavolta.hub.collaborate.models.collaborations import PartnerState
from viavolta.hub.collaborate.queries.calendar import possible_owners
from viavolta.hub.collaborate.zones import Rhythm
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Role, User

if TYPE_CHECKING:
    _PeopleField = forms.ModelChoiceField[User]
else:
    _PeopleField = forms.ModelChoiceField

RHYTHMS = (
    (Rhythm.ONCE.value, _("once")),
    (Rhythm.WEEKLY.value, _("every week")),
    (Rhythm.FORTNIGHTLY.value, _("every second week")),
    (Rhythm.MONTHLY.value, _("every month, on the same weekday")),
)


class GatheringForm(forms.Form):
    """An event; a new one may repeat."""

    title = forms.CharField(label=_("Title"), max_length=160)
    starts = WallTimeField(label=_("Start"))
    minutes_long = forms.IntegerField(
        label=_("Length"), min_value=5, max_value=60 * 24 * 14, initial=90
    )
    zone = zone_field()
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    online = forms.URLField(
        label=_("Address for joining online"),
        required=False,
        assume_scheme="https",
        max_length=200,
        help_text=_("Only those who registered see it."),
    )
    segment = segment_field(required=False)
    places_for = forms.IntegerField(
        label=_("Places"), min_value=1, max_value=100_000, required=False
    )
    about = text_field(_("About"))

    def __init__(self, user: User, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["minutes_long"].unit = _("minutes")  # type: ignore[attr-defined] # frame/forms/field.html reads it
        self.fields["collaboration"] = forms.ModelChoiceField(
            Collaboration.objects.filter(
                partners__organisation__in=organisations_of(user, Role.EDITOR),
                partners__state=PartnerState.MEMBER,
            ).distinct(),
            label=_("Collaboration"),
            required=False,
            empty_label=_("none"),
        )
        if not is_new:
            self.fields["version"] = VersionField()
            return
        self.fields["organisation"] = organisation_field(user)
        self.fields["rhythm"] = forms.ChoiceField(label=_("Repeats"), choices=RHYTHMS)
        self.fields["count"] = forms.IntegerField(
            label=_("How many times"), min_value=1, max_value=MOST_REPEATS, initial=1
        )
        self.order_fields(
            ["organisation", "title", "starts", "minutes_long", "zone", "rhythm", "count"]
        )


class MinutesForm(forms.Form):
    """What was said."""

    minutes = forms.CharField(
        label=_("Minutes"),
        max_length=50_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 14}),
    )
    version = VersionField()


class GroupsForm(forms.Form):
    """Topics of breakout groups."""

    topics = forms.CharField(
        label=_("Topics of the groups"),
        help_text=_("One in each line."),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean_topics(self) -> list[str]:
        """Lines with something in them, each as long as a topic may be."""
        lines = str(self.cleaned_data["topics"]).splitlines()
        return [line.strip()[:160] for line in lines if line.strip()]


class TaskForm(forms.Form):
    """A follow-up task."""

    text = forms.CharField(label=_("Task"), max_length=300)
    due_on = DayField(label=_("Due"))

    def __init__(self, gathering: Gathering, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"] = PersonField(possible_owners(gathering), label=_("Owner"))
        self.order_fields(["text", "owner", "due_on"])


class PersonField(_PeopleField):
    """A choice of people by name; addresses are not shown."""

    def label_from_instance(self, obj: User) -> str:
        """The name; where none was given, a number."""
        return obj.name or f"#{obj.pk}"
