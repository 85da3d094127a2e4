"""Where allauth asks the hub: where to go after sign-in, and in which language."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from viavolta.hub.people.documents import lacks_consent


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth is untyped
    """The hub's answers."""

    def send_account_already_exists_mail(self, email: str) -> None:
        """Take as long as making an account does, so that time does not tell who has one."""
        make_password("as slow as a new account")
        super().send_account_already_exists_mail(email)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponseBase:
        """Speak the person's language, and ask for consent where a document has changed."""
        answer: HttpResponseBase = super().post_login(request, user, **kwargs)
        if user.language:
            answer.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                user.language,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                samesite="Lax",
            )
        if lacks_consent(user) and answer.headers.get("Location"):
            onward = urlencode({"next": answer.headers["Location"]})
            answer.headers["Location"] = f"{reverse('consent')}?{onward}"
        return answer
