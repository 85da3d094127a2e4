"""What sign-up asks beyond an e-mail address and a password."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from viavolta.hub.people.actions import open_account
from viavolta.hub.people.forms import document_links
from viavolta.hub.people.models import User


class SignUpForm(forms.Form):
    """A name, and consent to the terms and the privacy notice; base of allauth's own form."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    agrees = forms.BooleanField(
        label=_("I agree to the terms of use and have read the privacy notice."),
        help_text=document_links,
    )
    field_order = ("name", "email", "password1", "agrees")

    def signup(self, request: HttpRequest, user: Any) -> None:  # noqa: ARG002 - allauth's signature
        """Keep name, language and consent with the new account."""
        assert isinstance(user, User)  # noqa: S101 - allauth makes the model of the settings
        open_account(user, name=self.cleaned_data["name"], language=get_language() or "en")
