"""The checker can fail: for each promise a made-up log in which it is broken, and one in which it is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.soak.verdicts import Evidence, InRow, OutRow, Received, Report, Sent, judge

TEN = dt.datetime(2027, 3, 1, 16, tzinfo=dt.UTC)
"""10:00 at the phones."""
ANA, ROSA = "+17732000001", "+17732000002"
STOP = "please stop texting me"


def at(seconds: float) -> dt.datetime:
    return TEN + dt.timedelta(seconds=seconds)


def good() -> Evidence:
    """Ana's step, told in two texts, a host's word to Rosa, and Rosa's STOP."""
    return Evidence(
        sent=[
            Sent("SM1", ANA, "call shop number 7", at(0)),
            Sent("SM2", ANA, "1", at(10)),
            Sent("SM3", ROSA, STOP, at(20)),
        ],
        received=[
            Received("SMa", ANA, "You did it: call shop number 7.", at(1)),
            Received("SMb", ANA, "Shared with the circle: 'call shop number 7'.", at(11)),
            Received("SMc", ANA, "What a good thing to be able to tell.", at(12)),
            Received("SMd", ROSA, "From Luz, your host: this is word number 3", at(13)),
            Received("SMe", ROSA, "You are opted out.", at(21)),
        ],
        inbox=[
            InRow(1, "SM1", "done", received_at=at(0)),
            InRow(2, "SM2", "done", received_at=at(10)),
            InRow(3, "SM3", "done", received_at=at(20)),
        ],
        outbox=[
            OutRow(1, ANA, "You did it: call shop number 7.", "reply", "done", 1, "SMa"),
            OutRow(2, ANA, "Shared with the circle: 'call shop number 7'.", "reply", "done", 2, "SMb"),
            OutRow(3, ANA, "What a good thing to be able to tell.", "reply", "sent", 2, "SMc"),
            OutRow(4, ROSA, "From Luz, your host: this is word number 3", "relay", "done", None, "SMd"),
            OutRow(5, ROSA, "You are opted out.", "legal", "done", 3, "SMe"),
        ],
        stops=frozenset({STOP}),
    )


def without_row(evidence: Evidence) -> Evidence:
    return replace(evidence, inbox=evidence.inbox[1:])


def not_handled(evidence: Evidence) -> Evidence:
    return replace(evidence, inbox=[replace(evidence.inbox[0], state="new"), *evidence.inbox[1:]])


def set_aside(evidence: Evidence) -> Evidence:
    return replace(evidence, inbox=[replace(evidence.inbox[0], state="set_aside"), *evidence.inbox[1:]])


def not_answered(evidence: Evidence) -> Evidence:
    return replace(evidence, outbox=evidence.outbox[1:], received=evidence.received[1:])


def on_no_phone(evidence: Evidence) -> Evidence:
    return replace(evidence, received=evidence.received[1:])


def never_left(evidence: Evidence) -> Evidence:
    waiting = OutRow(6, ANA, "One more.", "prompt", "queued")
    return replace(evidence, outbox=[*evidence.outbox, waiting])


def given_up(evidence: Evidence) -> Evidence:
    failed = replace(evidence.outbox[2], state="failed", sid=None)
    return replace(
        evidence,
        outbox=[*evidence.outbox[:2], failed, *evidence.outbox[3:]],
        received=[*evidence.received[:2], *evidence.received[3:]],
    )


def sent_twice(evidence: Evidence) -> Evidence:
    return replace(
        evidence, received=[*evidence.received, replace(evidence.received[0], sid="SMz", at=at(40))]
    )


def answered_twice(evidence: Evidence) -> Evidence:
    again = replace(evidence.outbox[0], id=6, sid="SMz")
    return replace(
        evidence,
        outbox=[*evidence.outbox, again],
        received=[*evidence.received, replace(evidence.received[0], sid="SMz", at=at(40))],
    )


