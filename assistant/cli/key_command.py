"""Makes a data key, says what is sealed with which, and seals everything anew with the one of today."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

import click

from assistant.cli.output import as_json, print_json, print_table, say


@click.group()
def key() -> None:
    """The key that words, names and numbers are sealed with before they reach a disk (DATA_KEY)."""


@key.command()
def new() -> None:
    """Print a fresh key. Keep it where backups are not: without it, nobody can read what it seals."""
    from assistant.settings.kept_files import new_data_key

    click.echo(new_data_key())
    say("Set it as DATA_KEY wherever the service runs, with the key before as DATA_KEY_OLD, if there is one.")
    say("Keep a copy apart from the backups. Then start everything again, and run: circle key rotate")


@key.command()
@as_json
def status(as_json: bool) -> None:
    """How many values of each table are sealed with the key of today, with another, or not at all."""
    from assistant.cli.opening import runtime
    from assistant.store.resealing import count_values

    with runtime(quiet=as_json) as opened:
        keyring = opened.database.keyring
        with opened.database.read() as session:
            counts = count_values(session, keyring.fingerprint if keyring else None)
    rows = [
        {"table": each.table, "sealed": each.current, "old_key": each.others, "plain": each.plain}
        for each in counts
    ]
    if as_json:
        print_json({"key": keyring.fingerprint if keyring else None, "tables": rows})
        return
    say(f"The key is {keyring.fingerprint}." if keyring else "There is no DATA_KEY: nothing is sealed.")
    print_table(["TABLE", "SEALED", "OLD KEY", "PLAIN"], [list(row.values()) for row in rows])


@key.command()
def rotate() -> None:
    """Seal with DATA_KEY whatever is not: what is under DATA_KEY_OLD, and what was kept without a key.

    Everything may run meanwhile, once it was started with these keys. Stopped in between, it goes on where it
    stopped. Once it is through, DATA_KEY_OLD is needed no more.
    """
    from assistant.cli.opening import runtime
    from assistant.errors import NotPossible
    from assistant.store.keys_in_use import forget_keys_before
    from assistant.store.resealing import count_values, reseal

    with runtime() as opened:
        keyring = opened.database.keyring
        if keyring is None:
            raise NotPossible("There is no DATA_KEY to seal with. `circle key new` makes one.")
        with opened.database.read() as session:
            total = sum(each.plain + each.others for each in count_values(session, keyring.fingerprint))
        with _progress(total) as advance:
            reseal(opened.database, advance)
        done = forget_keys_before(opened.database)
        kept_plain = opened.spool.waiting()
    click.echo(f"{total} values are sealed with the key {keyring.fingerprint} now.")
    if not done:
        raise NotPossible(
            "Meanwhile others were written without it: is a process still running with other keys? "
            "Start everything again with these, and run this once more."
        )
    if kept_plain:
        say("Texts wait on the spool, under the key of their time: keep DATA_KEY_OLD until they are in.")
    say("DATA_KEY_OLD is not needed any more, but for older backups.")


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[str, int], None]]:
    if not sys.stderr.isatty():
        yield lambda _table, _count: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Sealing", total=total)
        yield lambda table, count: progress.update(task, advance=count, description=f"Sealing {table}")
