"""Statuses: ranks only rise, whatever order, copies and gaps the carrier's callbacks come in."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import Any

import pytest
from sqlalchemy import event, select

from assistant.carriers.carrier import Trouble
from assistant.delivery.delivery_receipts import (
    StatusReport,
    attempt_name,
    note_status,
    note_statuses,
    read_attempt,
)
from assistant.store.database import Database
from assistant.store.tables import Address, Alert, Consent, Outbox, Person

NOW = dt.datetime(2027, 3, 1, 15, 0, tzinfo=dt.UTC)
US = "MG" + "0" * 31 + "1"
SM = "SM" + "0" * 31 + "7"


@pytest.fixture
def ana(database: Database) -> int:
    """The id of Ana's address."""
    with database.write() as session:
        person = Person(name="Ana", created_at=NOW)
        session.add(person)
        session.flush()
        address = Address(person_id=person.id, uri="sms:+14155550123", created_at=NOW)
        session.add(address)
        session.flush()
        session.add(Consent(address_id=address.id, sender=US, kind="in", wording="JOIN", way="text", at=NOW))
        return address.id


def put(database: Database, address_id: int, **changes: Any) -> int:
    """An outbox row that the carrier accepted at the first try, unless said otherwise."""
    row = Outbox(
        person_id=1,
        address_id=address_id,
        to_uri="sms:+14155550123",
        sender=US,
        body="hello",
        segments=1,
        purpose="prompt",
        priority=2,
        created_at=NOW,
        not_before=NOW,
        state="sent",
        attempt=1,
        carrier_id=SM,
        status="accepted",
        sent_at=NOW,
    )
    for name, value in changes.items():
        setattr(row, name, value)
    with database.write() as session:
        session.add(row)
        session.flush()
        return row.id


def get(database: Database, row_id: int) -> Outbox:
    with database.read() as session:
        row = session.get_one(Outbox, row_id)
        session.expunge(row)
        return row


def note(
    database: Database,
    row_id: int,
    status: str,
    code: int | None = None,
    *,
    attempt: int = 1,
    carrier_id: str = SM,
    later: float = 0,
) -> bool:
    at = NOW + dt.timedelta(seconds=later)
    with database.write() as session:
        return note_status(session, attempt_name(row_id, attempt), carrier_id, status, code, at)


def test_an_attempt_s_name_is_plain_letters_and_digits_and_can_be_read_back() -> None:
    assert attempt_name(12, 3) == "12x3"
    assert attempt_name(12, 3).isalnum()
    assert read_attempt("12x3") == (12, 3)


@pytest.mark.parametrize(
    "odd", [None, "", "x", "12", "12x", "x3", "-1x1", "1x1x1", "12X3", "١x٢", "9" * 30 + "x1", " 1x1"]
)
def test_what_is_no_attempt_is_not_read_as_one(odd: str | None) -> None:
    assert read_attempt(odd) is None


def test_every_order_and_copy_of_callbacks_ends_at_delivered(database: Database, ana: int) -> None:
    for order in itertools.permutations(("queued", "sending", "sent", "delivered")):
        row_id = put(database, ana, carrier_id=None, status=None, state="claimed", sent_at=None)
        carrier_id = f"SM{row_id}"
        for status in (*order, *order):
            note(database, row_id, status, carrier_id=carrier_id)
        row = get(database, row_id)
        assert (row.status, row.state, row.carrier_id) == ("delivered", "done", carrier_id), order


def test_ranks_only_rise(database: Database, ana: int) -> None:
    row_id = put(database, ana)
    assert note(database, row_id, "sent", later=1)
    assert not note(database, row_id, "queued", later=2)
    assert not note(database, row_id, "sent", later=3)
    assert note(database, row_id, "delivered", later=4)
    assert not note(database, row_id, "undelivered", 30003, later=5)
    assert note(database, row_id, "read", later=6)
    row = get(database, row_id)
    assert (row.status, row.state) == ("read", "done")
    assert row.sent_at == NOW


def test_a_stored_error_is_never_taken_away(database: Database, ana: int) -> None:
    row_id = put(database, ana)
    note(database, row_id, "undelivered", 30007)
    note(database, row_id, "undelivered")
    note(database, row_id, "read")
    assert get(database, row_id).error_code == 30007


def test_an_error_that_comes_with_a_later_copy_is_kept(database: Database, ana: int) -> None:
    row_id = put(database, ana)
    note(database, row_id, "failed")
    assert note(database, row_id, "failed", 30007)
    assert get(database, row_id).error_code == 30007


