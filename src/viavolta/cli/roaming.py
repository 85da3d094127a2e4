"""`viavolta roaming`: what OCPI asks for beside the hub's pages."""

from viavolta.cli.serving import (
    DataOption,
    data_in_use,
    make_ready,
    told_plainly,
    until_told_to_stop,
)


def roaming(*, data: DataOption = None) -> None:
    """Tell roaming partners what changed and read theirs, until told to stop."""
    with told_plainly():
        make_ready(data, None)
        from viavolta.hub.ocpi.rounds import run  # noqa: PLC0415 - start-up time

        with data_in_use(), until_told_to_stop() as stop:
            run(stop)
