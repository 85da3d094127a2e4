"""Who asks, and forms in which one acts for an organisation."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from viavolta.hub.frame.pages import Save, form_page
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Role, User


def person_of(request: HttpRequest) -> User:
    """The person who asks, on a page for those who are signed in.

    Raises
    ------
    PermissionDenied: nobody is signed in.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def acting_page(
    request: HttpRequest, form: forms.Form, save: Save, **context: Any
) -> HttpResponseBase:
    """A form in which one acts for an organisation; who has none is told how to get one."""
    user = request.user
    can_act = getattr(user, "is_moderator", False) or organisations_of(user, Role.EDITOR).exists()
    return form_page(
        request, form, save, template="collaborate/act_form.html", can_act=can_act, **context
    )
