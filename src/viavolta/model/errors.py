"""The error families: your input, no solution, someone else failed.

Each error carries a stable `code`; `docs/reference/errors.md` has a paragraph for each, and a test
compares the two lists. Write the code as a plain string literal where the error is raised.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The spot in an input that is wrong; fields that do not apply stay None."""

    file: str | None = None
    row: int | None = None
    field: str | None = None
    value: str | None = None


class PlatformError(Exception):
    """Root of all errors that viavolta raises on purpose."""

    exit_code = 1

    def __init__(
        self,
        *,
        code: str,
        message: str,
        where: Where | None = None,
        expected: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where or Where()
        self.expected = expected
        self.hint = hint

    def as_dict(self) -> dict[str, object]:
        """The error as the `error` object of `--json` (contract: docs/reference/cli.md)."""
        return {
            "code": self.code,
            "message": self.message,
            "file": self.where.file,
            "row": self.where.row,
            "field": self.where.field,
            "value": self.where.value,
            "expected": self.expected,
            "hint": self.hint,
        }


class InputError(PlatformError):
    """Content that cannot be read or is invalid: where, value, expected, hint."""

    exit_code = 5


class UsageError(PlatformError):
    """A bad option, a missing path, or an output folder that may not be overwritten."""

    exit_code = 2


class NoSolutionError(PlatformError):
    """No feasible solution at all: the message says which limit binds, the hint what to relax."""

    exit_code = 3


class PeerError(PlatformError):
    """Someone else failed: a solver, a library, a remote party."""

    exit_code = 1


class InterruptedRun(PlatformError):  # noqa: N818 - an interruption is not an error of anyone
    """The user stopped the run; nothing half-written is left."""

    exit_code = 130
