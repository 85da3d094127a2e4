"""What entries say, kept beside them: made anew in the transaction that changes an entry.

Full text and facets answer at once; vectors follow from a worker (`vectors`).
"""

from functools import cache
from hashlib import blake2b
from importlib.resources import files
from itertools import chain

from django.utils import timezone

from viavolta.engines.kit.embedding import MODEL
from viavolta.engines.matching.profiles import (
    Description,
    Profile,
    profile_of_need,
    profile_of_solution,
)
from viavolta.engines.matching.words import stems_of, terms_said
from viavolta.hub.market.models import Entry, EntryKind, EntryWords


def description_of(entry: Entry) -> Description:
    """An entry as the matching engine reads it."""
    return Description(
        language=entry.language,
        title=entry.title,
        text=f"{entry.summary} {entry.text}",
        facets=entry.said(),
    )


def profile_of(entry: Entry) -> Profile:
    """The profile of an entry as it stands, without vector."""
    read = profile_of_need if entry.kind == EntryKind.NEED else profile_of_solution
    return read(description_of(entry))


def keep_words(entry: Entry) -> bool:
    """Make an entry's words anew where it says something else than before; whether it did."""
    digest = digest_of(entry)
    if EntryWords.objects.filter(entry=entry, digest=digest).exists():
        return False
    EntryWords.objects.update_or_create(entry=entry, defaults=_words(entry, digest))
    return True


def words_of(entry: Entry) -> EntryWords:
    """The words of an entry, not saved."""
    return EntryWords(entry=entry, **_words(entry, digest_of(entry)))


def digest_of(entry: Entry) -> str:
    """What an entry's words are made of, in 32 letters."""
    said = [entry.language, entry.title, entry.summary, entry.text, entry.said().as_codes()]
    return blake2b(repr([_reader(), *said]).encode(), digest_size=16).hexdigest()


def token_of(key: str) -> str:
    """The word by which the full text knows a term of the glossary."""
    return "x" + "".join(letter for letter in key if letter.isalnum())


def _words(entry: Entry, digest: str) -> dict[str, object]:
    profile = profile_of(entry)
    return {
        "digest": digest,
        "title_words": _searched(entry.title, entry.language),
        "words": _searched(f"{entry.summary} {entry.text}", entry.language),
        "terms": profile.terms.to_bytes(),
        "stems": profile.stems.to_bytes(),
        "vector": None,
        "changed_at": timezone.now(),
    }


def _searched(text: str, language: str) -> str:
    """The stems and terms of a text, as often as it says them."""
    terms = ([token_of(key)] * n for key, n in terms_said(text, language).items())
    stems = ([stem] * n for stem, n in stems_of(text, language).items())
    return " ".join(chain.from_iterable(chain(stems, terms)))


@cache
def _reader() -> str:
    """Changes with the glossary and with the model: what older ones made is then out of date."""
    folder = files("viavolta.catalogue").joinpath("words")
    known = [
        folder.joinpath(f"{name}.csv").read_bytes()
        for name in ("glossary", "slovenian", "stop_words")
    ]
    return blake2b(b"".join([MODEL.encode(), *known]), digest_size=8).hexdigest()
