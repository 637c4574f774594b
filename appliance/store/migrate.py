"""Brings a database's schema to the newest version, each numbered .sql file in one transaction."""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

import aiosqlite

Schema = Literal["core", "portal"]


class SchemaError(Exception):
    """The file cannot be used by this version of the program; the message says what to do."""


def scripts(schema: Schema) -> list[str]:
    """The SQL of versions 1, 2, ... in order."""
    folder = files("appliance.store") / "schema" / schema
    found = {int(entry.name[1:-4]): entry for entry in folder.iterdir() if entry.name.endswith(".sql")}
    if sorted(found) != list(range(1, len(found) + 1)):
        raise SchemaError(f"the schema files of {schema} are not numbered v1.sql, v2.sql, ... without a gap")
    return [found[version].read_text("utf-8") for version in sorted(found)]


async def migrate(db: aiosqlite.Connection, schema: Schema) -> int:
    """Returns the version reached. An interrupted migration leaves the version before it."""
    steps = scripts(schema)
    async with db.execute("PRAGMA user_version") as cursor:
        row = await cursor.fetchone()
    version = int(row[0]) if row else 0
    if version > len(steps):
        raise SchemaError(
            f"the {schema} database has schema version {version}, this program knows {len(steps)}: "
            "install the newer program, or restore a backup made with this one"
        )
    for number in range(version + 1, len(steps) + 1):
        await db.executescript(f"BEGIN IMMEDIATE;\n{steps[number - 1]}\nPRAGMA user_version = {number};\nCOMMIT;")
    return len(steps)
