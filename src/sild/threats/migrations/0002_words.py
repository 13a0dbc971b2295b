"""The index of words, which is no table of Django's: FTS5 on SQLite, a tsvector on PostgreSQL."""

from django.db import migrations

SQLITE = [
    # Without content of its own: the texts stand in the objects. Sorted by number, which is by age.
    "CREATE VIRTUAL TABLE threats_words USING fts5(body, content='', tokenize='unicode61 remove_diacritics 2')",
]
POSTGRESQL = [
    "CREATE TABLE threats_words (version_id bigint PRIMARY KEY, body tsvector NOT NULL)",
    "CREATE INDEX threats_words_body ON threats_words USING gin (body)",
]


def create(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE threats_words")


class Migration(migrations.Migration):
    dependencies = [("threats", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
