"""All words in six languages: collected from code and templates, checked, compiled.

Engines, reports and commands (the core) say theirs through `model.messages.text`; those stand in
`viavolta/locale/<language>.po`. Each app of the hub keeps
`locale/<language>/LC_MESSAGES/django.po`. Both are sorted by the English text and without places
or dates, so that two people's edits rarely meet. People write the translations; `viavolta
translations extract` adds what is new, takes out what is gone and fills in what another app has
translated already. `compile_into` merges the apps' files to one `.mo` per language.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

HUB = Path(__file__).parents[1]
CORE = HUB.parent
SOURCE = "en"
TARGETS = ("de", "fr", "it", "sl", "nl")
_KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals};\\n"

"""
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w*)(?:[!:][^}]*)?\}")


def apps() -> list[Path]:
    """The folders of the hub's apps, in the order in which their words take precedence."""
    folders = [p for p in sorted(HUB.iterdir()) if (p / "__init__.py").exists()]
    return sorted(folders, key=lambda p: p.name != "frame")


def places() -> list[Path]:
    """All folders that have words of their own: the apps and the core."""
    return [*apps(), CORE]


def _app_names() -> list[str]:
    return [app.name for app in apps()]


def messages_of(app: Path) -> Catalog:
    """All texts of an app's code and templates, or of the core's code."""
    found = Catalog()
    if app == CORE:
        for path in sorted(CORE.rglob("*.py")):
            if HUB not in path.parents:
                _add(found, path.read_text(encoding="utf-8"), {"text": None})
        return found
    for path in sorted(app.rglob("*.py")):
        if "migrations" not in path.parts:
            _add(found, path.read_text(encoding="utf-8"), _KEYWORDS)
    for path in _templates(app):
        plain = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        _add(found, "\n".join(line.strip() for line in plain.splitlines()), _KEYWORDS)
    return found


def _templates(app: Path) -> Iterator[Path]:
    folder = app / "templates"
    yield from sorted(p for p in folder.rglob("*") if p.suffix in {".html", ".txt", ".svg", ".xml"})


def _add(found: Catalog, code: str, keywords: Mapping[str, Any]) -> None:
    for _line, text, _comments, context in extract(
        "python", BytesIO(code.encode()), keywords, options={"encoding": "utf-8"}
    ):
        found.add(text, context=context)


def translations_of(app: Path, language: str) -> Catalog:
    """What an app says in a language; empty if it has no file yet."""
    path = _po_path(app, language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _po_path(app: Path, language: str) -> Path:
    if app == CORE:
        return CORE / "locale" / f"{language}.po"
    return app / "locale" / language / "LC_MESSAGES" / "django.po"


def update_files(names: Collection[str] = ()) -> int:
    """Bring the files of the named apps, or of all, up to date; how many translations they lack.

    The core, `viavolta`, is among them where it is named.
    """
    chosen = [app for app in places() if app.name in (names or _app_names())]
    lacking = 0
    for language in TARGETS:
        known = merged(language)
        for app in chosen:
            template = messages_of(app)
            if not len(template):
                continue
            catalog = translations_of(app, language)
            catalog.update(template, no_fuzzy_matching=True)
            for message in catalog:
                other = known.get(message.id, message.context)
                if message.id and not _is_full(message) and other and _is_full(other):
                    message.string = other.string
                _fill_millions(message)
                lacking += bool(message.id) and not _is_full(message)
            _write(app, language, catalog)
    return lacking


def _fill_millions(message: Message) -> None:
    """French and Italian count whole millions apart: like many, unless written otherwise."""
    said = _forms(message)
    if len(said) == 3 and said[0] and said[2] and not said[1]:  # noqa: PLR2004 - one, millions, many
        message.string = (said[0], said[2], said[2])


def _write(app: Path, language: str, catalog: Catalog) -> None:
    path = _po_path(app, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    for message in catalog:
        message.flags -= {"python-format", "python-brace-format"}
    buffer = BytesIO()
    write_po(
        buffer, catalog, omit_header=True, sort_output=True, no_location=True, ignore_obsolete=True
    )
    header = _HEADER.format(language=language, plurals=catalog.plural_forms.rstrip(";"))
    path.write_bytes(header.encode() + buffer.getvalue().strip() + b"\n")


def merged(language: str) -> Catalog:
    """All apps' words in a language; where two differ, the first app's stands."""
    whole = Catalog(locale=language)
    for app in apps():
        for message in translations_of(app, language):
            if message.id and _is_full(message) and not whole.get(message.id, message.context):
                whole.add(message.id, message.string, context=message.context)
    return whole


def compile_into(folder: Path) -> None:
    """Write `<folder>/<language>/LC_MESSAGES/django.mo` for every language."""
    for language in TARGETS:
        path = folder / language / "LC_MESSAGES" / "django.mo"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_mo(file, merged(language))


def faults(app: Path, language: str) -> list[str]:
    """What is wrong with an app's words in a language, one sentence each."""
    catalog = translations_of(app, language)
    wanted = messages_of(app)
    wrong = []
    for message in wanted:
        if not message.id:
            continue
        said = catalog.get(message.id, message.context)
        name = f"{app.name}/{language}: {message.id!r}"
        if said is None or not _is_full(said):
            wrong.append(f"{name} has no translation")
        elif said.fuzzy:
            wrong.append(f"{name} is marked fuzzy")
        elif not _has_same_placeholders(said):
            wrong.append(f"{name} has other placeholders: {said.string!r}")
    wrong += [
        f"{app.name}/{language}: {message.id!r} is not in use"
        for message in catalog
        if message.id and not wanted.get(message.id, message.context)
    ]
    return wrong


def _is_full(message: Message) -> bool:
    said = _forms(message)
    return bool(said) and all(said)


def _forms(message: Message) -> list[str]:
    said = message.string
    return [said] if isinstance(said, str) else list(said or ())


def _has_same_placeholders(message: Message) -> bool:
    asked = message.id if isinstance(message.id, str) else message.id[-1]
    said = _forms(message)
    full = _placeholders(asked)
    if isinstance(message.id, str):
        return all(_placeholders(text) == full for text in said)
    # a form for one may write the number as a word
    return all(_placeholders(text) <= full for text in said) and _placeholders(said[-1]) == full


def _placeholders(text: str) -> set[str]:
    return {match[0] for match in _PLACEHOLDER.finditer(text)}


def language_names() -> dict[str, str]:
    """Each language by its code, in its own words."""
    return {code: str(Locale(code).get_display_name(code)) for code in (SOURCE, *TARGETS)}
