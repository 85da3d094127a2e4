"""Has anything changed? A few numbers, asked for at every page: hence in plain SQL, from indexes.

Of entries the latest changes are looked at and how many there are: of 10,000 no more than that.
"""

from typing import Any

from django.db import connection

from viavolta.hub.studies.models import Visibility

MARKET = f"""
    SELECT
      (SELECT MAX(changed_at) FROM market_entry), (SELECT COUNT(*) FROM market_entry),
      (SELECT SUM(version * id) FROM
        (SELECT version, id FROM market_entry ORDER BY changed_at DESC LIMIT 50) AS latest),
      bodies.*, studies.*
    FROM
      (SELECT COUNT(*) AS n_bodies, SUM(version) AS edits,
              SUM(CASE WHEN hidden THEN 1 ELSE 0 END) AS n_hidden
       FROM people_organisation) AS bodies,
      (SELECT COUNT(study.id) AS n_studies, SUM(study.id) AS which FROM market_entry AS entry
       JOIN studies_study AS study ON study.id = entry.study_id
       WHERE study.visibility = '{Visibility.PUBLIC}') AS studies
"""  # noqa: S608 - a word of our own
"""Changes with whatever the lists of the market show."""
WORDS = """
    SELECT (SELECT MAX(changed_at) FROM market_entrywords),
           (SELECT COUNT(*) FROM market_entrywords)
"""
"""Changes with words and vectors."""


def stamp(statement: str) -> tuple[Any, ...]:
    """The numbers of a statement as the database stands."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchone())
