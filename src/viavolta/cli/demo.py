"""`viavolta demo`: a sample hub, seeded and opened; or only the sample city's study."""

import dataclasses
import json
import os
import sys
import tempfile
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from viavolta.cli.gateway import OCPP_PORT, Stations
from viavolta.cli.runner import (
    EffortOption,
    ForceOption,
    JsonOption,
    LangOption,
    SeedOption,
    run,
    say,
)
from viavolta.cli.serve import OcppPortOption, serve_together
from viavolta.cli.serving import (
    Listening,
    is_free,
    make_ready,
    own_address,
    ready_line,
    told_plainly,
)
from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

if TYPE_CHECKING:
    from viavolta.hub.site.together import Together

DEFAULT_DATA = Path("viavolta-demo")
DEFAULT_PORT = 8000
READY_WITHIN_S = 40.0
"""So long the sample study may take before the hub is opened without it."""

_PORTS_TRIED = 20
_PACE = 20.0
"""Of the sample stations' drivers: a stay of ten hours takes half an hour, at full power."""

_MAX_STUDY_BYTES = 50_000_000


def demo(
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="Only plan the sample city, into this folder.")
    ] = None,
    data: Annotated[
        Path, typer.Option("--data", help="Folder of the sample hub's data.")
    ] = DEFAULT_DATA,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen at.", min=1, max=65535)
    ] = None,
    ocpp_port: OcppPortOption | None = None,
    once: Annotated[
        bool, typer.Option("--once", help="End when the hub has answered, as a trial.")
    ] = False,
    force: ForceOption = False,
    seed: SeedOption = 1,
    effort: EffortOption = "normal",
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Open a sample hub with a sample city, Monaco, and serve it until told to stop.

    OpenStreetMap as of June 2012, generated timetable, not today's network.
    """
    if out is not None:
        _plan_only(out, force=force, seed=seed, effort=effort, as_json=as_json, lang=lang)
        return
    with told_plainly(as_json=as_json):
        open_hub(data, port, ocpp_port, is_once=once, as_json=as_json)


def open_hub(
    data: Path, port: int | None, ocpp_port: int | None, *, is_once: bool, as_json: bool
) -> None:
    """Seed a sample hub, serve it, and say where it is and how to enter.

    It is told to be ready once its pages answer and the sample study is computed, or after
    READY_WITHIN_S, when the study's own page shows how far it is.

    Raises
    ------
    UsageError: the folder holds something else, or the port is taken.
    """
    began = time.monotonic()
    check_hub_folder(data)
    at = Listening(host="127.0.0.1", port=port or _free_port(DEFAULT_PORT)).checked()
    stations = Stations(
        at=dataclasses.replace(at, port=ocpp_port or _free_port(OCPP_PORT))
    ).checked(option="--ocpp-port")
    os.environ.pop("VIAVOLTA_ORIGIN", None)
    make_ready(data, at)
    from viavolta.hub.site.samples import SampleHub, seed  # noqa: PLC0415 - needs the settings
    from viavolta.hub.site.sign_in_link import sign_in_link  # noqa: PLC0415
    from viavolta.storage.tables.models import Run  # noqa: PLC0415

    seeded: list[SampleHub] = []

    def tell() -> bool:
        hub = seeded[0]
        asked = Run.objects.filter(pk=hub.scenario.run_id or 0).first()
        is_computed = asked is None or asked.is_ended
        if not is_computed and time.monotonic() - began < READY_WITHIN_S:
            return False
        hub.person.refresh_from_db()
        _tell(own_address(), sign_in_link(hub.person), is_computed=is_computed, as_json=as_json)
        return True

    def fill(together: "Together") -> None:
        seeded.append(seed())
        _let_stations_live(together, stations)

    serve_together(
        at,
        stations,
        on_ready=tell,
        meanwhile=fill,
        is_once=is_once,
    )


def _let_stations_live(together: "Together", stations: Stations) -> None:
    """Have the sample operator's stations simulated, with drivers who come and go in minutes."""
    from django.conf import settings  # noqa: PLC0415 - start-up time

    from viavolta.hub.operate.samples import sample_key  # noqa: PLC0415 - needs the settings

    options = {
        "--url": f"ws://127.0.0.1:{stations.at.port}/ocpp",
        "--stations": "2,2,2",
        "--prefix": "sample",
        "--pace": str(_PACE),
    }
    together.start(
        "simulator",
        [word for option in options.items() for word in option],
        module="viavolta.simulator",
        environment={"VIAVOLTA_SIMULATOR_PASSWORD": sample_key(settings.CONFIG.data)},
    )


