"""Organisations: made, found, changed without overwriting, never without an owner."""

import io

import pytest
from cast import Cast
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from viavolta.hub.frame.models import Event
from viavolta.hub.people.actions import change_organisation, create_organisation, end_membership
from viavolta.hub.people.models import Membership, Organisation, Role
from viavolta.hub.people.regions import find_region, region_name, regions_of

FIELDS = {"name": "Celje", "kind": "city", "country": "SI", "nuts": "Savinjska"}


def test_who_makes_an_organisation_owns_it(cast: Cast) -> None:
    """The form takes a region by name; the maker becomes owner; the event is kept."""
    browser = cast.client("stranger")
    assert browser.post("/organisations/new/", FIELDS).status_code == 302
    made = Organisation.objects.get(slug="celje")
    assert made.nuts == "SI034"
    assert Membership.objects.get(organisation=made).role == Role.OWNER
    assert Event.objects.filter(verb="organisation joined", organisation_id=made.pk).exists()
    page = browser.get("/organisations/celje/").content.decode()
    assert "SI034 Savinjska" in page


def test_two_organisations_of_one_name_have_two_addresses(cast: Cast) -> None:
    """The second gets a number; a name that is an address of ours does too."""
    stranger = cast.users["stranger"]
    slugs = [
        create_organisation(stranger, {"name": name, "kind": "ngo", "country": "AT"}).slug
        for name in ("Sampleton", "New")
    ]
    assert slugs == ["sampleton-2", "new-2"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"country": "US"},
        {"nuts": "AT130"},
        {"is_sme": True, "size_band": "250+", "kind": "ngo"},
        {"is_sme": True},
    ],
)
def test_what_does_not_fit_is_refused(cast: Cast, wrong: dict[str, object]) -> None:
    """Unknown countries, regions of other countries and SMEs that cannot be one."""
    fields = {"name": "X", "kind": "city", "country": "SI", **wrong}
    with pytest.raises(ValidationError):
        create_organisation(cast.users["stranger"], fields)


def test_an_edit_never_overwrites_another(cast: Cast) -> None:
    """The second of two edits from the same version is refused and shows both texts."""
    browser = cast.client("owner")
    edit = {"name": "Sampleton", "kind": "city", "country": "AT", "version": 1}
    assert (
        browser.post("/organisations/sampleton/edit/", {**edit, "about": "one"}).status_code == 302
    )
    page = browser.post("/organisations/sampleton/edit/", {**edit, "about": "two"}).content.decode()
    cast.organisation.refresh_from_db()
    assert (cast.organisation.about, cast.organisation.version) == ("one", 2)
    assert "<p>two</p>" in page
    assert "<p>one</p>" in page
    assert 'name="version" value="2"' in page


def test_only_owners_change_an_organisation(cast: Cast) -> None:
    """The action itself refuses editors."""
    with pytest.raises(PermissionDenied):
        change_organisation(cast.users["editor"], cast.organisation, {"about": "mine"}, seen=1)


def test_the_last_owner_stays(cast: Cast) -> None:
    """She can neither leave nor step down until somebody else is owner."""
    mine = Membership.objects.get(user=cast.users["owner"])
    with pytest.raises(ValidationError):
        end_membership(cast.users["owner"], mine)
    browser = cast.client("owner")
    browser.post(f"/members/{mine.pk}/role/", {"role": "reader"})
    mine.refresh_from_db()
    assert mine.role == Role.OWNER
    other = Membership.objects.get(user=cast.users["editor"])
    browser.post(f"/members/{other.pk}/role/", {"role": "owner"})
    browser.post(f"/members/{mine.pk}/end/")
    assert not Membership.objects.filter(user=cast.users["owner"]).exists()


def test_a_logo_is_made_anew(cast: Cast) -> None:
    """Only pixels of the uploaded picture are kept; what is no picture is refused."""
    out = io.BytesIO()
    Image.new("RGB", (900, 300), "green").save(out, "JPEG", comment=b"secret")
    browser = cast.client("owner")
    sent = SimpleUploadedFile("logo.jpg", out.getvalue() + b"<script>", "image/jpeg")
    browser.post("/organisations/sampleton/logo/set/", {"logo": sent})
    answer = browser.get("/organisations/sampleton/logo/")
    content = b"".join(answer.streaming_content)
    answer.close()
    with Image.open(io.BytesIO(content)) as kept:
        assert (kept.format, kept.size) == ("PNG", (320, 107))
    assert b"secret" not in content
    assert b"<script>" not in content
    page = SimpleUploadedFile("logo.png", b"<svg onload=alert(1)>", "image/png")
    before = Organisation.objects.get(pk=cast.organisation.pk).logo
    browser.post("/organisations/sampleton/logo/set/", {"logo": page})
    assert Organisation.objects.get(pk=cast.organisation.pk).logo == before


def test_the_list_is_filtered_and_exported(cast: Cast) -> None:
    """Facets of the address narrow the list; the file holds what the table shows."""
    create_organisation(
        cast.users["stranger"], {"name": "Ladewerk", "kind": "sme", "country": "DE", "is_sme": True}
    )
    browser = cast.client("anonymous")
    page = browser.get("/organisations/?kind=sme").content.decode()
    assert "Ladewerk" in page
    assert "Sampleton" not in page
    assert "Sampleton" in browser.get("/organisations/?in=AT").content.decode()


def test_hidden_organisations_are_for_members_and_moderators(cast: Cast) -> None:
    """Others get the page for nothing there."""
    Organisation.objects.filter(pk=cast.organisation.pk).update(hidden=True)
    answers = {
        who: cast.client(who).get("/organisations/sampleton/").status_code
        for who in ("anonymous", "stranger", "reader", "moderator")
    }
    assert answers == {"anonymous": 404, "stranger": 404, "reader": 200, "moderator": 200}


def test_regions_are_found_by_code_and_name() -> None:
    """Codes of the Commission's table, with Greece and the United Kingdom by their ISO codes."""
    assert find_region("SI", "savinjska") == find_region("SI", "SI034 Savinjska") == "SI034"
    assert find_region("SI", "Wien") is None
    assert region_name("ITH20") == "Trento"
    assert "EL30" in regions_of("GR")
    assert "UKI" in regions_of("GB")
