"""A token opens what it is for as long as it holds; an act under a key is done once."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant.circles.tools.api_requests import ABANDONED_AFTER, KEPT_FOR, begin, keep_answer, let_go
from assistant.circles.tools.api_tokens import (
    all_tokens,
    is_noted,
    make_token,
    note_use,
    revoke_token,
    standing_of,
    token_of,
)
from assistant.errors import NotPossible
from tests.circles.town import Town

SECOND = dt.timedelta(seconds=1)


def test_a_token_holds_until_it_expires_or_is_revoked(town: Town) -> None:
    made, secret = make_token(town.session, town.cohort(), "read", "  our   CRM ", town.now, 2)
    assert token_of(town.session, secret) is made
    assert token_of(town.session, secret[:-1]) is None
    days = (dt.timedelta(days=1), dt.timedelta(days=2))
    assert [standing_of(made, town.now + each) for each in days] == ["good", "expired"]
    assert [(each.label, cohort) for each, cohort in all_tokens(town.session)] == [("our CRM", "Spring")]
    note_use(town.session, made.id, town.now)
    assert is_noted(made, town.now + dt.timedelta(minutes=59))
    assert not is_noted(made, town.now + dt.timedelta(minutes=61))
    revoke_token(town.session, made.id, town.now)
    assert standing_of(made, town.now) == "revoked"
    with pytest.raises(NotPossible, match="already"):
        revoke_token(town.session, made.id, town.now)


def test_a_key_stands_for_what_was_asked_first_for_a_day(town: Town) -> None:
    token, _ = make_token(town.session, town.cohort(), "act", "", town.now, None)
    other, _ = make_token(town.session, town.cohort("Autumn"), "act", "", town.now, None)

    def state(asked: bytes = b"invite", after: dt.timedelta = SECOND, token_id: int = token.id) -> str:
        return begin(town.session, token_id, "key-00001", asked, town.now + after).state

    first = begin(town.session, token.id, "key-00001", b"invite", town.now)
    assert first.state == "new"
    assert [state(), state(b"something else"), state(token_id=other.id)] == ["busy", "other", "new"]
    assert state(after=ABANDONED_AFTER + SECOND) == "new"
    keep_answer(town.session, first.id, 201, {"invited": 3})
    town.session.flush()
    again = begin(town.session, token.id, "key-00001", b"invite", town.now + dt.timedelta(hours=1))
    assert (again.state, again.status, again.answer) == ("done", 201, {"invited": 3})
    assert state(after=KEPT_FOR + dt.timedelta(hours=1)) == "new"
    let_go(town.session, first.id)
