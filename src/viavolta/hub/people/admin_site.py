"""Django's admin, for the people who run the place: staff with a second factor, nobody else."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from viavolta.hub.frame.access import is_strong


class HubAdmin(AdminSite):
    """The admin behind the hub's own sign-in, with its limits and its second factor."""

    site_header = site_title = "viavolta"

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff only, and only with more than a password."""
        return super().has_permission(request) and is_strong(request)

    def login(
        self,
        request: HttpRequest,
        extra_context: dict[str, object] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        """Send visitors to the hub's sign-in; staff without a second factor to set one up."""
        if request.user.is_authenticated:
            is_staff = request.user.is_staff and request.user.is_active
            return redirect("mfa_index" if is_staff else "home")
        return redirect_to_login(request.GET.get("next", request.get_full_path()))
