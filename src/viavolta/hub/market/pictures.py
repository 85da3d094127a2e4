"""Pictures: decoded, turned upright and written anew in a few widths; nothing else is kept.

What a file says of itself (its name, its EXIF: place, camera, person) is gone with the original.
"""

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from viavolta.hub.market.files import write_whole

MAX_BYTES = 12_000_000
MAX_PIXELS = 40_000_000
"""A picture is measured before it is decoded: a small file can unfold to gigabytes."""
LEAST_SIDE_PX = 200
WIDTHS_PX = (320, 800, 1600)
_FORMATS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """A picture as it was written: its name by content, its size, the widths there are."""

    sha256: str
    width: int
    height: int
    widths: tuple[int, ...]


def store_picture(data: bytes) -> StoredPicture:
    """Check a picture and write it anew below the media folder.

    Raises
    ------
    ValidationError: not a picture of a kind we take, too large, too small, or broken.
    """
    if len(data) > MAX_BYTES:
        raise ValidationError(_("A picture may have up to 12 MB."))
    image = _decoded(data)
    sha256 = hashlib.sha256(data).hexdigest()
    widths = sorted({min(width, image.width) for width in WIDTHS_PX})
    for width in widths:
        write_whole(picture_path(sha256, width), _encoded(image, width))
    return StoredPicture(
        sha256=sha256, width=image.width, height=image.height, widths=tuple(widths)
    )


def picture_path(sha256: str, width: int) -> Path:
    """Where one width of a picture lies."""
    return Path(settings.MEDIA_ROOT) / "market" / "pictures" / sha256[:2] / f"{sha256}-{width}.webp"


def _decoded(data: bytes) -> Image.Image:
    """The picture, upright, in plain colours, no wider than we show it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            raise ValidationError(_("A picture may have up to 40 million pixels."))
        if min(picture.size) < LEAST_SIDE_PX:
            raise ValidationError(_("A picture needs at least 200 pixels on each side."))
        picture.draft("RGB", (2 * WIDTHS_PX[-1], 2 * WIDTHS_PX[-1]))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValidationError(_("This is not a JPEG, PNG or WebP picture we can read.")) from error
    plain.thumbnail((WIDTHS_PX[-1], 2 * WIDTHS_PX[-1]), Image.Resampling.LANCZOS)
    return plain


def _encoded(image: Image.Image, width: int) -> bytes:
    height = max(round(image.height * width / image.width), 1)
    small = image if width == image.width else image.resize((width, height))
    small.info.clear()
    out = io.BytesIO()
    small.save(out, "WEBP", quality=80, method=4)
    return out.getvalue()
