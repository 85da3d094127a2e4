"""The words of entries and full text over them: FTS5 on SQLite, a tsvector column on PostgreSQL."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

SQLITE = (
    """
    CREATE VIRTUAL TABLE market_full_text USING fts5(
      title_words, words, content='market_entrywords', content_rowid='entry_id'
    )
    """,
    """
    CREATE TRIGGER market_full_text_added AFTER INSERT ON market_entrywords BEGIN
      INSERT INTO market_full_text (rowid, title_words, words)
      VALUES (new.entry_id, new.title_words, new.words);
    END
    """,
    """
    CREATE TRIGGER market_full_text_removed AFTER DELETE ON market_entrywords BEGIN
      INSERT INTO market_full_text (market_full_text, rowid, title_words, words)
      VALUES ('delete', old.entry_id, old.title_words, old.words);
    END
    """,
    """
    CREATE TRIGGER market_full_text_changed
    AFTER UPDATE OF title_words, words ON market_entrywords BEGIN
      INSERT INTO market_full_text (market_full_text, rowid, title_words, words)
      VALUES ('delete', old.entry_id, old.title_words, old.words);
      INSERT INTO market_full_text (rowid, title_words, words)
      VALUES (new.entry_id, new.title_words, new.words);
    END
    """,
)
SQLITE_BACK = (
    "DROP TRIGGER market_full_text_added",
    "DROP TRIGGER market_full_text_removed",
    "DROP TRIGGER market_full_text_changed",
    "DROP TABLE market_full_text",
)
POSTGRESQL = (
    """
    ALTER TABLE market_entrywords ADD COLUMN full_text tsvector GENERATED ALWAYS AS (
      setweight(to_tsvector('simple', title_words), 'A') ||
      setweight(to_tsvector('simple', words), 'C')
    ) STORED
    """,
    "CREATE INDEX market_full_text ON market_entrywords USING gin (full_text)",
)
POSTGRESQL_BACK = ("ALTER TABLE market_entrywords DROP COLUMN full_text",)


def forwards(apps: Any, schema_editor: Any) -> None:
    run(schema_editor, {"sqlite": SQLITE, "postgresql": POSTGRESQL})


def backwards(apps: Any, schema_editor: Any) -> None:
    run(schema_editor, {"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK})


def run(schema_editor: Any, statements: dict[str, tuple[str, ...]]) -> None:
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("market", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="EntryWords",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="words",
                        serialize=False,
                        to="market.entry",
                    ),
                ),
                ("digest", models.CharField(max_length=32)),
                ("title_words", models.TextField()),
                ("words", models.TextField()),
                ("terms", models.BinaryField()),
                ("stems", models.BinaryField()),
                ("vector", models.BinaryField(null=True)),
                ("changed_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.RunPython(forwards, backwards),
    ]
