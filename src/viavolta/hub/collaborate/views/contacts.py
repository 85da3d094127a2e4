"""Requests to talk: asked, received, answered."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from viavolta.hub.collaborate.actions.contacts import answer_contact, ask_for_contact
from viavolta.hub.collaborate.forms.collaborations import AnswerForm, ContactForm
from viavolta.hub.collaborate.models.contacts import ContactState
from viavolta.hub.collaborate.pages import acting_page, person_of
from viavolta.hub.collaborate.queries.contacts import addresses, contacts_of
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.pages import form_page
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.market.models import Entry, EntryState
from viavolta.hub.people.access import may
from viavolta.hub.people.models import Organisation, Role
from viavolta.hub.studies.sharing import links_of, visible_studies


@access(Access.SIGNED_IN)
def contacts(request: HttpRequest) -> HttpResponseBase:
    """All requests of the person's organisations."""
    table = Table(
        request,
        QueryRows(
            contacts_of(person_of(request)), search=("sender__name", "recipient__name", "text")
        ),
        (
            Column(
                key="sender",
                label=_("From"),
                sort="sender__name",
                link=lambda row: reverse("contact", args=(row.pk,)),
            ),
            Column(key="recipient", label=_("To"), sort="recipient__name"),
            Column(key="state", label=_("State"), value=lambda row: row.get_state_display()),
            Column(key="asked_at", label=_("Asked"), kind=Kind.MOMENT),
            Column(key="answered_at", label=_("Answered"), kind=Kind.MOMENT),
        ),
        sort="-asked_at",
        caption=_("Contact requests"),
        filters=(
            Filter(
                key="state",
                label=_("State"),
                choices=ContactState.choices,
                keep=lambda rows, choice: QueryRows(
                    rows.query.filter(state=choice), search=rows.search
                ),
            ),
        ),
        empty=Empty(
            title=_("No contact requests yet"),
            text=_("Ask for contact on the page of an organisation, a need or a solution."),
        ),
    )
    if table.is_export:
        return table.export("contacts")
    return render(
        request, "collaborate/list.html", {"title": _("Contact requests"), "table": table}
    )


@access(Access.SIGNED_IN)
def new_contact(request: HttpRequest) -> HttpResponseBase:
    """Ask an organisation (`?to=`) to talk, about an entry or a study if the address names one."""
    recipient = get_object_or_404(
        Organisation, slug=request.GET.get("to") or request.POST.get("to", ""), hidden=False
    )
    entry = Entry.objects.filter(
        slug=request.GET.get("entry", ""), organisation=recipient, state=EntryState.PUBLISHED
    ).first()
    study = (
        visible_studies(request.user, links_of(request))
        .filter(slug=request.GET.get("study", ""), organisation=recipient)
        .first()
    )

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        contact = ask_for_contact(
            person_of(request),
            cleaned["sender"],
            recipient,
            text=cleaned["text"],
            entry=entry,
            study=study,
        )
        return reverse("contact", args=(contact.pk,)), _("Your request has been sent.")

    return acting_page(
        request,
        ContactForm(person_of(request), request.POST or None),
        save,
        title=_("Ask %(organisation)s for contact") % {"organisation": recipient.name},
        lead=str(entry or study or ""),
        submit=_("Send"),
    )


@access(Access.READER)
def contact(request: HttpRequest, contact_id: int) -> HttpResponseBase:
    """A request and its answer; those who may answer find the form here."""
    row = get_object_or_404(contacts_of(person_of(request)), pk=contact_id)
    can_answer = row.state == ContactState.OPEN and may(request.user, row.recipient, Role.EDITOR)
    if request.method == "POST" and not can_answer:
        raise PermissionDenied

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        is_accepted = "accept" in request.POST
        answer_contact(person_of(request), row, is_accepted=is_accepted, answer=cleaned["answer"])
        text = _("You can now see each other's address.") if is_accepted else _("Declined.")
        return reverse("contact", args=(row.pk,)), text

    asked, answered = addresses(row)
    return form_page(
        request,
        AnswerForm(request.POST or None),
        save,
        template="collaborate/contact.html",
        title=f"{row.sender} → {row.recipient}",
        contact=row,
        can_answer=can_answer,
        asked_address=asked,
        answered_address=answered,
        crumbs=[(_("Contact requests"), reverse("contacts")), (str(row.recipient), "")],
    )
