"""Forms of calls and consortia."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.forms.fields import (
    VersionField,
    WallTimeField,
    organisation_field,
    segment_field,
    text_field,
    zone_field,
)
from viavolta.hub.collaborate.models.calls import ConsortiumState
from viavolta.hub.collaborate.words import Skill
from viavolta.hub.people.models import OrganisationKind, User


class SkillsForm(forms.Form):
    """The skills of an organisation."""

    skills = forms.MultipleChoiceField(
        label=_("Skills"),
        choices=Skill.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class CallForm(forms.Form):
    """A call with the roles and skills it needs."""

    title = forms.CharField(label=_("Title"), max_length=160)
    segment = segment_field()
    about = text_field(_("About"))
    funder = forms.CharField(label=_("Funder"), max_length=160, required=False)
    link = forms.URLField(
        label=_("Address of the call"), required=False, assume_scheme="https", max_length=200
    )
    deadline = WallTimeField(label=_("Deadline"))
    zone = zone_field()
    roles = forms.MultipleChoiceField(
        label=_("Roles it needs"),
        choices=OrganisationKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    skills = forms.MultipleChoiceField(
        label=_("Skills it needs"),
        choices=Skill.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, user: User, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            self.fields["version"] = VersionField()
            return
        field = organisation_field(user)
        if user.is_moderator:
            field.required = False
            field.empty_label = _("the platform")
        self.fields["organisation"] = field
        self.order_fields(["organisation"])


class ConsortiumForm(forms.Form):
    """A new consortium."""

    name = forms.CharField(label=_("Name"), max_length=160)
    about = text_field(_("About"))

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lead"] = organisation_field(user)
        self.order_fields(["lead"])


class ConsortiumEditForm(forms.Form):
    """A consortium's name, text and state."""

    name = forms.CharField(label=_("Name"), max_length=160)
    about = text_field(_("About"))
    state = forms.ChoiceField(label=_("State"), choices=ConsortiumState.choices)
    version = VersionField()
