"""Asks for one, reads for all: rows that several people's turns will look at, read once for a whole batch.

Inside `reading_ahead` a room that asks for the rows of one person (circle, seat, address) has those of
everyone announced read along, in one statement. What was read stays true: rows are the session's own, so that
what is changed on them shows; new ones are added as they are made. Readers filter by what a row says now, in
Python. Outside of it each question is a statement of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session

Row = TypeVar("Row", bound=DeclarativeBase)

AHEAD: Final = "read ahead"
"""Where a session keeps its `_Ahead`."""
_CHUNK: Final = 500
"""SQLite takes at most 32,766 values in a statement; far fewer keep its plan in its cache."""


def _always(_row: object) -> bool:
    return True


@dataclass(frozen=True, eq=False)  # Each is a thing of its own, looked up twenty times a text.
class RowsBy(Generic[Row]):
    """The rows of one table by one of their columns, which never changes: the seats of a person.

    Attributes:
        table: Whose rows.
        key: The column's name.
        only: Conditions, as arguments of `where`; a row that once fails them fails them for ever, and one
            that was read may fail them since: readers filter by what changes.
        holds: The same of a new row.
        called: What keys of this kind are announced as; the column's name unless said otherwise.
        tells: What is announced as soon as rows are read: the kind of key -> the column it is in.
    """

    table: type[Row]
    key: str
    only: tuple[Any, ...] = ()
    holds: Callable[[Any], bool] = _always
    called: str = ""
    tells: tuple[tuple[str, str], ...] = ()

    @property
    def keys(self) -> str:
        """What keys of this kind are announced as."""
        return self.called or self.key

    def of(self, session: Session, key: Any) -> list[Row]:
        """Return the rows with this key, the oldest first."""
        ahead: _Ahead | None = session.info.get(AHEAD)
        if ahead is None:
            return self._read(session, [key]).get(key, [])
        held = ahead.held[self.table].get(self)
        if held is None:
            held = ahead.held[self.table][self] = {}
            for row in ahead.new[self.table]:
                _add(ahead, self, row)
        if key not in held and key in ahead.made[self.keys]:
            held[key] = []
        if key not in held:
            held |= self._read(
                session, {key, *ahead.announced[self.keys]} - held.keys() - ahead.made[self.keys]
            )
        return list(held[key])

    def read_anew(self, session: Session, key: Any) -> None:
        """Read the rows with this key again when they are next asked for: one went in without an object."""
        ahead: _Ahead | None = session.info.get(AHEAD)
        if ahead is not None:
            ahead.held[self.table].get(self, {}).pop(key, None)
            ahead.made[self.keys].discard(key)

    @cached_property
    def _asking(self) -> Select[Row]:
        """The statement, built once: that takes longer than SQLite does to answer it."""
        column, order = getattr(self.table, self.key), self.table.__table__.c.id
        keys: BindParameter[Any] = bindparam("keys", expanding=True)
        return select(self.table).where(column.in_(keys), *self.only).order_by(order)

    def _read(self, session: Session, keys: Collection[Any]) -> dict[Any, list[Row]]:
        found: dict[Any, list[Row]] = {key: [] for key in keys}
        wanted = sorted(keys)
        for start in range(0, len(wanted), _CHUNK):
            for row in session.scalars(self._asking, {"keys": wanted[start : start + _CHUNK]}):
                found[getattr(row, self.key)].append(row)
                announce(session, **{kind: {getattr(row, of)} for kind, of in self.tells})
        return found


@dataclass
class _Ahead:
    announced: defaultdict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    """Kind of key -> those whose rows are read along."""
    made: defaultdict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    """Kind of key -> ids of rows that this transaction has made: nothing but what it made points to those."""
    new: defaultdict[type, list[Any]] = field(default_factory=lambda: defaultdict(list))
    held: defaultdict[type, dict[RowsBy[Any], dict[Any, list[Any]]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """Table -> kind of rows of it -> key -> rows."""


@contextmanager
def reading_ahead(session: Session) -> Iterator[None]:
    """Read for all that was announced whatever is asked for one, from here to the end of the block."""
    session.info[AHEAD] = _Ahead()
    try:
        yield
    finally:
        session.info.pop(AHEAD, None)


def announce(session: Session, **keys: Collection[Any]) -> None:
    """Say whose rows may be needed: `announce(session, person_id=..., circle_id=...)`."""
    ahead: _Ahead | None = session.info.get(AHEAD)
    if ahead is not None:
        for kind, some in keys.items():
            ahead.announced[kind].update(key for key in some if key is not None)


def announced(session: Session, kind: str) -> set[Any]:
    """Return the keys of a kind that were announced, by whoever read rows that tell of them too."""
    ahead: _Ahead | None = session.info.get(AHEAD)
    return set() if ahead is None else set(ahead.announced[kind])


def forget(session: Session, table: type[DeclarativeBase] | None = None) -> None:
    """Read anew, when next needed, the rows of a table, or of all."""
    ahead: _Ahead | None = session.info.get(AHEAD)
    if ahead is None:
        return
    if table is None:
        ahead.made.clear()
        ahead.new.clear()
        ahead.held.clear()
    else:
        ahead.held.pop(table, None)


def note_made(session: Session, row: Any) -> None:
    """Add a new row to those that were read with its key; the session calls this for each."""
    ahead: _Ahead | None = session.info.get(AHEAD)
    if ahead is None:
        return
    table = type(row)
    if (its_id := vars(row).get("id")) is not None:
        ahead.made[f"{table.__table__.name}_id"].add(its_id)
    ahead.new[table].append(row)
    for kind in ahead.held[table]:
        _add(ahead, kind, row)


def note_gone(session: Session, row: Any) -> None:
    """Leave out a row that was taken back."""
    ahead: _Ahead | None = session.info.get(AHEAD)
    if ahead is None:
        return
    if row in ahead.new[type(row)]:
        ahead.new[type(row)].remove(row)
    for kind, held in ahead.held[type(row)].items():
        if row in (rows := held.get(getattr(row, kind.key), [])):
            rows.remove(row)


def _add(ahead: _Ahead, kind: RowsBy[Any], row: Any) -> None:
    held, key = ahead.held[kind.table][kind], getattr(row, kind.key)
    if (key in held or key in ahead.made[kind.keys]) and kind.holds(row):
        held.setdefault(key, []).append(row)


def note_statement(state: ORMExecuteState) -> None:
    """Forget the rows of a table that a statement changes past the session's own; the session calls this."""
    if (state.is_update or state.is_delete or state.is_insert) and state.bind_mapper is not None:
        forget(state.session, state.bind_mapper.class_)
