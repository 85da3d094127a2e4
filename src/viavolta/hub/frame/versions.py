"""Edits that never overwrite each other: a form carries the version of the row it was made from."""

from django.db import models


class StaleEditError(Exception):
    """Somebody else saved the same thing in the meantime; nothing was written."""


class Versioned(models.Model):
    """A row that counts its edits."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


def save_version(row: Versioned, *, seen: int) -> None:
    """Save `row` if nobody saved it since version `seen`, else raise and write nothing.

    Raises
    ------
    StaleEditError: the row has another version by now.
    """
    fields = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key and field.name != "version"
    }
    updated = (
        type(row)
        ._default_manager.filter(pk=row.pk, version=seen)
        .update(**fields, version=models.F("version") + 1)
    )
    if not updated:
        raise StaleEditError
    row.version = seen + 1
