"""Finds what a text carries that its reader, who asked for translations, cannot read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from assistant.circles.people.receipts import Ref, owners_of, shown_in
from assistant.store.tables import Answer, Goal, GoalStep, Inbox, Listing, Note, PendingAction, Person, Share

WORDS: Final[Mapping[str, Callable[[], Select[int, Any]]]] = {
    "share": lambda: select(Share.id, Share.words),
    "note": lambda: select(Note.id, Note.words),
    "answer": lambda: select(Answer.id, Answer.words),
    "goal": lambda: select(Goal.id, Goal.words),
    "step": lambda: select(GoalStep.id, GoalStep.words),
    "listing": lambda: select(Listing.id, Listing.words),
    "said": lambda: select(PendingAction.id, PendingAction.words),
    "text": lambda: select(Inbox.id, Inbox.body),
}
"""Kind of what holds words, as in `receipts.OWNERS`, -> the statement for ids and words. What is read in a
review is not among them: it is judged as it was written."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Words that stand in a text, and the language of whoever wrote them."""

    words: str
    language: str


def are_to_translate(session: Session, texts: Sequence[tuple[int, str]]) -> list[bool]:
    """Return of each text, as reader and what it carries, whether a translation is to follow it."""
    readers = session.execute(_READERS, {"readers": list({reader for reader, _ in texts})}).all()
    reads = {row.id: row.language for row in readers}
    owners = owners_of(
        session, {ref for reader, carries in texts if reader in reads for ref in _refs(carries)}
    )
    writes = languages_of(session, owners.values())
    return [
        reader in reads
        and any(writes.get(owners.get(ref, 0), reads[reader]) != reads[reader] for ref in _refs(carries))
        for reader, carries in texts
    ]


_READERS: Final = select(Person.id, Person.language).where(
    Person.id.in_(bindparam("readers", expanding=True)), Person.translated, Person.language.is_not(None)
)


def languages_of(session: Session, people: Collection[int]) -> dict[int, str]:
    """Return in which language each of these people writes, as far as it is known."""
    if not people:
        return {}
    rows = session.execute(select(Person.id, Person.language).where(Person.id.in_(set(people))))
    return {row.id: row.language for row in rows if row.language}


def foreign_words(session: Session, reader: Person, carries: str) -> list[Foreign]:
    """Return what a text carries in other languages than its reader's, in its order; not what was erased."""
    refs = _refs(carries)
    owners, words = owners_of(session, refs), _words_of(session, refs)
    writes = languages_of(session, owners.values())
    found = []
    for ref in refs:
        language, said = writes.get(owners.get(ref, 0)), words.get(ref)
        if said and language and language != reader.language:
            found.append(Foreign(said, language))
    return found


def _refs(carries: str) -> list[Ref]:
    return [ref for ref in shown_in(carries) if ref[0] in WORDS]


def _words_of(session: Session, refs: Collection[Ref]) -> dict[Ref, str | None]:
    words: dict[Ref, str | None] = {}
    for kind in {kind for kind, _ in refs}:
        said = WORDS[kind]()
        ids = [number for each, number in refs if each == kind]
        rows = session.execute(said.where(said.selected_columns[0].in_(ids)))
        words |= {(kind, row[0]): row[1] for row in rows}
    return words
