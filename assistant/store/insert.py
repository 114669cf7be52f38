"""Inserts rows that may be there already, on either database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session


def insert_new(session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows, leaving alone any that would break a unique constraint."""
    dialect = session.get_bind().dialect.name
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    session.execute(make(table).on_conflict_do_nothing(), list(rows))
