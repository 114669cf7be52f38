"""The types of columns that hold words, names or numbers: sealed on their way in, opened on their way out.

The key is the engine's (`Database(url, keyring=...)`). Without one everything is kept as it is; what was
kept so stays readable once there is one, and is sealed by `circle key rotate`.

A value is bound to its column, not to its row: most rows have no id before the database gives it to them.
Whoever can write to the database can so move sealed words from one row to another of the same column, and do
no more than with any other value in it; they can neither read them nor make some up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import JSON, Dialect, String, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator, TypeEngine

from assistant.store.sealing import MARK, Keyring, is_sealed, keep_plain, read_plain

Process = Callable[[Any], Any]


def keyring_of(dialect: Dialect) -> Keyring | None:
    """Return the keys of the engine that this dialect belongs to."""
    return getattr(dialect, "keyring", None)


class _OnlyWhetherThere(TypeDecorator.Comparator[Any]):
    """Lets a statement ask whether there is a value, and nothing about it: the database cannot read it."""

    __slots__ = ()

    def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
        # SQLAlchemy itself compares a column with itself, to look it up.
        own = other and getattr(getattr(other[0], "type", None), "where", None) == getattr(
            self.type, "where", ""
        )
        if op not in (operators.is_, operators.is_not) and not (op is operators.eq and own):
            raise TypeError(f"{self.expr} is sealed: read it, and compare what was read")
        return super().operate(op, *other, **kwargs)


class _Findable(TypeDecorator.Comparator[Any]):
    """Lets a statement ask for values, however they are kept, and compare such columns with each other."""

    __slots__ = ()

    def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
        if op in (operators.is_, operators.is_not):
            return super().operate(op, *other, **kwargs)
        if op in (operators.eq, operators.ne):
            if not isinstance(other[0], str):
                return super().operate(op, *other, **kwargs)
            op, other = (operators.in_op if op is operators.eq else operators.not_in_op), ([other[0]],)
        if op not in (operators.in_op, operators.not_in_op):
            raise TypeError(f"{self.expr} is sealed: it can only be asked for whole values")
        values = list(other[0])
        return super().operate(op, [*values, *map(_AsBefore, values)], **kwargs)


class _AsBefore(str):
    """A value asked for as it may be kept still: under the old key, or under none."""

    __slots__ = ()


class Sealed(TypeDecorator[Any]):
    """What all such types are: `stored` and `read` say how a value is kept."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = String
    cache_ok = True
    where: str

    @property
    def python_type(self) -> type[Any]:
        return self.impl_instance.python_type

    def stored(self, value: Any, keyring: Keyring | None) -> Any:
        """Return how a value is kept."""
        raise NotImplementedError

    def read(self, kept: Any, keyring: Keyring | None) -> Any:
        """Return the value that is kept so.

        Raises:
            SealError: it cannot be opened.
        """
        raise NotImplementedError

    def bind_processor(self, dialect: Dialect) -> Process:
        usual: Process | None = self.impl_instance.bind_processor(dialect)
        keyring, stored = keyring_of(dialect), self.stored

        def process(value: Any) -> Any:
            kept = None if value is None else stored(value, keyring)
            return kept if usual is None else usual(kept)

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Process:
        usual: Process | None = self.impl_instance.result_processor(dialect, coltype)
        keyring, read = keyring_of(dialect), self.read

        def process(value: Any) -> Any:
            kept = value if usual is None else usual(value)
            return None if kept is None else read(kept, keyring)

        return process


class Words(Sealed):
    """Text that a person wrote, or that carries such text. It cannot be searched for."""

    impl = String
    cache_ok = True
    comparator_factory: Any = _OnlyWhetherThere

    def __init__(self, where: str) -> None:
        """Name the column ("inbox.body"); the name stays what it was, should the column be renamed."""
        super().__init__()
        self.where = where

    def stored(self, value: Any, keyring: Keyring | None) -> Any:
        return keep_plain(value) if keyring is None else keyring.seal(value, self.where)

    def read(self, kept: Any, keyring: Keyring | None) -> Any:
        if not kept.startswith(MARK):
            return kept
        if keyring is None or not is_sealed(kept):
            return read_plain(kept, self.where)
        return keyring.open(kept, self.where)


class WordsJson(Sealed):
    """JSON that holds such text; sealed, it is one JSON string. It cannot be searched in."""

    impl = JSON
    cache_ok = True
    comparator_factory: Any = _OnlyWhetherThere

    def __init__(self, where: str) -> None:
        """Name the column, as for `Words`."""
        super().__init__()
        self.where = where

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else JSON())

    def stored(self, value: Any, keyring: Keyring | None) -> Any:
        if keyring is None:
            return keep_plain(value) if isinstance(value, str) else value
        return keyring.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")), self.where)

    def read(self, kept: Any, keyring: Keyring | None) -> Any:
        if not isinstance(kept, str) or not kept.startswith(MARK):
            return kept
        if keyring is None or not is_sealed(kept):
            return read_plain(kept, self.where)
        return json.loads(keyring.open(kept, self.where))


class Findable(Sealed):
    """A value that is found by asking for it whole (`==`, `in_`), and unique where an index says so."""

    impl = String
    cache_ok = True
    comparator_factory: Any = _Findable

    def __init__(self, where: str) -> None:
        """Name the column, or what all columns hold that are compared with each other."""
        super().__init__()
        self.where = where

    def stored(self, value: Any, keyring: Keyring | None) -> Any:
        if keyring is None:
            return keep_plain(value)
        return keyring.seal_to_find(value, self.where, old=isinstance(value, _AsBefore))

    def read(self, kept: Any, keyring: Keyring | None) -> Any:
        if not kept.startswith(MARK):
            return kept
        if keyring is None or not is_sealed(kept):
            return read_plain(kept, self.where)
        return keyring.open_found(kept, self.where)


class SealedUri(Findable):
    """Where a person is reached: `sms:+14155550123`."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__("address")


def sealed_columns(tables: Iterable[Table]) -> dict[Table, dict[str, Sealed]]:
    """Return the columns of each table that hold words, names or numbers, by name."""
    found = {
        table: {column.name: column.type for column in table.columns if isinstance(column.type, Sealed)}
        for table in tables
    }
    return {table: columns for table, columns in found.items() if columns}


def seal_row(dialect: Dialect, table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row for SQL of one's own, which knows no column types, with its words as they are kept."""
    keyring = keyring_of(dialect)
    columns = sealed_columns([table]).get(table, {})
    return {
        name: columns[name].stored(value, keyring) if name in columns and value is not None else value
        for name, value in row.items()
    }
