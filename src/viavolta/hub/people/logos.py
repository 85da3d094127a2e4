"""Logos: whatever picture is sent, a small PNG of our own making is kept."""

import hashlib
import io
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from viavolta.hub.people.models import Organisation

LARGEST_BYTES = 2_000_000
LARGEST_PIXELS = 16_000_000
EDGE_PX = 320
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def keep_logo(file: Any) -> str:
    """Re-encode an uploaded picture and keep it; its name, from its content.

    Nothing of the file but its pixels is kept: no metadata, no trailing bytes.

    Raises
    ------
    ValidationError: too large, or not a PNG, JPEG, WebP or GIF.
    """
    content = reencoded(file)
    name = f"{hashlib.sha256(content).hexdigest()[:32]}.png"
    path = logo_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return name


def reencoded(file: Any) -> bytes:
    """The picture as PNG, at most EDGE_PX wide and high."""
    if file.size > LARGEST_BYTES:
        raise ValidationError(_("The picture is larger than 2 MB."), code="picture-too-large")
    try:
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                raise ValidationError(
                    _("The picture has more than 16 million pixels."), code="picture-too-large"
                )
            small = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ValidationError(
            _("This is not a picture in PNG, JPEG, WebP or GIF."), code="not-a-picture"
        ) from error
    small.thumbnail((EDGE_PX, EDGE_PX))
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


def logo_path(name: str) -> Path:
    """Where a logo is kept."""
    return Path(settings.MEDIA_ROOT) / "logos" / name


def remove_logo(name: str) -> None:
    """Delete a logo's file, unless another organisation uses the same picture."""
    if name and not Organisation.objects.filter(logo=name).exists():
        logo_path(name).unlink(missing_ok=True)
