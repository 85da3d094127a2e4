"""Letters by e-mail: plain text, in the language that is active, never holding up a page."""

import logging
import smtplib
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

log = logging.getLogger(__name__)


def send_letter(to: str, *, subject: str, template: str, context: Mapping[str, Any]) -> bool:
    """Send one letter; False, and a line in the log, if the mail server does not take it."""
    more = {"operator": settings.OPERATOR, "contact": settings.CONTACT, "origin": settings.ORIGIN}
    message = EmailMessage(
        subject=" ".join(f"viavolta: {subject}".split()),
        body=render_to_string(template, {**more, **context}),
        to=[to],
    )
    try:
        message.send()
    except (OSError, smtplib.SMTPException) as error:
        log.warning("letter not sent", extra={"reason": type(error).__name__})
        return False
    return True
