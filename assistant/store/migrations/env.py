"""Tells Alembic which tables to aim for and which connection to use; run by Alembic, never imported."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from assistant.store.columns import UtcDateTime
from assistant.store.sealed_columns import Findable, SealedUri, Words, WordsJson
from assistant.store.tables import Base

NAMES = {UtcDateTime: "MOMENT", sa.BigInteger: "ID", sa.JSON: "JSON"}
NAMES |= dict.fromkeys((Words, Findable, SealedUri), "sa.String()") | {WordsJson: "JSON"}
"""How a revision calls our column types; it defines them itself, so that it stays true when ours change."""


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    return NAMES.get(type(item), False) if kind == "type" else False


connection: sa.Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_item=render_item,
    # SQLite cannot alter a column or a constraint: after the first revision Alembic copies the table instead.
    render_as_batch=context.get_head_revision() is not None,
)
with context.begin_transaction():
    context.run_migrations()