@pytest.mark.parametrize("state", ["claimed", "unsure"])
def test_a_callback_before_the_answer_settles_the_row(database: Database, ana: int, state: str) -> None:
    row_id = put(database, ana, state=state, carrier_id=None, status=None, sent_at=None)
    assert note(database, row_id, "sent", later=1)
    row = get(database, row_id)
    assert (row.state, row.carrier_id, row.status) == ("sent", SM, "sent")
    assert row.sent_at == NOW + dt.timedelta(seconds=1)


def test_news_of_an_earlier_try_whose_answer_was_lost_settles_it_too(database: Database, ana: int) -> None:
    row_id = put(database, ana, state="queued", attempt=2, carrier_id=None, status=None)
    assert note(database, row_id, "delivered", attempt=1)
    assert get(database, row_id).state == "done"


def test_a_try_that_was_never_made_settles_nothing(database: Database, ana: int) -> None:
    row_id = put(database, ana, state="claimed", attempt=1, carrier_id=None, status=None)
    assert not note(database, row_id, "delivered", attempt=2)
    assert get(database, row_id).state == "claimed"


def test_another_carrier_id_for_a_settled_try_is_ignored(database: Database, ana: int) -> None:
    row_id = put(database, ana)
    assert not note(database, row_id, "delivered", carrier_id="SMother")
    row = get(database, row_id)
    assert (row.carrier_id, row.status) == (SM, "accepted")


def test_a_callback_that_lost_its_attempt_is_known_by_the_carrier_s_id(database: Database, ana: int) -> None:
    row_id = put(database, ana)
    with database.write() as session:
        assert note_status(session, None, SM, "delivered", None, NOW)
        assert not note_status(session, None, "SMother", "delivered", None, NOW)
        assert not note_status(session, "junk", "SMother", "delivered", None, NOW)
    assert get(database, row_id).state == "done"


def test_unknown_rows_and_unknown_statuses_change_nothing(database: Database, ana: int) -> None:
    row_id = put(database, ana)
    assert not note(database, 999_999, "delivered")
    assert not note(database, row_id, "levitating")
    assert get(database, row_id).status == "accepted"


def test_21610_is_an_opt_out_and_stands_in_the_ledger_once(database: Database, ana: int) -> None:
    first, second = put(database, ana), put(database, ana, carrier_id="SM8")
    reports = [
        StatusReport(attempt_name(first, 1), SM, "failed", 21610, NOW + dt.timedelta(minutes=1)),
        StatusReport(attempt_name(first, 1), SM, "failed", 21610, NOW + dt.timedelta(minutes=1)),
        StatusReport(attempt_name(second, 1), "SM8", "undelivered", 21610, NOW + dt.timedelta(minutes=2)),
    ]
    with database.write() as session:
        notes = note_statuses(session, reports)
    assert [(each.outbox_id, each.address_id, each.trouble) for each in notes] == [
        (first, ana, Trouble.OPTED_OUT),
        (second, ana, Trouble.OPTED_OUT),
    ]
    with database.read() as session:
        ledger = session.scalars(select(Consent).order_by(Consent.id)).all()
        assert [(each.kind, each.way) for each in ledger] == [("in", "text"), ("out", "carrier 21610")]
    row = get(database, first)
    assert (row.state, row.reason) == ("failed", "carrier 21610")


def test_a_refusal_from_before_ana_came_back_does_not_opt_ana_out(database: Database, ana: int) -> None:
    row_id = put(database, ana)
    with database.write() as session:
        later = NOW + dt.timedelta(hours=1)
        session.add(Consent(address_id=ana, sender=US, kind="in", wording="START", way="text", at=later))
    note(database, row_id, "failed", 21610, later=7200)
    with database.read() as session:
        assert [each.kind for each in session.scalars(select(Consent))] == ["in", "in"]


@pytest.mark.parametrize("code", [30005, 30006, 63024])
def test_an_address_that_cannot_be_reached_is_marked(database: Database, ana: int, code: int) -> None:
    row_id = put(database, ana)
    note(database, row_id, "undelivered", code, later=5)
    with database.read() as session:
        address = session.get_one(Address, ana)
        assert address.unreachable_at == NOW + dt.timedelta(seconds=5)
    assert get(database, row_id).state == "failed"