def recorded_twice(evidence: Evidence) -> Evidence:
    return replace(evidence, inbox=[*evidence.inbox, replace(evidence.inbox[0], id=9)])


def wrong_way_round(evidence: Evidence) -> Evidence:
    first, second = evidence.received[1:3]
    swapped = [replace(first, at=second.at), replace(second, at=first.at)]
    return replace(evidence, received=[evidence.received[0], *swapped, *evidence.received[3:]])


def after_the_confirmation(evidence: Evidence) -> Evidence:
    return replace(
        evidence,
        received=[*evidence.received, Received("SMz", ROSA, "From Luz: word number 3", at(22))],
        outbox=[*evidence.outbox, OutRow(6, ROSA, "From Luz: word number 3", "relay", "done", None, "SMz")],
    )


def confirmed_late(evidence: Evidence) -> Evidence:
    return replace(evidence, received=[*evidence.received[:4], replace(evidence.received[4], at=at(200))])


def in_the_night(evidence: Evidence) -> Evidence:
    return replace(
        evidence,
        received=[
            *evidence.received[:3],
            replace(evidence.received[3], at=TEN - dt.timedelta(hours=3)),
            *evidence.received[4:],
        ],
    )


def of_someone_else(evidence: Evidence) -> Evidence:
    return replace(evidence, sent=[replace(evidence.sent[0], body="call shop number 8"), *evidence.sent[1:]])


@pytest.mark.parametrize(
    ("broken", "verdict"),
    [
        (without_row, "lost"),
        (not_handled, "lost"),
        (set_aside, "lost"),
        (not_answered, "lost"),
        (on_no_phone, "lost"),
        (never_left, "lost"),
        (given_up, "lost"),
        (sent_twice, "doubled"),
        (answered_twice, "doubled"),
        (recorded_twice, "doubled"),
        (wrong_way_round, "out of order"),
        (after_the_confirmation, "after STOP"),
        (confirmed_late, "after STOP"),
        (in_the_night, "at night"),
        (of_someone_else, "mixed up"),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_broken_promise_is_said(broken: Callable[[Evidence], Evidence], verdict: str) -> None:
    assert verdict in judge(broken(good())).count()


def test_a_log_in_which_every_promise_is_kept_breaks_none() -> None:
    report = judge(good())
    assert report.broken == []
    assert [(reply.sent.sid, reply.seconds) for reply in report.replies] == [
        ("SM1", 1),
        ("SM2", 1),
        ("SM3", 1),
    ]


def test_a_reply_that_took_longer_than_it_may_is_late() -> None:
    assert judge(good(), latest=0.5).count() == {"late": 3}


def test_what_waits_for_the_morning_is_not_lost() -> None:
    held = OutRow(6, ANA, "One more.", "notice", "queued", due=False)
    assert judge(replace(good(), outbox=[*good().outbox, held])) == Report([], judge(good()).replies)


def test_a_confirmation_that_was_dropped_for_being_late_is_no_loss() -> None:
    evidence = good()
    dropped = replace(evidence.outbox[4], state="dropped", reason="too late", sid=None)
    kept = replace(evidence, outbox=[*evidence.outbox[:4], dropped], received=evidence.received[:4])
    assert judge(kept).broken == []


def test_what_arrived_before_a_stop_was_on_record_is_not_after_it() -> None:
    """The webhook of a STOP may wait outside while the database is away."""
    evidence = good()
    waited = replace(evidence.inbox[2], received_at=at(120))
    word = Received("SMz", ROSA, "From Luz: word number 3", at(110))
    row = OutRow(6, ROSA, word.body, "relay", "done", None, "SMz")
    late = replace(
        evidence,
        inbox=[*evidence.inbox[:2], waited],
        received=[*evidence.received[:4], word, replace(evidence.received[4], at=at(125))],
        outbox=[*evidence.outbox, row],
    )
    assert judge(late).broken == []
