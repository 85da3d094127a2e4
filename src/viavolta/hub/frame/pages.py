"""How pages answer a form or a button."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from viavolta.hub.frame.notices import done, refused
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.frame.versions import StaleEditError, Versioned

Words = str | Promise
Save = Callable[[dict[str, Any]], tuple[str, Words]]
"""Does what a valid form says; returns the next address and a sentence on what was done."""


def form_page(
    request: HttpRequest,
    form: forms.Form,
    save: Save,
    *,
    current: Callable[[], tuple[Versioned, Mapping[str, Any]]] | None = None,
    template: str = "frame/form_page.html",
    **context: Any,
) -> HttpResponseBase:
    """Show a form, and save it when it is posted and valid.

    A refusal is said on the form. When somebody else saved the same row in the meantime (`current`
    reads it with its fields), both texts are shown and the form then counts from the new version.
    """
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                address, text = save(form.cleaned_data)
            except RefusedError as error:
                form.add_error(None, str(error.reason))
            except StaleEditError:
                status = 409
                context["conflict"] = _conflict(form, current)
            else:
                done(request, text)
                return redirect(address)
    return render(request, template, {"form": form, **context}, status=status)


def _conflict(
    form: forms.Form, current: Callable[[], tuple[Versioned, Mapping[str, Any]]] | None
) -> list[tuple[str, str, str]]:
    """Label, mine and theirs of each field that differs; the form is moved to the new version."""
    if current is None:
        raise StaleEditError
    row, theirs = current()
    form.data = {**form.data, "version": str(row.version)}
    return [
        (
            str(form.fields[name].label or name),
            _shown(form[name].value()),
            _shown(theirs[name]),
        )
        for name in form.fields
        if name in theirs and _shown(form[name].value()) != _shown(theirs[name])
    ]


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)


def act(
    request: HttpRequest,
    do: Callable[[], object],
    text: Words,
    *,
    back: str,
    undo: str = "",
) -> HttpResponse:
    """Do what a button says and go back, saying what was done or why it was not."""
    try:
        do()
    except RefusedError as error:
        refused(request, error.reason)
    except StaleEditError:
        refused(request, _("Somebody else saved this in the meantime"))
    else:
        done(request, text, undo=undo)
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        back = wanted
    return redirect(back)
