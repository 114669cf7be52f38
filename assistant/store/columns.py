"""What every table shares: the declarative base, ids, and times that are always UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Annotated, Any, Final

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, Table, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

_LENGTH: Final = len("2027-03-01 18:00:00.000000")


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A point in time, aware and in UTC on both sides; SQLite, which has no zones, keeps it without one.

    Raises:
        ValueError: when a naive datetime is given: nobody could say which time it means.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored; pass aware UTC")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def bind_processor(self, dialect: Dialect) -> Any:
        """Write what SQLite keeps in one go; see `result_processor`."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)

        def process(value: dt.datetime | None) -> str | None:
            if value is None:
                return None
            if value.tzinfo is not dt.UTC:
                value = (self.process_bind_param(value, dialect) or value).replace(tzinfo=dt.UTC)
            return _write(value)

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Read what SQLite keeps in one go: reports read, and imports write, a hundred thousand times."""
        usual = super().result_processor(dialect, coltype)
        return _written(usual) if dialect.name == "sqlite" and usual is not None else usual

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


@lru_cache(1024)  # A batch is of one moment, which stands in every row of it.
def _write(value: dt.datetime) -> str:
    return value.isoformat(" ", "microseconds")[:_LENGTH]


def _written(usual: Callable[[Any], dt.datetime | None]) -> Callable[[Any], dt.datetime | None]:
    """Read "2027-03-01 18:00:00.000000", which is how SQLAlchemy writes UTC; all else `usual` reads."""
    read = dt.datetime.fromisoformat

    def process(value: Any) -> dt.datetime | None:
        if value is None:
            return None
        return read(value + "+00:00") if len(value) == _LENGTH else usual(value)

    return process


# SQLite only numbers rows by itself when the column is exactly INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")
JsonOrNull = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""Where nothing is said most of the time: that is NULL then, and no JSON."""

Id = Annotated[int, mapped_column(BigId, primary_key=True)]
Context = Annotated[dt.datetime, mapped_column(UtcDateTime)]


@cache
def defaults(table: Table) -> tuple[tuple[str, Any], ...]:
    """Return what a new row of a table is given where nothing else is said, or what makes it of None."""
    both: list[tuple[str, Any]] = [(column.name, column.default) for column in table.columns]
    return tuple((name, default.arg) for name, default in both if default is not None)


@cache
def _names(table: type[Base]) -> frozenset[str]:
    return frozenset(each.key for each in inspect(table).column_attrs)


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can speak of them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        dt.datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[Any]: Json,
    }

    def __init__(self, **values: Any) -> None:
        """Make a new row of these columns' values.

        Raises:
            TypeError: there is no such column.
        """
        if unknown := values.keys() - _names(type(self)):
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        # Past the mapper, which would note of each value that it was not there before: a new row is written
        # whole, and there are no relationships.
        vars(self).update(values)


def one_of(column: str, values: tuple[str, ...]) -> str:
    """Return the text of a CHECK that keeps `column` to a closed list of words."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
