"""Configuration files of a town study: what they set, and what is refused."""

from pathlib import Path

import pytest

from viavolta.cli.config import town_config_text
from viavolta.model.errors import InputError, UsageError
from viavolta.services.town.figures import TOWN_SUBJECTS, town_figures
from viavolta.services.town.settings import DEFAULTS, town_settings
from viavolta.services.town.strategy import Strategy


def read(tmp_path: Path, content: str):
    file = tmp_path / "town.toml"
    file.write_text(content, encoding="utf-8")
    return town_settings(file, subjects=TOWN_SUBJECTS)


def test_nothing_set_gives_the_defaults() -> None:
    """Without a file there is a twin of a rural feeder, at 30 and 100 % electric cars."""
    assumptions, settings = town_settings(None, subjects=TOWN_SUBJECTS)
    assert settings == DEFAULTS
    assert settings.ev_shares == (0.3, 1.0)
    assert town_figures(assumptions, "suburban").household_kwh == 3200


def test_the_printed_file_changes_nothing(tmp_path: Path) -> None:
    """Reading back what `viavolta config grid` prints gives the defaults and their sources."""
    assumptions, settings = read(tmp_path, town_config_text())
    assert settings == DEFAULTS
    assert {assumptions.figure(key).status for key in assumptions.keys()} <= {  # noqa: SIM118
        "verified",
        "secondary",
        "general-knowledge",
    }


def test_settings_and_figures_are_read(tmp_path: Path) -> None:
    """Tables of settings and subjects of the catalogue stand in one file."""
    (tmp_path / "grid").mkdir()
    assumptions, settings = read(
        tmp_path,
        """
        [place]
        name = "Hilltown"
        settlement = "rural"
        n_households = 120
        grid = "grid"
        [study]
        ev_shares = [0.5]
        strategies = ["v2x", "unmanaged"]
        draws = 3
        region = "Germany"
        [town]
        home_share = 0.6
        """,
    )
    assert settings.name == "Hilltown"
    assert settings.grid == tmp_path / "grid"
    assert settings.strategies == (Strategy.UNMANAGED, Strategy.V2X)
    assert (settings.draws, settings.ev_shares, settings.region) == (3, (0.5,), "Germany")
    assert assumptions.figure("town.home_share").status == "user"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[town]\nhouse_kwh = 1", "config-unknown-key"),
        ("[place]\nsettlement = 'hamlet'", "config-out-of-range"),
        ("[place]\ntimezone = 'Europe/Atlantis'", "config-out-of-range"),
        ("[place]\ntimezone = '../etc'", "config-out-of-range"),
        ("[study]\nev_shares = [0.5, 0.3]", "config-out-of-range"),
        ("[study]\nev_shares = []", "config-out-of-range"),
        ("[study]\nev_shares = [1.2]", "config-out-of-range"),
        ("[study]\nstrategies = ['smart']", "config-out-of-range"),
        ("[study]\nstrategies = ['clever', 'unmanaged']", "config-out-of-range"),
        ("[study]\nlast_year = 2020\nfirst_year = 2030", "config-out-of-range"),
        ("[study]\ndraws = 0", "config-out-of-range"),
        ("[bus]\nx = 1", "config-unknown-key"),
        ("[town]\nhome_share = 1.5", "config-out-of-range"),
        ("not toml", "config-not-toml"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(tmp_path: Path, content: str, code: str) -> None:
    """Each error says which key it is about."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert caught.value.code == code
    assert caught.value.hint


def test_missing_files_are_errors_of_use(tmp_path: Path) -> None:
    """The file itself, and the grid that it names."""
    with pytest.raises(UsageError, match="none"):
        town_settings(tmp_path / "none.toml", subjects=TOWN_SUBJECTS)
    with pytest.raises(UsageError, match="nowhere"):
        read(tmp_path, "[place]\ngrid = 'nowhere'")
