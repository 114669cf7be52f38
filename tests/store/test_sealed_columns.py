"""Every column that can hold words, names or numbers is sealed, or says here why it needs not be."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import JSON, String, inspect, select, text
from sqlalchemy.dialects import sqlite

from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.sealed_columns import Sealed, SealedUri, WordsJson, seal_row, sealed_columns
from assistant.store.sealing import Keyring, SealError, is_sealed
from assistant.store.tables import Address, Base, Cohort, Conversation, Inbox, Person

ROOT: Final = Path(__file__).parents[2]
KEY, OTHER = os.urandom(32), os.urandom(32)
WORDS: Final = "my rose: a new job"

CLOSED: Final = "one of a closed list of ours"
OURS: Final = "a name out of our flow files"
CARRIER: Final = "an id or a word of the carrier's"
ADDRESS: Final = "our own number, which stands on posters"
READABLE: Final = {
    "listing.audience": CLOSED,
    "listing.need": CLOSED,
    "person.on_hand": "names of windows, from a closed list of ours",
    "consent.fingerprint": "a keyed hash of an address that asked to be forgotten",
    "member.news": CLOSED,
    "news.kind": CLOSED,
    "news.state": CLOSED,
    "receipt.kind": CLOSED,
    "receipt.way": CLOSED,
    "report.state": CLOSED,
    "share.kind": CLOSED,
    "survey.point": CLOSED,
    "survey.state": CLOSED,
    "survey_answer.item": CLOSED,
    "applicant.arm": CLOSED,
    "applicant.state": CLOSED,
    "seat_draw.commitment": "a hash, which is told before the draw",
    "seat_draw.lines": "numbers of lines in a file",
    "seat_draw.rule": CLOSED,
    "alert.kind": CLOSED,
    "talk.outcome": CLOSED,
    "talk.second_language": CLOSED,
    "talk.second_said": "a sentence out of our flow files, with no name in it",
    "talk.state": CLOSED,
    "page_call.carrier_id": CARRIER,
    "page_call.language": CLOSED,
    "page_call.pressed": CLOSED,
    "page_call.reason": CLOSED,
    "page_call.said": "sentences out of our flow files, with no name in them",
    "page_call.state": CLOSED,
    "page_call.token": "a random name that only signed requests may use",
    "alert_step.what": CLOSED,
    "danger_label.kind": CLOSED,
    "api_request.asked_hash": "a hash of a request",
    "api_request.key_hash": "a hash of a key that a tool chose",
    "api_token.key_hash": "a hash of a long random key",
    "api_token.rights": CLOSED,
    "webhook_send.content": "a circle's code, and counts with small ones hidden",
    "webhook_send.fact": "the name of a row",
    "webhook_send.kind": CLOSED,
    "webhook_send.name": "a random name",
    "webhook_send.state": CLOSED,
    "webhook_target.events": CLOSED,
    "webhook_target.trouble": "why nobody answered, in our words",
    "answer.key": OURS,
    "approach.because": "the name of a row",
    "approach.helped": CLOSED,
    "approach.reply": CLOSED,
    "approach.wave": CLOSED,
    "answer.outcome": OURS,
    "answer.visible_to": CLOSED,
    "audit.action": CLOSED,
    "circle.code": "what stands on posters, and is looked up in many ways",
    "circle.language": CLOSED,
    "circle.program": OURS,
    "circle.state": CLOSED,
    "circle.zone": "a time zone: counted and grouped by, shared by millions",
    "consent.kind": CLOSED,
    "consent.sender": ADDRESS,
    "consent.way": CLOSED,
    "conversation.callers": OURS,
    "conversation.flow": OURS,
    "conversation.step": OURS,
    "conversation.version": "a hash of a flow file",
    "flow_version.flow": OURS,
    "flow_version.source": "a flow file",
    "flow_version.version": "a hash of a flow file",
    "goal.state": CLOSED,
    "goal_step.outcome": CLOSED,
    "inbox.carrier_id": CARRIER,
    "inbox.reason": "why it was not handled, in our words or an error's class",
    "inbox.state": CLOSED,
    "inbox.to_uri": ADDRESS,
    "introduced.helped": CLOSED,
    "introduced.reply": CLOSED,
    "introduction.kind": CLOSED,
    "introduction.outcome": CLOSED,
    "invitation.language": CLOSED,
    "invitation.state": CLOSED,
    "invitation.zone": "a time zone",
    "kept_report.scope": "a circle's code, or a word of ours",
    "kept_report.content": "counts with small ones hidden, names of figures, codes of circles",
    "listing.kind": CLOSED,
    "listing.outcome": CLOSED,
    "listing.source": CLOSED,
    "listing.state": CLOSED,
    "media.content_type": CLOSED,
    "media.reason": CLOSED,
    "media.state": CLOSED,
    "media_ref.kind": CLOSED,
    "member.state": CLOSED,
    "note.kind": CLOSED,
    "address.channel": CLOSED,
    "message_template.body": "what flow files say, with {{1}} for what changes",
    "message_template.category": CARRIER,
    "message_template.content_id": CARRIER,
    "message_template.key": "a hash of wording of ours",
    "message_template.kind": CLOSED,
    "message_template.language": CLOSED,
    "message_template.lead": OURS,
    "message_template.name": OURS,
    "message_template.refusal": CARRIER,
    "message_template.status": CARRIER,
    "message_template.tail": OURS,
    "message_template.titles": OURS,
    "message_template.wording": OURS,
    "outbox.channel": CARRIER,
    "outbox.carrier_id": CARRIER,
    "outbox.carries": "rows by their ids",
    "outbox.media": "rows by their ids, and how files' names end",
    "outbox.purpose": CLOSED,
    "outbox.reason": "why it did not leave, in our words or the carrier's code",
    "outbox.sender": ADDRESS,
    "outbox.state": CLOSED,
    "outbox.status": CARRIER,
    "outbox.wording": OURS,
    "pair.why": "a reason's name, with hours and rounds",
    "circle_hour.key": OURS,
    "circle_hour.state": CLOSED,
    "hour_seat.reply": CLOSED,
    "hour_seat.role": CLOSED,
    "pair_member.did": CLOSED,
    "pair_member.gave": CLOSED,
    "pair_member.role": CLOSED,
    "page_link.key_hash": "a hash of a random key",
    "page_link.landing": CLOSED,
    "page_session.key_hash": "a hash of a random key",
    "upload.country": CLOSED,
    "upload.fates": "counts by a closed list of ours",
    "pending_action.kind": CLOSED,
    "pending_action.state": CLOSED,
    "person.language": CLOSED,
    "person.own_word": "a keyed hash of a word that nobody else knows",
    "phone_claim.state": CLOSED,
    "phone_link.code_hash": "a keyed hash of a code that opens nothing after minutes",
    "phone_link.state": CLOSED,
    "person.zone": "a time zone: counted and grouped by, shared by millions",
    "question.flow": OURS,
    "question.outcome": OURS,
    "question.state": CLOSED,
    "question.step": OURS,
    "question.visible_to": CLOSED,
    "role.kind": CLOSED,
    "service_state.name": CLOSED,
    "service_state.value": "the service's own: the clock, a pause, counts, fingerprints of keys",
    "timer.flow": OURS,
    "timer.key": "a place in a program",
    "timer.kind": CLOSED,
    "timer.outcome": OURS,
    "watermark.name": "what is read from outside, and our own number",
    "worker.queue": CLOSED,
}


def test_every_column_that_can_hold_words_is_sealed_or_says_why_not() -> None:
    able = {
        f"{table.name}.{column.name}": column.type
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String | JSON | Sealed)
    }
    readable = {name for name, kind in able.items() if not isinstance(kind, Sealed)}
    assert readable == set(READABLE)


def test_each_sealed_column_is_bound_to_itself_and_addresses_to_each_other() -> None:
    bound = [
        kind.where
        for columns in sealed_columns(Base.metadata.sorted_tables).values()
        for kind in columns.values()
        if not isinstance(kind, SealedUri)
    ]
    assert len(bound) == len(set(bound))
    assert "address" not in bound


def test_every_table_with_sealed_columns_is_numbered_so_that_it_can_be_sealed_anew() -> None:
    for table in sealed_columns(Base.metadata.sorted_tables):
        assert [column.name for column in table.primary_key.columns] == ["id"]


def test_no_statement_sorts_by_or_computes_with_a_sealed_column() -> None:
    classes = {mapper.class_.__name__: mapper for mapper in Base.registry.mappers}
    sealed = {
        f"{name}.{attribute.key}"
        for name, mapper in classes.items()
        for attribute in mapper.column_attrs
        if isinstance(attribute.columns[0].type, Sealed)
    }
    assert "Inbox.body" in sealed
    used = re.compile(
        r"\b(?:order_by|group_by|distinct|func\.\w+)\([^()]*\b(" + "|".join(map(re.escape, sealed)) + r")\b"
    )
    sources = [path for room in ("assistant", "webhooks") for path in (ROOT / room).rglob("*.py")]
    found = {
        f"{path.name}: {match.group(1)}" for path in sources for match in used.finditer(path.read_text())
    }
    assert not found


@pytest.mark.parametrize("column", [Inbox.body, Person.name, Conversation.values])
def test_words_cannot_be_asked_for_in_a_statement(column: Any) -> None:
    asks: tuple[Callable[[], object], ...] = (
        lambda: column == "x",
        lambda: column.in_(["x"]),
        lambda: column.like("x%"),
        lambda: column.desc(),
        lambda: column["x"],
    )
    for ask in asks:
        with pytest.raises(TypeError, match="is sealed"):
            ask()
    assert select(Person).where(column.is_(None), column.is_not(None)) is not None


def test_addresses_can_be_asked_for_whole_only() -> None:
    with pytest.raises(TypeError, match="whole"):
        Address.uri.like("sms:%")
    with pytest.raises(TypeError, match="whole"):
        Address.uri.desc()


@pytest.fixture
def sealed(database: Database) -> Iterator[Database]:
    """The same database with a key."""
    opened = Database(database.url.render_as_string(hide_password=False), keyring=Keyring(KEY))
    yield opened
    opened.close()


def _written(database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        person = Person(name="Anastasia", place="Tulsa", created_at=clock.now())
        session.add_all([person, Cohort(name="Spring", created_at=clock.now())])
        session.flush()
        session.add(Address(person_id=person.id, uri="sms:+14155550123", created_at=clock.now()))
        session.add(_text(clock.now()))
        session.add(
            Conversation(
                person_id=person.id,
                flow="f",
                version="v",
                step="s",
                values={"words": WORDS, "count": 3},
                began_at=clock.now(),
            )
        )


def _text(now: dt.datetime) -> Inbox:
    return Inbox(
        carrier_id="SM1",
        from_uri="sms:+14155550123",
        to_uri="sms:+14155550100",
        body=WORDS,
        params={"ProfileName": "Anastasia"},
        received_at=now,
        state="new",
    )


def everything(database: Database) -> str:
    """All that a dump of the database would show."""
    rows: list[object] = []
    with database.engine.connect() as connection:
        for table in inspect(database.engine).get_table_names():
            rows += connection.execute(text(f"SELECT * FROM {table}")).all()
    return repr(rows)


def test_what_is_written_with_a_key_is_read_with_it_and_lies_sealed(
    sealed: Database, clock: ManualClock
) -> None:
    _written(sealed, clock)
    lies = everything(sealed)
    assert not [each for each in (WORDS, "Anastasia", "Tulsa", "4155550123", "Spring") if each in lies]
    with sealed.read() as session:
        assert session.scalars(select(Inbox.body)).all() == [WORDS]
        assert session.scalars(select(Inbox.params)).all() == [{"ProfileName": "Anastasia"}]
        assert session.scalars(select(Conversation.values)).all() == [{"words": WORDS, "count": 3}]
        assert session.scalars(select(Person.name)).all() == ["Anastasia"]


def test_without_a_key_everything_lies_as_it_always_did(database: Database, clock: ManualClock) -> None:
    _written(database, clock)
    lies = everything(database)
    assert all(each in lies for each in (WORDS, "Anastasia", "Tulsa", "4155550123", "Spring"))
    assert "sealed:" not in lies


def test_what_was_written_before_there_was_a_key_is_read_and_found_with_one(
    database: Database, sealed: Database, clock: ManualClock
) -> None:
    _written(database, clock)
    with sealed.read() as session:
        assert session.scalars(select(Inbox.body)).all() == [WORDS]
        assert session.scalars(select(Conversation.values)).all() == [{"words": WORDS, "count": 3}]
        assert len(session.scalars(select(Address.id).where(Address.uri == "sms:+14155550123")).all()) == 1
        assert len(session.scalars(select(Cohort.id).where(Cohort.name.in_(["Spring"]))).all()) == 1


def test_addresses_are_found_joined_and_unique_under_a_key(sealed: Database, clock: ManualClock) -> None:
    _written(sealed, clock)
    uri = "sms:+14155550123"
    with sealed.read() as session:
        for asked in (Address.uri == uri, Address.uri.in_({uri, "sms:+1"}), Address.uri != "sms:+1"):
            assert session.scalars(select(Address.uri).where(asked)).all() == [uri]
        for missing in (Address.uri != uri, Address.uri.not_in([uri]), Address.uri.in_([])):
            assert session.scalars(select(Address.uri).where(missing)).all() == []
        joined = select(Inbox.id).join(Address, Address.uri == Inbox.from_uri)
        assert len(session.scalars(joined).all()) == 1
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), sealed.write() as session:
        session.add(Address(person_id=1, uri=uri, created_at=clock.now()))


def test_a_value_of_another_column_or_another_key_is_an_error_and_never_empty(
    sealed: Database, clock: ManualClock
) -> None:
    _written(sealed, clock)
    with sealed.write() as session:
        session.execute(text("UPDATE person SET place = name"))
    with sealed.read() as session, pytest.raises(SealError, match=r"person\.place"):
        session.scalars(select(Person)).all()
    url = sealed.url.render_as_string(hide_password=False)
    for keyring in (None, Keyring(OTHER)):
        other = Database(url, keyring=keyring)
        with other.read() as session, pytest.raises(SealError, match=Keyring(KEY).fingerprint):
            session.scalars(select(Inbox)).all()
        other.close()


def test_a_row_for_sql_of_one_s_own_is_sealed_by_hand() -> None:
    dialect = sqlite.dialect()
    vars(dialect)["keyring"] = Keyring(KEY)
    row = {"carrier_id": "SM1", "body": WORDS, "params": {"a": 1}, "from_uri": "sms:+1", "reason": None}
    kept = seal_row(dialect, Base.metadata.tables["inbox"], row)
    assert {name for name, value in kept.items() if is_sealed(value or "")} == {"body", "params", "from_uri"}
    assert WordsJson("inbox.params").read(kept["params"], Keyring(KEY)) == {"a": 1}
