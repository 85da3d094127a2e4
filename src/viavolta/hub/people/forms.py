"""Forms of accounts and organisations."""

from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


def _document_links() -> str:
    return format_html(
        '<a href="{}" target="_blank">{}</a> · <a href="{}" target="_blank">{}</a>',
        reverse("terms"),
        gettext("Terms of use"),
        reverse("privacy-notice"),
        gettext("Privacy notice"),
    )


document_links = lazy(_document_links, str)()


class AccountForm(forms.Form):
    """What a person says of herself."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class ConsentForm(forms.Form):
    """Agreement to the current documents."""

    agrees = forms.BooleanField(
        label=_("I agree to the terms of use and have read the privacy notice."),
        help_text=document_links,
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)
