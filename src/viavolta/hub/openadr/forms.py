"""Forms of grid signals."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.forms import guided
from viavolta.hub.openadr.connections import LONGEST_POLL_S, SHORTEST_POLL_S
from viavolta.hub.openadr.models import Client, ClientRole, Connection
from viavolta.hub.operate.queries.stations import limit_ids_of
from viavolta.hub.people.models import Organisation
from viavolta.protocols.openadr.objects import Version


class ClientForm(forms.ModelForm):  # type: ignore[type-arg] # no parameter at run time
    """A new client of our VTN."""

    role = forms.ChoiceField(label=_("Role"), choices=ClientRole.choices)

    class Meta:
        model = Client
        fields = ("name", "role", "sets_prices")


class ConnectionForm(forms.Form):
    """A VTN to follow."""

    name = forms.CharField(label=_("name"), max_length=80)
    url = forms.URLField(
        label=_("address of the VTN"),
        max_length=500,
        assume_scheme="https",
        help_text=_("With its version, such as https://…/openadr3/3.0.1."),
    )
    version = forms.ChoiceField(
        label=_("version of OpenADR"), choices=[(v.value, v.value) for v in Version]
    )
    client_id = forms.CharField(label=_("client ID"), max_length=255)
    secret = forms.CharField(
        label=_("client secret"),
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    token_url = forms.URLField(
        label=_("address for tokens"),
        max_length=500,
        assume_scheme="https",
        required=False,
        help_text=_("Empty: that of the VTN, with /auth/token."),
    )
    ven_name = forms.CharField(label=_("name of our VEN"), max_length=128)
    limit_id = forms.ChoiceField(
        label=_("limit"),
        required=False,
        help_text=_("For events that name no limit of yours; else the top of the tree."),
    )
    takes_limits = forms.BooleanField(label=_("its limits hold"), required=False, initial=True)
    takes_prices = forms.BooleanField(label=_("its prices count"), required=False)
    sends_reports = forms.BooleanField(
        label=_("send the reports that it asks for"), required=False, initial=True
    )
    poll_s = forms.IntegerField(
        label=_("seconds between looks"),
        min_value=SHORTEST_POLL_S,
        max_value=LONGEST_POLL_S,
        initial=30,
    )
    is_on = forms.BooleanField(label=_("follow it"), required=False, initial=True)

    def __init__(
        self, tenant: Organisation, data: QueryDict | None = None, *, row: Connection | None = None
    ) -> None:
        known = (
            {}
            if row is None
            else {key: getattr(row, key) for key in self.base_fields if key != "secret"}
        )
        super().__init__(data, initial=known or {"ven_name": tenant.slug})
        names = limit_ids_of(tenant)
        self.fields["limit_id"].choices = [("", _("none")), *((n, n) for n in names)]  # type: ignore[attr-defined] # a choice field
        guided(self, units={"poll_s": "s"})
        if row is not None:
            self.fields["secret"].required = False
            self.fields["secret"].help_text = _("Empty: as it is.")


class ProgramsForm(forms.Form):
    """Which programmes are followed."""

    programs = forms.MultipleChoiceField(
        label=_("Programmes"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, row: Connection, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"programs": row.programs})
        names = sorted({*row.offered, *row.programs})
        self.fields["programs"].choices = [(n, n) for n in names]  # type: ignore[attr-defined] # a choice field
