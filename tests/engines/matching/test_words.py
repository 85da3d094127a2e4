"""Words of texts: terms of the glossary in six languages, stems of the rest."""

import csv
from importlib.resources import files

import pytest

from viavolta.catalogue.glossary import LANGUAGES, facet_keys, name, stop_words, terms
from viavolta.engines.matching.words import in_english, stems_of, terms_said, tokens_of


def test_every_facet_and_value_has_a_name_in_six_languages():
    """Labels of forms and reasons of matches are complete, and differ within a facet."""
    for key in facet_keys():
        assert all(name(key, language) for language in LANGUAGES)
    for language in LANGUAGES:
        by_facet = [(key.partition(".")[0], name(key, language)) for key in facet_keys()]
        assert len(set(by_facet)) == len(by_facet)


def test_glossary_has_no_key_twice_and_no_stray_key():
    """Each row has its own key, of a facet's value or of a term."""
    with (
        files("viavolta.catalogue").joinpath("words", "glossary.csv").open(encoding="utf-8") as file
    ):
        keys = [row["key"] for row in csv.DictReader(file)]
    assert len(set(keys)) == len(keys)
    assert {key for key in keys if not key.startswith("term.")} == set(facet_keys())


def test_names_of_terms_are_found_in_texts():
    """A text that holds a term's own name says that term, in each language."""
    for key, term in terms().items():
        for language in LANGUAGES:
            if term.ways[language]:
                assert key in terms_said(f"x {term.names[language]}.", language), (key, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Overnight charging at the depot keeps the peak low"),
        ("de", "Über Nacht laden wir im Betriebshof, mit Lastmanagement"),
        ("fr", "Recharge au dépôt avec gestion de la charge"),
        ("it", "Ricarica notturna in deposito con gestione dei carichi"),
        ("sl", "Nočno polnjenje v garaži z upravljanjem obremenitev"),
        ("nl", "'s Nachts laden in de stalling met laadmanagement"),
    ],
)
def test_the_same_is_found_in_six_languages(language, text):
    """Depot charging and, where said, load management are one term whatever the language."""
    said = terms_said(text, language)
    assert "term.depot-charging" in said
    assert "site.depot" in said
    assert ("term.load-management" in said) == (language != "en")


def test_compounds_and_cases():
    """German and Dutch compounds, Slovenian cases and French apostrophes are seen through."""
    assert "site.depot" in terms_said("Das neue Busdepot", "de")
    assert "vehicle.cargo-bike" in terms_said("mit tovornimi kolesi", "sl")
    assert "term.opportunity-charging" in terms_said("une recharge d'opportunité", "fr")
    assert "site.depot" in terms_said("de busstalling", "nl")


def test_small_words_of_one_language_are_no_words_of_another():
    """Dutch `van` is no van, French `car` (for) no car."""
    assert "vehicle.van" not in terms_said("de stad van morgen", "nl")
    assert "vehicle.car" not in terms_said("car il pleut", "fr")


def test_unknown_language_reads_all():
    """A text whose language is not known is read in all six."""
    assert "term.load-management" in terms_said("Lastmanagement", "xx")


def test_stems():
    """Stems are six letters without accents; small words, figures and short words are left out."""
    assert stems_of("Die Ladesäulen, 22 kW, und die Ladesäule", "de") == {"ladesa": 2}
    assert tokens_of("Straße") == ["strasse"]


def test_slovenian_words_are_known_in_english():
    """The longest known start of a word counts; small words and unknown ones are passed over."""
    assert in_english("Šibko omrežje v gorski vasi, xyz") == ["weak", "grid", "mountain", "village"]


def test_stop_words_are_there_for_all():
    """Each language of the glossary has its small words."""
    assert set(stop_words()) == set(LANGUAGES)
