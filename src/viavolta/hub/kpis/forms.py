"""The form of the baseline date."""

from django import forms
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.forms.fields import DayField


class BaselineForm(forms.Form):
    """A date and why it is the one."""

    on = DayField(label=_("Baseline date"))
    note = forms.CharField(label=_("Reason"), max_length=300)
