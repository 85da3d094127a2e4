"""The hub speaks six languages, with nothing missing and nothing outside a translation tag."""

import re
from pathlib import Path

import pytest

from viavolta.hub.site.languages import (
    CORE,
    HUB,
    TARGETS,
    apps,
    compile_into,
    faults,
    messages_of,
)
from viavolta.model.messages import LANGUAGES

TEMPLATES = sorted(p for p in HUB.rglob("templates/**/*.html") if "/admin/" not in p.as_posix())
# Names and signs that are the same in every language.
SAME_EVERYWHERE = frozenset(
    [
        "viavolta",
        "CSV",
        "API",
        "JSON",
        "OpenADR",
        "PDF",
        "GeoPackage",
        "Parquet",
        "Atom",
        "iCal",
        "GTFS",
        "OCPP",
        *("CO₂", "kW", "kWh", "MWh", "km", "EUR"),
    ]
)
_BLOCK = re.compile(r"\{%\s*(blocktranslate|blocktrans|comment)\b.*?\{%\s*end\1\s*%\}", re.DOTALL)
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_RAW = re.compile(r"<(script|style|code|kbd|pre)\b.*?</\1>|<!--.*?-->|<!doctype[^>]*>", re.DOTALL)
_SAID = re.compile(
    r"""\s(?:title|alt|placeholder|aria-label|aria-description)=(["'])(.*?)\1""", re.DOTALL
)
_WORD = re.compile(r"[^\W\d_][^\W_]+")


def visible_words(template: str) -> list[str]:
    """Words a reader would see, or hear, that no tag translates."""
    bare = _TAG.sub(" ", _BLOCK.sub(" ", template))
    bare = _RAW.sub(" ", bare)
    texts = [match[2] for match in _SAID.finditer(bare)] + [re.sub(r"<[^>]*>", " ", bare)]
    texts = [re.sub(r"&\w+;", " ", text) for text in texts]
    return [w for text in texts for w in _WORD.findall(text) if w not in SAME_EVERYWHERE]


@pytest.mark.parametrize("language", TARGETS)
@pytest.mark.parametrize("app", apps(), ids=lambda app: app.name)
def test_every_text_of_an_app_is_translated(app: Path, language: str) -> None:
    """Nothing is missing, fuzzy, out of use, or has other placeholders than the English text."""
    assert faults(app, language) == []


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_every_text_of_the_core_is_translated(language: str) -> None:
    """A language that commands and reports offer lacks nothing."""
    assert faults(CORE, language) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.relative_to(HUB).as_posix())
def test_templates_hold_no_text_outside_a_translation_tag(path: Path) -> None:
    """Every word a reader sees or hears passes through a translation."""
    assert visible_words(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<a title="More of it">{% translate "x" %}</a>', ["More", "of", "it"]),
        ("{% blocktranslate %}Hello{% endblocktranslate %}<b class='wide'>&nbsp;</b>", []),
        ("<!doctype html><script>let word = 1</script>{# note #}{{ name }} CSV", []),
    ],
)
def test_words_outside_a_tag_are_found(template: str, words: list[str]) -> None:
    """The check above finds what it should, and nothing else."""
    assert visible_words(template) == words


def test_texts_of_templates_and_code_are_found() -> None:
    """Texts of both, plural forms and texts in tag arguments among them, are extracted."""
    frame = messages_of(HUB / "frame")
    assert frame.get("Skip to the content")
    assert frame.get("A part of this page could not be loaded.")
    assert frame.get(("One thing needs your attention", "%(n)s things need your attention"))


def test_words_are_compiled_for_django(tmp_path: Path) -> None:
    """One file per language, as Django's LOCALE_PATHS expects them."""
    compile_into(tmp_path)
    made = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.mo"))
    assert made == [f"{language}/LC_MESSAGES/django.mo" for language in sorted(TARGETS)]
