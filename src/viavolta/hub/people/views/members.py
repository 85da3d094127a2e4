"""Members of an organisation, invitations and tokens."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.notices import done
from viavolta.hub.people.access import require, require_member, role_in, visitor
from viavolta.hub.people.actions import change_role, end_membership
from viavolta.hub.people.forms import InvitationForm, LogoForm, RoleForm, TokenForm
from viavolta.hub.people.invitations import (
    accept_invitation,
    invite,
    open_invitation,
    revoke_invitation,
)
from viavolta.hub.people.models import (
    ApiToken,
    Invitation,
    Membership,
    Organisation,
    Role,
    TokenScope,
)
from viavolta.hub.people.queries import (
    members_of,
    open_invitations,
    tokens_of,
    visible_organisations,
)
from viavolta.hub.people.tokens import make_token, revoke_token


@access(Access.READER)
def members(request: HttpRequest, organisation: str) -> HttpResponse:
    """Who belongs to the organisation; owners invite, change roles and make tokens."""
    row = _member_of(request, organisation)
    return _page(request, row)


@access(Access.OWNER)
@require_POST
def send_invitation(request: HttpRequest, organisation: str) -> HttpResponse:
    """Invite somebody by e-mail."""
    row = _owned(request, organisation)
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, row, invitation_form=form)
    invite(
        visitor(request),
        row,
        email=form.cleaned_data["email"],
        role=Role(form.cleaned_data["role"]),
    )
    done(request, _("The invitation is on its way."))
    return redirect("organisation-members", row.slug)


@access(Access.OWNER)
@require_POST
def revoke(request: HttpRequest, invitation: int) -> HttpResponse:
    """End an open invitation."""
    row = get_object_or_404(Invitation.objects.select_related("organisation"), pk=invitation)
    _owned(request, row.organisation.slug)
    revoke_invitation(visitor(request), row)
    done(request, _("The invitation is revoked."))
    return redirect("organisation-members", row.organisation.slug)


@access(Access.SIGNED_IN)
def accept(request: HttpRequest, invitation_secret: str) -> HttpResponse:
    """Show an invitation, and accept it."""
    found = open_invitation(invitation_secret)
    if found is None:
        return render(
            request,
            "people/invitation.html",
            {"title": _("This invitation is no longer open")},
            status=410,
        )
    if request.method == "POST":
        accept_invitation(visitor(request), found)
        done(request, _("Welcome to viavolta."))
        return redirect(found.organisation)
    return render(
        request,
        "people/invitation.html",
        {
            "title": _("Invitation to %(organisation)s") % {"organisation": found.organisation},
            "invitation": found,
        },
    )


@access(Access.OWNER)
@require_POST
def set_role(request: HttpRequest, membership: int) -> HttpResponse:
    """Give a member another role."""
    row = _membership(request, membership)
    require(request.user, row.organisation, Role.OWNER)
    form = RoleForm(request.POST)
    if form.is_valid():
        _try(request, change_role, row, Role(form.cleaned_data["role"]))
    return redirect("organisation-members", row.organisation.slug)


@access(Access.READER)
@require_POST
def end(request: HttpRequest, membership: int) -> HttpResponse:
    """Leave, or take a member out."""
    row = _membership(request, membership)
    leaves = row.user_id == request.user.pk
    if not leaves:
        require(request.user, row.organisation, Role.OWNER)
    _try(request, end_membership, row)
    if leaves:
        return redirect("account")
    return redirect("organisation-members", row.organisation.slug)


@access(Access.OWNER)
@require_POST
def new_token(request: HttpRequest, organisation: str) -> HttpResponse:
    """Make a token and show it once."""
    row = _owned(request, organisation)
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, row, token_form=form)
    fields = form.cleaned_data
    _token, text = make_token(
        visitor(request),
        row,
        name=fields["name"],
        scope=TokenScope(fields["scope"]),
        days=fields["days"],
    )
    answer = _page(request, row, new_token=text)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@access(Access.OWNER)
@require_POST
def end_token(request: HttpRequest, api_token: int) -> HttpResponse:
    """Revoke a token."""
    row = get_object_or_404(ApiToken.objects.select_related("organisation"), pk=api_token)
    _owned(request, row.organisation.slug)
    revoke_token(visitor(request), row)
    done(request, _("The token is revoked."))
    return redirect("organisation-members", row.organisation.slug)


def _page(request: HttpRequest, row: Organisation, **more: Any) -> HttpResponse:
    is_owner = role_in(request.user, row) == Role.OWNER
    context = {
        "title": _("Members"),
        "crumbs": [(row.name, row.get_absolute_url()), (_("Members"), "")],
        "organisation": row,
        "is_owner": is_owner,
        "members": members_of(row),
        "roles": Role.choices,
        "invitations": open_invitations(row) if is_owner else [],
        "tokens": tokens_of(row) if is_owner else [],
        "invitation_form": InvitationForm(),
        "token_form": TokenForm(),
        "logo_form": LogoForm(),
    }
    return render(request, "people/members.html", {**context, **more})


def _try(request: HttpRequest, action: Any, row: Membership, *values: Any) -> None:
    try:
        action(visitor(request), row, *values)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        done(request, _("Saved."))


def _member_of(request: HttpRequest, slug: str) -> Organisation:
    row = get_object_or_404(visible_organisations(request.user), slug=slug)
    require_member(request.user, row, Role.READER)
    return row


def _owned(request: HttpRequest, slug: str) -> Organisation:
    row = get_object_or_404(visible_organisations(request.user), slug=slug)
    require_member(request.user, row, Role.OWNER)
    return row


def _membership(request: HttpRequest, pk: int) -> Membership:
    """A membership of an organisation the visitor belongs to."""
    row = get_object_or_404(Membership.objects.select_related("organisation", "user"), pk=pk)
    require_member(request.user, row.organisation, Role.READER)
    return row
