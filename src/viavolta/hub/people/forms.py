"""Forms of accounts and organisations."""

from typing import Any

from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from viavolta.hub.people.models import (
    ApiToken,
    Invitation,
    Organisation,
    Report,
    Role,
    TokenScope,
)
from viavolta.hub.people.regions import (
    country_choices,
    find_region,
    region_label,
    regions_of,
)


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


class OrganisationForm(forms.ModelForm):  # type: ignore[type-arg] # no parameter at run time
    """What an organisation says of itself; `nuts` takes a code or a name."""

    nuts = forms.CharField(
        label=_("Region"),
        required=False,
        max_length=80,
        help_text=_("Name or NUTS code, such as Savinjska or SI034."),
        widget=forms.TextInput(attrs={"list": "regions", "autocomplete": "off"}),
    )
    website = forms.URLField(
        label=_("website"), required=False, max_length=200, assume_scheme="https"
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Organisation
        fields = (
            "name",
            "kind",
            "country",
            "nuts",
            "inhabitants",
            "size_band",
            "is_sme",
            "website",
            "about",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"] = forms.ChoiceField(
            label=_("Country"), choices=[("", "-"), *country_choices()]
        )
        self.fields["inhabitants"].help_text = _("For a city or region.")
        self.fields["is_sme"].help_text = _(
            "Fewer than 250 employees, and at most EUR 50 million turnover or EUR 43 million "
            "balance sheet, partners and owners counted in (Recommendation 2003/361/EC)."
        )
        self.order_fields(("name", "kind", "country"))
        self.initial["version"] = self.instance.version
        self.initial["nuts"] = region_label(self.instance.nuts)
        country = self.data.get("country") or self.instance.country
        self.regions = [f"{code} {name}" for code, name in regions_of(country).items()]

    def clean(self) -> dict[str, Any]:
        """Make a code of what was typed for the region."""
        fields = super().clean() or self.cleaned_data
        typed = fields.get("nuts", "")
        if typed:
            code = find_region(fields.get("country", ""), typed)
            if code is None:
                self.add_error("nuts", _("No region of this name in the country."))
            fields["nuts"] = code or ""
        return fields

    def values(self) -> dict[str, Any]:
        """The fields as the actions take them."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def _post_clean(self) -> None:
        """Leave the model's own checks to the action: the instance stays as it is kept."""


class LogoForm(forms.Form):
    """A picture."""

    logo = forms.FileField(
        label=_("Logo"),
        help_text=_("PNG, JPEG, WebP or GIF, up to 2 MB."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg] # no parameter at run time
    """Whom to invite, and as what."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.READER)

    class Meta:
        model = Invitation
        fields = ("email", "role")


class RoleForm(forms.Form):
    """A member's role."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class TokenForm(forms.ModelForm):  # type: ignore[type-arg] # no parameter at run time
    """A new token."""

    scope = forms.ChoiceField(label=_("Scope"), choices=TokenScope.choices, initial=TokenScope.READ)

    days = forms.IntegerField(label=_("Valid for days"), min_value=1, max_value=366, initial=180)

    class Meta:
        model = ApiToken
        fields = ("name", "scope")


class ReportForm(forms.ModelForm):  # type: ignore[type-arg] # no parameter at run time
    """What is wrong with something."""

    class Meta:
        model = Report
        fields = ("reason", "text")


class DecisionForm(forms.Form):
    """What a moderator decides, and why."""

    decision = forms.CharField(
        label=_("reason given to the author"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class EraseForm(forms.Form):
    """The last question before an account is erased."""

    agrees = forms.BooleanField(label=_("Erase my account and what belongs to it."))
