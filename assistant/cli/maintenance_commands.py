"""Brings the database up to date, and copies it while everything runs."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from assistant.store.database import Database


@click.command()
def migrate() -> None:
    """Bring the database up to date: one transaction, safe to run from several machines at once."""
    from assistant.runtime import build_runtime
    from assistant.settings import load_settings
    from assistant.store import migrate as migrations
    from assistant.store.keys_in_use import take_up_keys

    with build_runtime(load_settings()) as opened:
        take_up_keys(opened.database)
        before = migrations.current(opened.database)
        migrations.upgrade(opened.database)
        take_up_keys(opened.database)
    after = migrations.head()
    click.echo(f"The database is up to date ({after})." if before == after else f"Migrated to {after}.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
def backup(file: Path) -> None:
    """Copy the whole database into FILE, while everything runs; readable by you only.

    With SQLite, FILE is a database that can take the place of the old one. With PostgreSQL it is what pg_dump
    writes and pg_restore reads (custom format); pg_dump must be installed.
    """
    from assistant.cli.opening import runtime
    from assistant.cli.output import say
    from assistant.errors import NotPossible
    from assistant.settings.kept_files import DATA_KEY_FILE

    if file.exists():
        raise NotPossible(f"{file} exists already, and a backup never overwrites another. Name a new file.")
    fresh = file.with_name(f".{file.name}.unfinished")
    with runtime() as opened:
        kept_key = (opened.settings.circle_data / DATA_KEY_FILE).exists()
        try:
            os.close(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
            copy = _copy_sqlite if opened.settings.sqlite else _dump_postgresql
            copy(opened.database, fresh)
            fresh.replace(file)
        except OSError as error:
            raise NotPossible(f"{file} could not be written: {error.strerror}.") from None
        finally:
            fresh.unlink(missing_ok=True)
    click.echo(f"{file}: {file.stat().st_size:,} bytes")
    if (keyring := opened.database.keyring) is not None:
        where = f" ({opened.settings.circle_data / DATA_KEY_FILE})" if kept_key else ""
        say(f"It is sealed with the key {keyring.fingerprint}: keep a copy of DATA_KEY{where} elsewhere.")


def _copy_sqlite(database: Database, file: Path) -> None:
    # One reading transaction: nobody who writes waits for it, and however much is written, it ends.
    with closing(sqlite3.connect(str(database.url.database))) as source:
        source.execute("VACUUM INTO ?", (str(file),))
    with closing(sqlite3.connect(file)) as copy:
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        from assistant.errors import NotPossible

        raise NotPossible(f"The copy is damaged, and so perhaps is the database: {found}")


def _dump_postgresql(database: Database, file: Path) -> None:
    from assistant.errors import NotPossible

    url = database.url
    where = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        # Never on the command line, where every user of the machine could read it.
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    } | {f"PG{name.upper()}": value for name, value in url.query.items() if name in ("host", "sslmode")}
    environment = os.environ | {name: str(value) for name, value in where.items() if value}
    try:
        done = subprocess.run(  # noqa: S603 - no part of it comes from outside
            ["pg_dump", "--format=custom", "--no-owner", f"--file={file}"],  # noqa: S607 - wherever it is installed
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise NotPossible("pg_dump is not installed here: sudo apt-get install postgresql-client") from None
    if done.returncode:
        raise NotPossible(f"pg_dump could not: {done.stderr.strip()}")
