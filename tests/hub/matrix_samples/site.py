"""Samples of the routes that belong to no app."""

from cast import Cast
from matrix import sample

from viavolta.hub.site.sign_in_link import sign_in_link


@sample("token", route="sign_in_by_link")
def token(cast: Cast) -> str:
    """A link for the owner, as whoever runs the hub makes it."""
    return sign_in_link(cast.users["owner"]).rsplit("/", maxsplit=1)[-1]
