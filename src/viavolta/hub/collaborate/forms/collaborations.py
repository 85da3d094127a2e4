"""Forms of contacts, collaborations and their projects."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.forms.fields import (
    DayField,
    VersionField,
    organisation_field,
    segment_field,
    text_field,
)
from viavolta.hub.collaborate.models import Collaboration
from viavolta.hub.collaborate.models.collaborations import CollaborationState, PartnerState
from viavolta.hub.people.models import Organisation, User


class ContactForm(forms.Form):
    """A request to talk."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sender"] = organisation_field(user)
        self.fields["text"] = text_field(_("Message"), required=True)
        self.fields["text"].help_text = _(
            "E-mail addresses are shown to both of you once the request is accepted."
        )


class AnswerForm(forms.Form):
    """An answer to a request to talk."""

    answer = text_field(_("Answer"))


class CollaborationForm(forms.Form):
    """What everybody sees of a collaboration."""

    title = forms.CharField(label=_("Title"), max_length=160)
    segment = segment_field()
    about = text_field(_("About"))

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lead"] = organisation_field(user)
        self.fields["about"].help_text = _(
            "Everybody sees title, segment, text and members; messages stay among members."
        )
        self.order_fields(["lead", "title", "segment", "about"])


class CollaborationEditForm(forms.Form):
    """The same, with its state."""

    title = forms.CharField(label=_("Title"), max_length=160)
    segment = segment_field()
    state = forms.ChoiceField(label=_("State"), choices=CollaborationState.choices)
    about = text_field(_("About"))
    version = VersionField()


class MessageForm(forms.Form):
    """A message to the members."""

    text = text_field(_("Message to the members"), required=True, rows=3)


class ProjectForm(forms.Form):
    """A project of a collaboration."""

    title = forms.CharField(label=_("Title"), max_length=160)
    about = text_field(_("About"))
    funder = forms.CharField(label=_("Funder"), max_length=160, required=False)
    funding_eur = forms.DecimalField(
        label=_("Funding in EUR"), min_value=0, max_digits=14, decimal_places=2, required=False
    )
    starts_on = DayField(label=_("Start"), required=False)
    ends_on = DayField(label=_("End"), required=False)
    version = VersionField()

    def __init__(self, collaboration: Collaboration, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Organisation.objects.filter(
            partnerships__collaboration=collaboration, partnerships__state=PartnerState.MEMBER
        )
        self.fields["partners"] = forms.ModelMultipleChoiceField(
            members,
            label=_("Partners"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )

    def clean(self) -> dict[str, Any]:
        """A project does not end before it starts."""
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("The end lies before the start."))
        return cleaned
