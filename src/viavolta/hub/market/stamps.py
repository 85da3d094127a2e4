"""Has anything changed? A few numbers, asked for at every page: hence in plain SQL."""

from typing import Any

from django.db import connection

from viavolta.hub.studies.models import Visibility

MARKET = f"""
    SELECT * FROM
      (SELECT MAX(changed_at), SUM(version), COUNT(changed_at), MAX(id)
       FROM market_entry) AS entries,
      (SELECT COUNT(version), SUM(version), SUM(CASE WHEN hidden THEN 1 ELSE 0 END)
       FROM people_organisation) AS bodies,
      (SELECT COUNT(study.id), SUM(study.id) FROM market_entry AS entry
       JOIN studies_study AS study ON study.id = entry.study_id
       WHERE study.visibility = '{Visibility.PUBLIC}') AS studies
"""  # noqa: S608 - a word of our own
"""Changes with whatever the lists of the market show."""
WORDS = "SELECT MAX(changed_at), COUNT(changed_at) FROM market_entrywords"
"""Changes with words and vectors."""


def stamp(statement: str) -> tuple[Any, ...]:
    """The numbers of a statement as the database stands."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchone())
