"""Forms of news."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.forms.fields import VersionField, organisation_field, text_field
from viavolta.hub.people.models import User


class NewsForm(forms.Form):
    """A post."""

    title = forms.CharField(label=_("Title"), max_length=160)
    language = forms.ChoiceField(label=_("Language of the text"), choices=settings.LANGUAGES)
    text = forms.CharField(
        label=_("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 10})
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


class DecisionForm(forms.Form):
    """A moderator's word to the author."""

    comment = text_field(_("Comment for the author"), rows=3)