def test_a_handset_that_is_off_is_tried_again_hours_later_a_few_times(database: Database, ana: int) -> None:
    row_id = put(database, ana)
    waits = []
    for attempt in range(1, 5):
        carrier_id = f"SM-try-{attempt}"
        with database.write() as session:
            row = session.get_one(Outbox, row_id)
            row.state, row.attempt, row.carrier_id, row.status = "sent", attempt, carrier_id, "queued"
        note(database, row_id, "undelivered", 30003, attempt=attempt, carrier_id=carrier_id)
        row = get(database, row_id)
        waits.append((row.state, (row.not_before - NOW) / dt.timedelta(hours=1)))
    assert waits[:3] == [("queued", 3), ("queued", 6), ("queued", 12)]
    assert waits[3][0] == "failed"


def test_a_second_copy_of_a_failure_does_not_disturb_the_next_try(database: Database, ana: int) -> None:
    row_id = put(database, ana)
    note(database, row_id, "undelivered", 30008)
    assert get(database, row_id).state == "queued"
    assert not note(database, row_id, "undelivered", 30008)
    with database.write() as session:
        row = session.get_one(Outbox, row_id)
        row.state, row.attempt = "claimed", 2
    assert not note(database, row_id, "undelivered", 30008)
    assert get(database, row_id).state == "claimed"
    assert note(database, row_id, "sent", attempt=2, carrier_id="SM9"), "the new try's first word"
    row = get(database, row_id)
    assert (row.state, row.carrier_id, row.status) == ("sent", "SM9", "sent")


@pytest.mark.parametrize(
    "changes",
    [{"purpose": "reply"}, {"expires_at": NOW + dt.timedelta(hours=1)}],
    ids=["a reply", "expired by then"],
)
def test_what_would_come_too_late_is_not_sent_again(
    database: Database, ana: int, changes: dict[str, Any]
) -> None:
    row_id = put(database, ana, **changes)
    note(database, row_id, "undelivered", 30003)
    assert get(database, row_id).state == "failed"


@pytest.mark.parametrize("code", [30007, 99999, None])
def test_our_own_fault_and_unknown_errors_are_not_retried(
    database: Database, ana: int, code: int | None
) -> None:
    row_id = put(database, ana)
    with database.write() as session:
        report = StatusReport(attempt_name(row_id, 1), SM, "failed", code, NOW)
        (found,) = note_statuses(session, [report])
    assert (found.trouble, found.code) == (Trouble.FIX, code)
    assert get(database, row_id).state == "failed"


def test_the_host_sees_that_a_text_could_not_reach_a_member(database: Database, ana: int) -> None:
    row_id = put(database, ana)
    for _ in range(2):
        note(database, row_id, "undelivered", 30006)
    assert alerts(database) == [("unsent", row_id, 1)]


def test_our_own_fault_is_nobody_s_in_particular(database: Database, ana: int) -> None:
    first, second = put(database, ana), put(database, ana, carrier_id="SM8", person_id=2)
    note(database, first, "failed", 30034)
    note(database, second, "failed", 30034, carrier_id="SM8")
    assert alerts(database) == [("unsent", first, None)]


def test_someone_the_carrier_blocks_after_an_opt_in_is_shown(database: Database, ana: int) -> None:
    with database.write() as session:
        for days, kind in ((3, "out"), (2, "in")):
            at = NOW - dt.timedelta(days=days)
            session.add(Consent(address_id=ana, sender=US, kind=kind, wording="", way="text", at=at))
    row_id = put(database, ana)
    note(database, row_id, "failed", 21610)
    assert alerts(database) == [("carrier_blocked", row_id, 1)]


def alerts(database: Database) -> list[tuple[str, int | None, int | None]]:
    with database.read() as session:
        return [(each.kind, each.outbox_id, each.person_id) for each in session.scalars(select(Alert))]


def test_a_hundred_callbacks_cost_a_handful_of_statements(database: Database, ana: int) -> None:
    ids = [put(database, ana, carrier_id=f"SM{number}", status="queued") for number in range(50)]
    reports = [
        StatusReport(attempt_name(row_id, 1), f"SM{number}", status, None, NOW)
        for number, row_id in enumerate(ids)
        for status in ("sent", "delivered")
    ]
    random.Random(1).shuffle(reports)
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with database.write() as session:
        assert note_statuses(session, reports) == []
    assert len(statements) <= 6, statements
    assert {get(database, row_id).state for row_id in ids} == {"done"}
