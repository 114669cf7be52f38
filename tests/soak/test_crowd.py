"""The crowd's ledger sees what must not be, and its carrier's log shows what a webhook did not take."""

from __future__ import annotations

import json
import random

from tests.bench.inbound import FORM
from tests.soak.crowd import CROSSED, STEPS, Crowd, Ledger

ANA = "+13125550001"


def test_what_comes_once_and_in_order_is_well() -> None:
    ledger = Ledger()
    for words in (*STEPS, "A buddy will say hello"):
        ledger.got(ANA, f"... {words} ...")
    assert not ledger.broken


def test_what_comes_twice_or_after_what_follows_it_is_told() -> None:
    ledger = Ledger()
    for words in (STEPS[0], STEPS[2], STEPS[1], STEPS[2]):
        ledger.got(ANA, words)
    assert (ledger.broken.doubled, ledger.broken.disordered) == (1, 1)


def test_a_question_that_crossed_with_its_answer_comes_again_once() -> None:
    ledger = Ledger()
    for words in (STEPS[0], CROSSED, STEPS[0], STEPS[1]):
        ledger.got(ANA, words)
    assert not ledger.broken
    ledger.got(ANA, STEPS[1])
    assert ledger.broken.doubled == 1


def test_the_log_shows_what_was_sent_to_a_phone_and_what_was_not_taken_from_it() -> None:
    crowd = Crowd(0, random.Random(1))

    def log(to: str) -> list[dict[str, str]]:
        path = f"GET /2010-04-01/Accounts/AC1/Messages.json?To={to.replace('+', '%2B')}&PageSize=200"
        answer = crowd.answer(f"{path} HTTP/1.1".encode(), b"")
        assert answer is not None
        found: list[dict[str, str]] = json.loads(answer.body)["messages"]
        return found

    assert log(ANA) == log(FORM["To"]) == []
    crowd.took({"To": [ANA], "Body": ["Hi"], "StatusCallback": ["http://127.0.0.1:9/status"]})
    crowd.not_taken("SM1", ANA, "OK")
    assert [(each["body"], each["direction"]) for each in log(ANA)] == [("Hi", "outbound-api")]
    assert [(each["body"], each["from"]) for each in log(FORM["To"])] == [("OK", ANA)]
    # Nobody was on the way: that text came out of nowhere.
    assert crowd.ledger.broken.strange == 1
