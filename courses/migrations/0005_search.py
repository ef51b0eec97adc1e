"""The table that lessons are found by: derived, unknown to the models, made for each database in its own way.

A table that is there already (of a newer version, left by restoring a backup of an older one) is taken over.
"""

from django.db import migrations

from courses import search

SQLITE = ["""
    CREATE VIRTUAL TABLE IF NOT EXISTS courses_search USING fts5(
        title, body, shown UNINDEXED, tokenize = "unicode61 remove_diacritics 0", prefix = "2 3"
    )
"""]
POSTGRESQL = [
    """
    CREATE TABLE IF NOT EXISTS courses_search (
        lesson_id bigint PRIMARY KEY, words tsvector NOT NULL, shown text NOT NULL
    )
    """,
    "ALTER TABLE courses_search ALTER words SET STORAGE MAIN",  # near the row: ranking reads it of each match
    "CREATE INDEX IF NOT EXISTS courses_search_words ON courses_search USING gin (words)",
]


def make(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)
    schema_editor.execute("DELETE FROM courses_search")
    lessons = apps.get_model("courses", "Lesson").objects.filter(published_revision__isnull=False, retired_at=None)
    fields = [f"published_revision__{name}" for name in ("title", "body", "takeaway")]
    # A migration that gives the table another shape fills it itself; then this line goes.
    search.write((key, title, f"{body}\n\n{last}") for key, title, body, last in lessons.values_list("pk", *fields))


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE courses_search")


class Migration(migrations.Migration):

    dependencies = [
        ("courses", "0004_certificates"),
    ]

    operations = [
        migrations.RunPython(make, drop),
    ]
