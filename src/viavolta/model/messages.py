"""One message catalogue: every text a user reads passes through `text`.

The English sentence is the key (gettext). Translations are `.mo` files under `viavolta/locale`.
"""

import gettext
from contextvars import ContextVar
from pathlib import Path

LANGUAGES = ("en",)
"""Languages that have a complete catalogue; English is the text in the code itself."""

_language: ContextVar[str] = ContextVar("viavolta_language", default="en")
_LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"


def use_language(language: str) -> None:
    """Choose the language of all later `text` calls in this context."""
    _language.set(language)


def text(message: str, /, **values: object) -> str:
    """Translate a message and fill in its `{named}` values.

    Examples
    --------
    >>> text("{n} trips read", n=3)
    '3 trips read'
    """
    language = _language.get()
    if language != "en":
        catalogue = gettext.translation(
            "viavolta", localedir=str(_LOCALE_DIR), languages=[language], fallback=True
        )
        message = catalogue.gettext(message)
    return message.format(**values) if values else message
