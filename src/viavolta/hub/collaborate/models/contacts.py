"""One organisation asks another to talk."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.market.models import Entry
from viavolta.hub.people.models import Organisation, User
from viavolta.hub.studies.models import Study


class ContactState(models.TextChoices):
    """Where a contact request stands."""

    OPEN = "open", _("open")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")


class ContactRequest(models.Model):
    """A request to talk; e-mail addresses are shown to both sides once it is accepted."""

    sender = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="asked")
    recipient = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="was_asked")
    entry = models.ForeignKey(Entry, null=True, blank=True, on_delete=models.SET_NULL)
    study = models.ForeignKey(Study, null=True, blank=True, on_delete=models.SET_NULL)
    text = models.TextField(max_length=4000)
    state = models.CharField(
        max_length=8, choices=ContactState.choices, default=ContactState.OPEN, db_index=True
    )
    asked_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="contacts_asked"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(max_length=4000, blank=True)
    answered_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="contacts_answered"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-asked_at", "-id")

    def __str__(self) -> str:
        return f"{self.sender} - {self.recipient}"
