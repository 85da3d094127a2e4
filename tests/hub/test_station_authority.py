"""The command that opens an authority for an organisation's stations."""

import json
from pathlib import Path

import pytest
from cryptography import x509
from django.conf import settings
from typer.testing import CliRunner

from viavolta.cli.app import app
from viavolta.hub.people.models import Organisation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _settings_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own settings and tables are in place already."""
    monkeypatch.setattr("viavolta.hub.site.start.set_up", lambda data: None)  # noqa: ARG005
    monkeypatch.setattr("viavolta.hub.site.start.migrate", lambda: None)


def test_an_authority_is_opened_for_an_organisation() -> None:
    """Twice the same; its key is in the data folder."""
    town = Organisation.objects.create(name="Town of X", slug="x", kind="city", country="SI")
    told = [CliRunner().invoke(app, ["station-authority", "x", "--json"]) for _ in range(2)]
    first, again = (json.loads(one.stdout) for one in told)
    assert first == again
    certificate = x509.load_pem_x509_certificate(first["certificate"].encode())
    assert certificate.subject.rfc4514_string() == "CN=stations,O=Town of X"
    assert (Path(settings.CONFIG.data) / "secrets" / f"station-authority-{town.pk}.pem").is_file()


def test_an_unknown_organisation_is_said_to_be_unknown() -> None:
    """With the code that the documentation has."""
    told = CliRunner().invoke(app, ["station-authority", "nobody", "--json"])
    assert told.exit_code == 2
    assert json.loads(told.stdout)["error"]["code"] == "no-such-organisation"


def test_an_authority_for_vehicles_is_another_one() -> None:
    """Its root is printed, the same each time; both keys are in the data folder."""
    town = Organisation.objects.create(name="Town of Y", slug="y", kind="city", country="SI")
    command = ["station-authority", "y", "--vehicles", "--json"]
    first, again = (json.loads(CliRunner().invoke(app, command).stdout) for _ in range(2))
    assert first == again
    root = x509.load_pem_x509_certificate(first["certificate"].encode())
    root.verify_directly_issued_by(root)
    secrets = Path(settings.CONFIG.data) / "secrets"
    for which in ("root", "authority"):
        key = secrets / f"v2g-{which}-{town.pk}.pem"
        assert key.stat().st_mode & 0o777 == 0o600
