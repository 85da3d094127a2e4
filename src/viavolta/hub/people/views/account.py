"""A person's own pages, and the documents everybody may read."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as set_language_cookie

from viavolta.hub.frame.access import Access, access, has_second_factor
from viavolta.hub.people.access import visitor
from viavolta.hub.people.actions import change_account, give_consent
from viavolta.hub.people.documents import VERSIONS, lacks_consent
from viavolta.hub.people.forms import AccountForm, ConsentForm, EraseForm
from viavolta.hub.people.models import Document, Role, User
from viavolta.hub.people.privacy import erase, export_of, what_is_kept
from viavolta.hub.people.queries import memberships_of, sole_owner_of


@access(Access.SIGNED_IN)
def account(request: HttpRequest) -> HttpResponse:
    """Name, language, ways of signing in, and where the person's data can be had or erased."""
    user = visitor(request)
    form = AccountForm(request.POST or None, initial={"name": user.name, "language": user.language})
    if request.method == "POST" and form.is_valid():
        change_account(user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return _with_language(redirect("account"), user.language)
    memberships = memberships_of(user)
    return render(
        request,
        "people/account.html",
        {
            "title": _("Your account"),
            "form": form,
            "memberships": memberships,
            "consents": user.consents.all(),
            "has_second_factor": has_second_factor(user),
            "should_have_one": user.is_moderator
            or user.is_staff
            or any(row.role == Role.OWNER for row in memberships),
        },
    )


@access(Access.SIGNED_IN)
def consent(request: HttpRequest) -> HttpResponse:
    """Ask again where a document has changed since the person agreed."""
    user = visitor(request)
    onward = _safe_next(request)
    if not lacks_consent(user):
        return redirect(onward)
    form = ConsentForm(request.POST or None, initial={"next": onward})
    if request.method == "POST" and form.is_valid():
        give_consent(user)
        return redirect(onward)
    return render(
        request, "people/consent.html", {"title": _("Our terms have changed"), "form": form}
    )


@access(Access.PUBLIC)
def terms(request: HttpRequest) -> HttpResponse:
    """The terms of use."""
    return _document(request, Document.TERMS, _("Terms of use"))


@access(Access.PUBLIC)
def privacy_notice(request: HttpRequest) -> HttpResponse:
    """What is kept of a person, why, how long, and her rights."""
    return _document(request, Document.PRIVACY, _("Privacy notice"))


def _document(request: HttpRequest, document: Document, title: str) -> HttpResponse:
    context = {
        "title": title,
        "document_version": VERSIONS[document],
        "operator": settings.OPERATOR,
        "contact": settings.CONTACT,
    }
    return render(request, f"people/{document.value}.html", context)


@access(Access.PUBLIC)
@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Change the language of the pages, and remember it for those who are signed in."""
    answer = set_language_cookie(request)
    wanted = request.POST.get("language", "")
    if isinstance(request.user, User) and wanted in dict(settings.LANGUAGES):
        change_account(request.user, name=request.user.name, language=wanted)
    return answer


def _with_language(answer: HttpResponse, language: str) -> HttpResponse:
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
    return answer


def _safe_next(request: HttpRequest) -> str:
    """Where to go on: an address of this hub, or the first page."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else "/"


@access(Access.SIGNED_IN)
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """All data held of the person, as a zip."""
    answer = HttpResponse(export_of(visitor(request)), content_type="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@access(Access.SIGNED_IN)
@reauthentication_required(app="allauth.account")  # type: ignore[untyped-decorator] # allauth is untyped
def erase_account(request: HttpRequest) -> HttpResponseBase:
    """Say what stays and why, then erase the account; asks for the password again first."""
    user = visitor(request)
    form = EraseForm(request.POST or None)
    alone = list(sole_owner_of(user))
    if request.method == "POST" and not alone and form.is_valid():
        erase(user)
        logout(request)
        messages.success(request, _("Your account is erased."))
        return redirect("home")
    context = {
        "title": _("Erase my account"),
        "form": form,
        "alone": alone,
        "kept": what_is_kept(),
        "cancel_url": reverse("account"),
    }
    return render(request, "people/erase.html", context)
