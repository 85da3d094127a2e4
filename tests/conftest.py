"""What all tests share: optional means, and a list of what was left out for want of them."""

import contextlib
import os
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

LEFT_OUT = "not on this machine: "
_NEED_ALL = os.environ.get("CI") == "true"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--only-database`: for a second run on another database."""
    parser.addoption(
        "--only-database", action="store_true", help="leave out tests that use no database"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what would do the same on any database."""
    if config.getoption("--only-database"):
        using = [item for item in items if _uses_database(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in using])
        items[:] = using


def _uses_database(item: pytest.Item) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    return (
        bool(names & {"db", "transactional_db", "live"})
        or item.get_closest_marker("django_db") is not None
    )


def bench_data_folder() -> Path | None:
    """The development data set, where there is one."""
    folder = os.environ.get("VIAVOLTA_BENCH_DATA", "")
    return Path(folder) if folder and Path(folder).is_dir() else None


def _leave_out(what: str) -> None:
    if _NEED_ALL:
        pytest.fail(f"{what} is missing; here every optional part must be installed")
    pytest.skip(LEFT_OUT + what)


@pytest.fixture(scope="session")
def bench_data() -> Path:
    """The folder of the development data set; the test is left out where it is absent."""
    folder = bench_data_folder()
    if folder is None:
        _leave_out("development data (VIAVOLTA_BENCH_DATA)")
        raise AssertionError
    return folder


@pytest.fixture(scope="session")
def git_checkout() -> Path:
    """The root of the repository; the test is left out in a copy of the files alone."""
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():
        _leave_out("a git checkout, with its list of files")
    return root


@pytest.fixture(scope="session")
def assets() -> Path:
    """The prepared files of the hub's pages; the test is left out where nobody prepared them."""
    usual = Path(sys.prefix) / "share" / "viavolta" / "assets"
    folder = Path(os.environ.get("VIAVOLTA_ASSETS") or usual)
    if not (folder / "prepared.txt").is_file():
        _leave_out("the files of the hub's pages (viavolta prepare)")
    return folder


@pytest.fixture(scope="session")
def axe(assets: Path) -> str:
    """The checker of accessibility, as a script."""
    return (assets / "libraries/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is; the test is left out where it is not installed."""
    path = shutil.which("chromium")
    if path is None:
        _leave_out("a browser (Chromium)")
    return str(path)


@pytest.fixture(scope="session")
def foreign_client() -> Callable[[str], Path]:
    """The Python of a client of others by its name; the test is left out where it is not made."""

    def find(name: str) -> Path:
        python = Path(__file__).parents[1] / ".venv-peers" / name / "bin" / "python"
        if not python.exists():
            _leave_out(f"{name} (make clients)")
        return python

    return find


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of the tests' own, as DATABASE_URL names it; left out where there is none."""
    from throwaway_postgres import binaries, postgres  # noqa: PLC0415 - these tests alone

    if binaries() is None:
        _leave_out("PostgreSQL")
    with postgres() as url:
        yield url


@pytest.fixture
def database_file(
    transactional_db: None,  # noqa: ARG001 - made first
    tmp_path: Path,
) -> Iterator[None]:
    """The tests' SQLite in a file instead of in memory, so that many threads may write it."""
    from django.db import connection  # noqa: PLC0415 - only where a test asks for it

    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    in_memory, name = connection.connection, connection.settings_dict["NAME"]
    file = tmp_path / "tests.sqlite3"
    with contextlib.closing(sqlite3.connect(file)) as copy:
        in_memory.backup(copy)
    connection.connection, connection.settings_dict["NAME"] = None, str(file)
    yield
    connection.close()
    connection.connection, connection.settings_dict["NAME"] = in_memory, name


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium without any network; the test is left out where it is not installed."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        _leave_out("a browser (Chromium with its driver)")
    from selenium import webdriver  # noqa: PLC0415 - only where a browser is there

    options = webdriver.ChromeOptions()
    options.binary_location = str(chromium)
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=str(driver))
    window = webdriver.Chrome(options=options, service=service)
    yield window
    window.quit()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name what was left out, so that nobody takes a partial run for a whole one."""
    reasons = (str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []))
    missing = Counter(r.partition(LEFT_OUT)[2] for r in reasons if LEFT_OUT in r)
    if missing:
        terminalreporter.section("left out on this machine")
        for what, count in sorted(missing.items()):
            terminalreporter.write_line(f"{what}: {count} tests")
