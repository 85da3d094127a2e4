"""Forms of living labs."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.forms.fields import (
    DayField,
    VersionField,
    WallTimeField,
    organisation_field,
    segment_field,
    text_field,
    zone_field,
)
from viavolta.hub.labs.models import Lab, LabSession, Practice
from viavolta.hub.labs.queries import linkable_solutions, linkable_studies, may_contribute
from viavolta.hub.people.models import Organisation, User

if TYPE_CHECKING:
    _Sessions = forms.ModelChoiceField[LabSession]
else:
    _Sessions = forms.ModelChoiceField

_OWN_NAMES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "it": "Italiano",
    "sl": "Slovenščina",
    "nl": "Nederlands",
}
is_nuts = RegexValidator(r"^[A-Z]{2}[0-9A-Z]{0,3}$", _("A NUTS code is like AT21 or SI044."))


class LabForm(forms.Form):
    """What everybody sees of a lab, in each language of its region."""

    name = forms.CharField(label=_("Name"), max_length=160)
    nuts = forms.CharField(label=_("NUTS region"), max_length=5, validators=[is_nuts])
    region_name = forms.CharField(label=_("Name of the region"), max_length=120)
    languages = forms.MultipleChoiceField(
        label=_("Languages of the region"),
        choices=settings.LANGUAGES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Left empty: the official ones that the hub speaks."),
    )

    def __init__(self, user: User, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, _label in settings.LANGUAGES:
            self.fields[f"about_{code}"] = forms.CharField(
                label=_("About (%(language)s)") % {"language": _OWN_NAMES[code]},
                required=False,
                max_length=8000,
                widget=forms.Textarea(attrs={"rows": 4, "lang": code}),
            )
        if is_new:
            self.fields["organisation"] = organisation_field(user)
            self.order_fields(["organisation"])
        else:
            self.fields["version"] = VersionField()


class PersonInviteForm(forms.Form):
    """A letter to a person."""

    email = forms.EmailField(label=_("E-mail address"))


class SessionForm(forms.Form):
    """A session: an event with an agenda."""

    title = forms.CharField(label=_("Title"), max_length=160)
    starts = WallTimeField(label=_("Start"))
    minutes_long = forms.IntegerField(
        label=_("Length"), min_value=5, max_value=60 * 24 * 14, initial=120
    )
    zone = zone_field()
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    online = forms.URLField(
        label=_("Address for joining online"),
        required=False,
        assume_scheme="https",
        max_length=200,
    )
    agenda = text_field(_("Agenda"), rows=8)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["minutes_long"].unit = _("minutes")  # type: ignore[attr-defined] # frame/forms/field.html reads it
        self.fields["organisation"] = organisation_field(user)
        self.order_fields(["organisation"])


class OutcomesForm(forms.Form):
    """Agenda and outcomes of a session."""

    agenda = text_field(_("Agenda"), rows=8)
    outcomes = text_field(_("Outcomes"), rows=8)
    version = VersionField()


class PracticeForm(forms.Form):
    """A good practice."""

    title = forms.CharField(label=_("Title"), max_length=160)
    language = forms.ChoiceField(label=_("Language of the text"), choices=settings.LANGUAGES)
    segment = segment_field()
    challenge = text_field(_("Challenge"), required=True)
    approach = text_field(_("Approach"), required=True)
    result = text_field(_("Result"))
    lessons = text_field(_("Lessons"))

    def __init__(
        self,
        user: User,
        lab: Lab,
        *args: Any,
        practice: Practice | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if practice is None:
            organisations = may_contribute(user, lab)
            self.fields["organisation"] = forms.ModelChoiceField(
                organisations,
                label=_("On behalf of"),
                empty_label=None,
                initial=organisations.first(),
            )
        else:
            organisations = Organisation.objects.filter(pk=practice.organisation.pk)
            self.fields["version"] = VersionField()
        self.fields["session"] = SessionChoice(
            lab.sessions.select_related("gathering"),
            label=_("Session"),
            required=False,
            empty_label=_("none"),
        )
        self.fields["studies"] = forms.ModelMultipleChoiceField(
            linkable_studies(organisations),
            label=_("Studies"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
        self.fields["solutions"] = forms.ModelMultipleChoiceField(
            linkable_solutions(organisations),
            label=_("Solutions"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
        self.order_fields(["organisation"])


class SessionChoice(_Sessions):
    """A choice of sessions by title and day."""

    def label_from_instance(self, obj: LabSession) -> str:
        """Title and day."""
        return f"{obj.gathering.title}, {obj.gathering.starts_at:%Y-%m-%d}"


class ReviewForm(forms.Form):
    """A reviewer's comment."""

    comment = text_field(_("Comment for the author"), rows=5)
    version = VersionField()


class PeriodForm(forms.Form):
    """From one day up to another."""

    since = DayField(label=_("From"))
    until = DayField(label=_("Until"))
