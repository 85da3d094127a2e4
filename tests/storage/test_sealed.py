"""Secrets that are read again."""

from pathlib import Path

import pytest

from viavolta.storage.sealed import seal, unseal


def test_a_secret_is_kept_sealed(tmp_path: Path) -> None:
    """It comes back with the key of the same folder; the key is its owner's alone."""
    sealed = seal(tmp_path, "pass word ü")
    assert "pass" not in sealed
    assert unseal(tmp_path, sealed) == "pass word ü"
    assert (tmp_path / "secrets" / "sealing-key").stat().st_mode & 0o077 == 0


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    """What was sealed elsewhere is said to be."""
    sealed = seal(tmp_path / "a", "x")
    with pytest.raises(ValueError, match="another key"):
        unseal(tmp_path / "b", sealed)
