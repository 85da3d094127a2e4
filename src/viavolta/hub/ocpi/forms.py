"""Forms of roaming."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.forms import guided
from viavolta.hub.ocpi.models import Party, Place, Plug
from viavolta.hub.operate.tenants import zone_of
from viavolta.hub.people.models import Organisation
from viavolta.hub.people.regions import country_choices
from viavolta.protocols.ocpi.objects import enumerations
from viavolta.storage.tables.stations import Station

_CODE = r"[A-Za-z0-9]{3}"


class PartyForm(forms.Form):
    """Who we are in roaming."""

    country_code = forms.RegexField(
        label=_("country code"),
        regex="[A-Za-z]{2}",
        max_length=2,
        help_text=_("Two letters, such as AT."),
    )
    party_id = forms.RegexField(
        label=_("party ID"),
        regex=_CODE,
        max_length=3,
        help_text=_("Three letters or digits, as the ID registration of your country gave them."),
    )
    name = forms.CharField(label=_("name of the business"), max_length=100)
    website = forms.URLField(
        label=_("website"), max_length=255, required=False, assume_scheme="https"
    )
    is_cpo = forms.BooleanField(label=_("operator of stations (CPO)"), required=False, initial=True)
    is_emsp = forms.BooleanField(label=_("issuer of cards (EMSP)"), required=False)

    def __init__(
        self, tenant: Organisation, data: QueryDict | None = None, *, row: Party | None = None
    ) -> None:
        usual = {
            "country_code": tenant.country,
            "name": tenant.name[:100],
            "website": tenant.website,
        }
        known = usual if row is None else {name: getattr(row, name) for name in self.base_fields}
        super().__init__(data, initial=known)

    def clean_country_code(self) -> str:
        """In capitals."""
        return str(self.cleaned_data["country_code"]).upper()

    def clean_party_id(self) -> str:
        """In capitals."""
        return str(self.cleaned_data["party_id"]).upper()


class InviteForm(forms.Form):
    """A partner to invite."""

    name = forms.CharField(label=_("name"), max_length=80)


class ConnectForm(forms.Form):
    """A partner that invited us."""

    name = forms.CharField(label=_("name"), max_length=80)
    versions_url = forms.URLField(
        label=_("address of its versions"),
        max_length=255,
        assume_scheme="https",
        help_text=_("As the partner told it, often ending in /versions."),
    )
    token = forms.CharField(
        label=_("its token A"),
        max_length=64,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("It is used once; both sides get new ones."),
    )


class PlaceForm(forms.Form):
    """A site as partners see it."""

    site = forms.ChoiceField(label=_("site"))
    name = forms.CharField(label=_("name"), max_length=255, required=False)
    address = forms.CharField(label=_("street and number"), max_length=45)
    postal_code = forms.CharField(label=_("postal code"), max_length=10, required=False)
    city = forms.CharField(label=_("town"), max_length=45)
    country = forms.ChoiceField(label=_("country"))
    lat = forms.FloatField(label=_("latitude"), min_value=-90, max_value=90)
    lon = forms.FloatField(label=_("longitude"), min_value=-180, max_value=180)
    time_zone = forms.ChoiceField(
        label=_("time zone"), choices=[(zone, zone) for zone in sorted(available_timezones())]
    )
    is_always_open = forms.BooleanField(label=_("open at all hours"), required=False, initial=True)

    def __init__(
        self,
        tenant: Organisation,
        data: QueryDict | None = None,
        *,
        row: Place | None = None,
        site: str = "",
    ) -> None:
        stations = Station.objects.filter(tenant_id=tenant.pk).exclude(site="")
        known: dict[str, Any] = {"site": site, "country": tenant.country}
        known["time_zone"] = zone_of(tenant).key
        placed = stations.filter(site=site).exclude(lat=None).exclude(lon=None).first()
        if placed is not None:
            known |= {"lat": placed.lat, "lon": placed.lon}
        if row is not None:
            known = {name: getattr(row, name) for name in self.base_fields}
        super().__init__(data, initial=known)
        sites = set(stations.values_list("site", flat=True)) | ({row.site} if row else set())
        self.fields["site"].choices = [(one, one) for one in sorted(sites)]  # type: ignore[attr-defined] # a choice field
        self.fields["country"].choices = country_choices()  # type: ignore[attr-defined] # a choice field
        guided(self, units={"lat": "°", "lon": "°"})


class PlugForm(forms.Form):
    """What a connector is."""

    station = forms.TypedChoiceField(label=_("station"), coerce=int)
    evse = forms.IntegerField(label=_("EVSE (0: all others)"), min_value=0, max_value=999)
    connector = forms.IntegerField(label=_("connector (0: all others)"), min_value=0, max_value=99)
    standard = forms.ChoiceField(label=_("standard"))
    format = forms.ChoiceField(label=_("format"))
    power_type = forms.ChoiceField(label=_("current"))
    max_voltage = forms.IntegerField(
        label=_("voltage"),
        min_value=1,
        max_value=2000,
        help_text=_("With alternating current between a phase and neutral, such as 230."),
    )
    max_amperage = forms.IntegerField(label=_("current at most"), min_value=1, max_value=2000)

    def __init__(
        self, tenant: Organisation, data: QueryDict | None = None, *, row: Plug | None = None
    ) -> None:
        known: dict[str, Any] = {"evse": 0, "connector": 0, "max_voltage": 230}
        if row is not None:
            known = {"station": row.station_id, **_kept(row)}
        super().__init__(data, initial=known)
        stations = Station.objects.filter(tenant_id=tenant.pk)
        self.fields["station"].choices = [(row.pk, row.identity) for row in stations]  # type: ignore[attr-defined] # a choice field
        for name, words in _WORDS.items():
            self.fields[name].choices = [(w, w) for w in enumerations()[words]]  # type: ignore[attr-defined] # a choice field
        guided(self, units={"max_voltage": "V", "max_amperage": "A"})


_WORDS = {"standard": "ConnectorType", "format": "ConnectorFormat", "power_type": "PowerType"}


def _kept(row: Plug) -> dict[str, Any]:
    names = ("evse", "connector", "standard", "format", "power_type", "max_voltage", "max_amperage")
    return {name: getattr(row, name) for name in names}
