"""Words that scripts say, in the reader's language; apps add their own in AppConfig.ready()."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_words: dict[str, str | Promise] = {
    "not-loaded": _("A part of this page could not be loaded."),
    "request-failed": _("That did not work. Nothing was changed; please try again."),
    "remove": _("Remove {what}"),
    "close": _("Close"),
    "map": _("Map"),
    "map-failed": _("The map could not be drawn; the table has the same content."),
    "map-keys": _("Arrow keys move the map, plus and minus change its scale."),
    "map-pin": _("{what}: drag, or move with the arrow keys"),
    "map-sources": _("Sources of the map"),
    "two-fingers": _("Move the map with two fingers"),
    "zoom-in": _("Closer"),
    "zoom-out": _("Farther"),
    "gantt-keys": _("Arrow keys go from bar to bar, plus and minus change the scale."),
}


def add_words(words: dict[str, str | Promise]) -> None:
    """Give texts to scripts by key; `{named}` values are filled in by the script."""
    _words.update(words)


def words() -> dict[str, str]:
    """Every text by its key, in the language of the moment."""
    return {key: str(text) for key, text in _words.items()}
