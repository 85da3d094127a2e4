"""Forms of running stations."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.forms import guided
from viavolta.hub.operate.asks import LABELS, Wanted
from viavolta.hub.operate.queries.limits import limits_of
from viavolta.hub.operate.queries.stations import limit_ids_of
from viavolta.hub.operate.words import CERTIFICATE_KINDS, TOKEN_STATES
from viavolta.hub.people.models import Organisation
from viavolta.protocols.ocpp.actions import FROM_CENTRAL
from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.tables.live import SiteLimit

PROFILES = (
    (1, _("1: a key, over a protected network only")),
    (2, _("2: a key, over TLS")),
    (3, _("3: a certificate of its own, over TLS")),
)
TOKEN_KINDS = ("ISO14443", "ISO15693", "eMAID", "Central", "KeyCode", "Local", "MacAddress")
is_identity = RegexValidator(
    r"^[A-Za-z0-9*\-_=:+|@.]{1,48}$",
    _("Letters, digits and * - _ = : + | @ . only, at most 48 (OCPP-J)."),
)


class StationForm(forms.Form):
    """What an owner says of a station."""

    identity = forms.CharField(
        label=_("Identity"),
        max_length=48,
        validators=[is_identity],
        help_text=_("The last part of the address that the station calls."),
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    site = forms.CharField(label=_("Site"), max_length=120, required=False)
    limit_id = forms.ChoiceField(
        label=_("Limit"),
        required=False,
        help_text=_("The limit of power that the station shares with others."),
    )
    security_profile = forms.TypedChoiceField(
        label=_("Least security profile"), choices=PROFILES, coerce=int, initial=1
    )
    lat = forms.FloatField(label=_("Latitude"), min_value=-85, max_value=85, required=False)
    lon = forms.FloatField(label=_("Longitude"), min_value=-180, max_value=180, required=False)

    def __init__(self, tenant: Organisation, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = limit_ids_of(tenant)
        self.fields["limit_id"].choices = [("", _("none")), *((n, n) for n in names)]  # type: ignore[attr-defined] # a choice field
        if not is_new:
            del self.fields["identity"]

    def clean(self) -> dict[str, Any]:
        """Both parts of a place, or none."""
        cleaned: dict[str, Any] = super().clean() or {}
        if (cleaned.get("lat") is None) != (cleaned.get("lon") is None):
            raise ValidationError({"lon": _("A place needs latitude and longitude.")})
        return cleaned


class WishForm(forms.Form):
    """What people ask of stations most."""

    wanted = forms.ChoiceField(
        label=_("What the station should do"),
        choices=[(wish.value, label) for wish, label in LABELS.items()],
    )
    evse = forms.IntegerField(
        label=_("EVSE"),
        min_value=0,
        max_value=999,
        initial=1,
        help_text=_("0 means the whole station."),
    )
    connector = forms.IntegerField(label=_("Connector"), min_value=1, max_value=99, initial=1)
    token = forms.CharField(
        label=_("Token"), max_length=36, required=False, help_text=_("To start charging only.")
    )

    def clean(self) -> dict[str, Any]:
        """A start needs a token."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("wanted") == Wanted.START and not cleaned.get("token"):
            raise ValidationError({"token": _("To start charging a token is needed.")})
        return cleaned


class AnyCommandForm(forms.Form):
    """Any command of the station's version, with its payload as on the wire."""

    action = forms.ChoiceField(label=_("Command"))
    payload = forms.CharField(
        label=_("Payload (JSON)"),
        initial="{}",
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def __init__(self, version: Version, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted(FROM_CENTRAL[version])
        self.fields["action"].choices = [(name, name) for name in names]  # type: ignore[attr-defined] # a choice field

    def clean_payload(self) -> dict[str, Any]:
        """The payload as an object."""
        try:
            found = json.loads(self.cleaned_data["payload"])
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("This is no JSON.")) from error
        if not isinstance(found, dict):
            raise ValidationError(_("A payload is a JSON object."))
        return found


class LimitForm(forms.Form):
    """What an owner says of a limit."""

    limit_id = forms.SlugField(label=_("Short name"), max_length=120)
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    parent = forms.ModelChoiceField(
        SiteLimit.objects.none(), label=_("Hangs on"), required=False, empty_label=_("none")
    )
    import_kw = forms.FloatField(label=_("Most power drawn"), min_value=0, required=False)
    export_kw = forms.FloatField(label=_("Most power fed back"), min_value=0, required=False)
    fuse_a = forms.FloatField(label=_("Fuse of each phase"), min_value=0, required=False)

    def __init__(self, tenant: Organisation, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = limits_of(tenant)  # type: ignore[attr-defined] # a choice of rows
        guided(self, units={"import_kw": "kW", "export_kw": "kW", "fuse_a": "A"})
        if not is_new:
            del self.fields["limit_id"]


class SetLimitForm(forms.Form):
    """The slider of a limit."""

    import_kw = forms.FloatField(min_value=0, max_value=1_000_000)


class PricesForm(forms.Form):
    """A file of prices."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV with start, buy_eur_per_kwh, sell_eur_per_kwh and, if you have it, co2_g_per_kwh."
        ),
    )


class TokenForm(forms.Form):
    """A card, contract or other token."""

    token = forms.CharField(label=_("Token"), max_length=255)
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("not known")), *((name, name) for name in TOKEN_KINDS)],
    )
    status = forms.ChoiceField(label=_("Status"), choices=TOKEN_STATES)
    group = forms.CharField(label=_("Group"), max_length=36, required=False)
    expires_at = forms.DateTimeField(
        label=_("Valid until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )


class WindowForm(forms.Form):
    """How long stations may call, and how many may wait."""

    hours = forms.IntegerField(label=_("Open for"), min_value=1, max_value=744, initial=24)
    capacity = forms.IntegerField(
        label=_("Stations that may wait"), min_value=1, max_value=1000, initial=50
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guided(self, units={"hours": _("hours")})


class CertificateForm(forms.Form):
    """A certificate to trust."""

    kind = forms.ChoiceField(label=_("Kind"), choices=CERTIFICATE_KINDS)
    certificate = forms.CharField(
        label=_("Certificate"),
        max_length=16_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_("As PEM: from BEGIN CERTIFICATE to END CERTIFICATE."),
    )


class PoolForm(forms.Form):
    """Where contract certificates of vehicles are asked for."""

    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        required=False,
        help_text=_("An https address; empty where there is no pool."),
    )
    token = forms.CharField(
        label=_("Token"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Shown to the pool with each question. Empty leaves the one that there is."),
    )
