"""Empties rows of what people wrote: the rows stay, so that counts and references do."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, func, update
from sqlalchemy.orm import DeclarativeBase, Session


def empty_rows(
    session: Session,
    table: type[DeclarativeBase],
    which: ColumnElement[bool],
    erased_at: dt.datetime | None,
    **values: Any,
) -> None:
    """Set these columns of the rows that `which` names, in one statement; rows in memory are not looked at.

    Args:
        session: A session inside `Database.write()`.
        table: Whose rows.
        which: A condition on them.
        erased_at: Noted on rows that have no such time yet, aware UTC; None: the table has no such column.
        values: Column -> what stands there from now on.
    """
    if erased_at is not None:
        erased: Any = table.__table__.c.erased_at
        values["erased_at"] = func.coalesce(erased, erased_at)
    session.execute(
        update(table).where(which).values(**values), execution_options={"synchronize_session": False}
    )
