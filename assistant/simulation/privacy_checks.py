"""Holds a simulated season to what is private: WHO knows every reader, and ERASE ME leaves nothing."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.carriers.twilio_addresses import to_uri
from assistant.circles.people.receipts import reads_of
from assistant.simulation.invariants import Score
from assistant.simulation.text_checks import Watcher
from assistant.simulation.word_ledger import WordLedger, plain_text
from assistant.simulation.world import World
from assistant.store.columns import Base
from assistant.store.tables import Address, Conversation, Outbox, Receipt, Timer

TOLD: Final[tuple[tuple[Any, str], ...]] = (
    (Outbox, "body"),
    (Outbox, "taps"),
    (Conversation, "values"),
    (Timer, "values"),
)
"""Where the name of someone stands whom others were told of; what others wrote is theirs."""


def check_receipts(world: World, score: Score, watcher: Watcher) -> None:
    """Check that every text which brought words to someone else has a receipt, and that WHO counts it.

    The words of whoever was forgotten have no receipts any more.
    """
    unique = {words for words, count in _counted(watcher.ledger).items() if count == 1}
    with world.database.read() as session:
        uris = dict(session.execute(select(Address.uri, Address.person_id)).all())
        people = {name: uris.get(to_uri(world.number(name))) for name in watcher.names}
        of_text = defaultdict(set)
        for person_id, outbox_id in session.execute(select(Receipt.person_id, Receipt.outbox_id)):
            of_text[outbox_id].add(person_id)
        readers = {
            person: {read.reader_id for read in reads_of(session, person)}
            for person in people.values()
            if person is not None
        }
        for text in watcher.passed:
            if text.inbound or text.row is None:
                continue
            said = f" {plain_text(text.body)} "
            for secret in watcher.ledger.secrets:
                if (
                    secret.words not in unique
                    or secret.writer == text.name
                    or f" {secret.words} " not in said
                ):
                    continue
                writer = people.get(secret.writer)
                # Whoever was forgotten and wrote once more is somebody else to us.
                reader = people.get(text.name) if text.name not in watcher.forgotten else None
                if writer is None or secret.writer in watcher.forgotten:
                    continue
                kept = writer in of_text[text.row.id] and (reader is None or reader in readers[writer])
                what = f"no receipt of {secret.words!r} of {secret.writer}: {text.body!r}"
                score.hold("receipts", kept, text.at, text.name, what)


def check_forgotten(world: World, score: Score, ledger: WordLedger, name: str) -> None:
    """Look in every row and every file for the words and the number of someone who was to be forgotten."""
    others = Counter(each.words for each in ledger.secrets if each.writer != name)
    mine = {each.words for each in ledger.secrets if each.writer == name} - set(others)
    now, number = world.clock.now(), world.number(name).lstrip("+")
    with world.database.read() as session:
        rows = list(_rows(session))
    files = [(path.name, _plain(path)) for path in sorted(Path(world.folder).rglob("*")) if path.is_file()]
    for words in sorted(mine):
        found = [where for where, text in (*rows, *files) if f" {words} " in text]
        score.hold("forgotten", not found, now, name, f"{words!r} stands in {', '.join(found)}")
    found = [where for where, text in (*rows, *files) if number in text]
    score.hold("forgotten", not found, now, name, f"the number stands in {', '.join(found)}")


def check_name_forgotten(world: World, score: Score, name: str, person: int) -> None:
    """Look for the name of someone who was forgotten in what others were told."""
    called = re.compile(rf"\b{re.escape(name)}\b(?! =)")
    with world.database.read() as session:
        found = [
            f"{table.__tablename__}.{column} {row.id}: {getattr(row, column)!r}"
            for table, column in TOLD
            for row in session.scalars(select(table).where(table.person_id != person))
            if called.search(str(getattr(row, column) or ""))
        ]
    score.hold("forgotten", not found, world.clock.now(), name, f"is still named: {'; '.join(found)}")


def _counted(ledger: WordLedger) -> Counter[str]:
    return Counter(secret.words for secret in ledger.secrets)


def _rows(session: Session) -> Iterator[tuple[str, str]]:
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            yield table.name, f" {plain_text(str(tuple(row)))} "


def _plain(path: Path) -> str:
    return f" {plain_text(path.read_bytes().decode('utf-8', 'replace'))} "
