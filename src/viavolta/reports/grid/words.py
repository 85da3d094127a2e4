"""Names of the tables as words."""


def spaced(name: str) -> str:
    """Write a name of the tables as words."""
    return name.replace("_", " ").replace("-", " ")