def _tell(address: str, link: str, *, is_computed: bool, as_json: bool) -> None:
    if as_json:
        document = {"address": f"{address}/", "sign_in_link": link, "is_computed": is_computed}
        say(json.dumps(document))
        return
    say(ready_line(address))
    say(text("sign in, once, within an hour: {link}", link=link))
    if not is_computed:
        say(text("the sample study is still being computed; its page shows how far it is"))
    if _has_display():
        webbrowser.open(link)


def check_hub_folder(data: Path) -> None:
    """Refuse a folder that holds anything but a hub's data.

    Raises
    ------
    UsageError: it does.
    """
    is_new = not data.exists() or (data.is_dir() and not any(data.iterdir()))
    if not is_new and not (data / "secrets" / "hub-key").is_file():
        raise UsageError(
            code="demo-folder-taken",
            message=text("{folder} is not empty and holds no data of a hub", folder=str(data)),
            where=Where(field="--data", value=str(data)[:200]),
            hint=text("choose another --data"),
        )


def _free_port(usual: int) -> int:
    """The usual port, or the next that nobody listens at."""
    ports = range(usual, usual + _PORTS_TRIED)
    return next((port for port in ports if is_free("127.0.0.1", port)), usual)


def _plan_only(out: Path, *, force: bool, seed: int, effort: str, as_json: bool, lang: str) -> None:
    """Plan the sample city into a folder, without a hub."""

    def work(progress: Progress) -> dict[str, Any]:
        return plan_demo(out, force=force, seed=seed, effort=effort, progress=progress)

    def show(summary: dict[str, Any]) -> None:
        say(text("viavolta is ready: {report}", report=summary["report"]))
        if _has_display():
            webbrowser.open(Path(summary["report"]).absolute().as_uri())

    run(work, as_json=as_json, lang=lang, effort=effort, show=show)


def plan_demo(
    out: Path, *, force: bool, seed: int, effort: str, progress: Progress
) -> dict[str, Any]:
    """Generate the sample feed in a temporary folder and plan it into `out`.

    Raises
    ------
    UsageError: `out` holds something else than a study of the demo, and force is not given.
    """
    from viavolta.cli.plan import plan_bus_to_folder  # noqa: PLC0415 - slow to load
    from viavolta.samples import monaco  # noqa: PLC0415 - the rest of the work is heavy too
    from viavolta.services.demo import prepare_demo  # noqa: PLC0415 - slow to load

    title = f"{monaco().title} ({monaco().label})"
    may_replace = force or check_demo_folder(out, title=title)
    with tempfile.TemporaryDirectory(prefix="viavolta-demo-") as folder:
        inputs = prepare_demo(Path(folder), progress=progress)
        return plan_bus_to_folder(
            inputs.feed,
            out,
            depots=list(inputs.city.depots),
            elevation=[inputs.city.elevation],
            force=may_replace,
            seed=seed,
            effort=effort,
            progress=progress,
            title=title,
        )


def check_demo_folder(out: Path, *, title: str) -> bool:
    """Tell whether `out` holds an earlier study of the demo, which may be replaced.

    Raises
    ------
    UsageError: it holds anything else.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    if _title_of(out / "study.json") == title:
        return True
    raise UsageError(
        code="demo-folder-taken",
        message=text("{out} is not empty and holds no study of the demo", out=str(out)),
        where=Where(field="--out", value=str(out)[:200]),
        hint=text("another --out, or --force to replace a study"),
    )


def _title_of(study: Path) -> str | None:
    if not study.is_file() or study.stat().st_size > _MAX_STUDY_BYTES:
        return None
    try:
        content = json.loads(study.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None
    title = content.get("title") if isinstance(content, dict) else None
    return title if isinstance(title, str) else None


def _has_display() -> bool:
    """Tell whether a person sits before a terminal with a screen."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
