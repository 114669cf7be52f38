"""Opens what a command works with, and makes sure that the database is the one this program needs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.cli.output import say
from assistant.errors import NotPossible
from assistant.logs import set_up_logs
from assistant.runtime import Runtime, build_runtime
from assistant.settings import load_settings
from assistant.store import migrate
from assistant.store.keys_in_use import take_up_keys


@contextmanager
def runtime(*, quiet: bool = False) -> Iterator[Runtime]:
    """A runtime on a database that is up to date; one that is new and on this machine is made so.

    Args:
        quiet: Keep the settings' warnings to yourself.

    Raises:
        SettingsErrors: the environment is wrong.
        NotPossible: the database has to be migrated first.
    """
    # A command says itself what it did; a wake-up that nobody heard is nothing to worry anyone about.
    set_up_logs("circle", level=logging.ERROR)
    settings = load_settings()
    if not quiet:
        for warning in settings.warnings:
            say(f"Warning: {warning}")
    with build_runtime(settings) as opened:
        prepare(opened)
        yield opened


def prepare(opened: Runtime) -> None:
    """Make a new SQLite database ready; refuse to work on any other that is not.

    Raises:
        NotPossible: it has to be migrated, which a person should decide.
        WrongKeyError: it is sealed with another key.
    """
    revision = migrate.current(opened.database)
    if revision is None and opened.settings.sqlite:
        migrate.upgrade(opened.database)
        revision = migrate.head()
    if revision == migrate.head():
        take_up_keys(opened.database)
        return
    state = (
        "has no tables yet"
        if revision is None
        else f"is at revision {revision}, and {migrate.head()} is needed"
    )
    raise NotPossible(f"The database {state}. Run: circle migrate")
