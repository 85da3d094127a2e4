"""What a partner is refused: a status of HTTP, a status of OCPI and a sentence."""

from http import HTTPStatus

from viavolta.protocols.ocpi.envelope import Status


class RefusedError(Exception):
    """A request that is not done."""

    def __init__(self, http: HTTPStatus, status: Status, message: str) -> None:
        super().__init__(message)
        self.http, self.status, self.message = http, status, message


def unknown_caller() -> RefusedError:
    """No token, or one that does not hold: the same words whichever it is."""
    return RefusedError(
        HTTPStatus.UNAUTHORIZED, Status.CLIENT_ERROR, "no token, or one that does not hold"
    )


def invalid(message: str) -> RefusedError:
    """A request that OCPI does not allow so; HTTP itself went well."""
    return RefusedError(HTTPStatus.OK, Status.INVALID, message)


def too_little(message: str) -> RefusedError:
    """A request that lacks what is needed."""
    return RefusedError(HTTPStatus.OK, Status.TOO_LITTLE, message)


def missing(what: str, status: Status = Status.CLIENT_ERROR) -> RefusedError:
    """A request for what is not there, or not for this partner to see."""
    return RefusedError(HTTPStatus.NOT_FOUND, status, f"there is no such {what}")


def not_now(message: str) -> RefusedError:
    """A method that this partner cannot use as things stand (chapter 7)."""
    return RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, Status.CLIENT_ERROR, message)


def unusable(message: str, status: Status = Status.UNUSABLE_API) -> RefusedError:
    """A partner whose own addresses cannot be used."""
    return RefusedError(HTTPStatus.OK, status, message)
