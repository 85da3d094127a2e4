"""One message catalogue: every text a user reads passes through `text`.

The English sentence is the key (gettext). Translations are `viavolta/locale/<language>.po`, read
when a language is first used, so that nothing has to be compiled beforehand.
"""

import gettext
import io
import string
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "de", "fr", "it", "sl", "nl")
"""Languages that have a complete catalogue; English is the text in the code itself."""

LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"

_SEPARATORS: Mapping[str, tuple[str, str]] = {
    "en": (",", "."),
    "de": (".", ","),
    "fr": ("\N{NARROW NO-BREAK SPACE}", ","),
    "it": (".", ","),
    "sl": (".", ","),
    "nl": (".", ","),
}
"""What stands between thousands, and before decimals (Unicode CLDR 46, numbers/symbols)."""

_language: ContextVar[str] = ContextVar("viavolta_language", default="en")


def use_language(language: str) -> None:
    """Choose the language of all later `text` calls in this context."""
    _language.set(language)


def language_in_use() -> str:
    """The language chosen last in this context, as ISO 639-1."""
    return _language.get()


def text(message: str, /, **values: object) -> str:
    """Translate a message and fill in its `{named}` values, numbers as the language writes them.

    Examples
    --------
    >>> text("{n} trips read", n=3)
    '3 trips read'
    """
    language = _language.get()
    if language == "en":
        return message.format(**values) if values else message
    message = _catalogue(LOCALE_DIR / f"{language}.po").gettext(message)
    return _LocalFormatter().vformat(message, (), values) if values else message


def local_number(words: str) -> str:
    """Write a number formatted the English way (1,234.5) as the language in use does."""
    thousands, decimal = _SEPARATORS[_language.get()]
    return words.translate({ord(","): thousands, ord("."): decimal})


class _LocalFormatter(string.Formatter):
    """`str.format`, with the language's own separators where a number is formatted."""

    def format_field(self, value: Any, format_spec: str) -> str:
        words = super().format_field(value, format_spec)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return local_number(words) if is_number and format_spec else words


@cache
def _catalogue(path: Path) -> gettext.NullTranslations:
    # imported here: English, the command line's help among it, needs no catalogue
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    with path.open("rb") as file:
        translations = read_po(file, locale=path.stem)
    compiled = io.BytesIO()
    write_mo(compiled, translations)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
