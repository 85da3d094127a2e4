"""Why an action was not done, in words for the person who asked."""

from django.utils.functional import Promise


class RefusedError(Exception):
    """The action is not possible as things stand; nothing was written."""

    def __init__(self, reason: str | Promise) -> None:
        super().__init__(str(reason))
        self.reason = reason
