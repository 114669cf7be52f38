"""The short form of a soak: one fault of each kind that fits into half a minute; every promise is kept."""

from __future__ import annotations

import random

import pytest

from tests.servers import NoServerError
from tests.soak.__main__ import describe
from tests.soak.phones import code_of, make_phones
from tests.soak.trial import Plan, soak

DEALT = (
    "kill inbox",
    "answers dropped",
    "texts doubled",
    "lock database",
    "crash database",
    "kill redis",
    "callbacks shuffled",
    "answers 429",
    "kill web",
    "torn spool line",
    "clock moved",
    "disk full",
    "empty redis",
    "kill delivery",
    "kill keeper of inbox",
    "read-only database",
    "second run",
    "kill supervisor",
)


@pytest.mark.timeout(700)
@pytest.mark.parametrize("form", ["sqlite", "postgres"])
def test_every_promise_is_kept_whatever_breaks(form: str) -> None:
    """How long it settles is the machine's affair; nothing here is measured by it."""
    plan = Plan(form=form, seconds=30, rate=4, every=1.75, members=12, dealt=DEALT, least=60, settle=300)
    try:
        outcome = soak(plan)
    except NoServerError as error:
        pytest.skip(str(error))
    told = describe(outcome, plan)
    assert not outcome.report.broken, told
    assert outcome.struck.total() >= len(DEALT) - 3, told
    assert outcome.received >= plan.least, told
    assert outcome.restarts >= 1, told


def test_phones_join_circles_that_have_room() -> None:
    phones, circles = make_phones(100, random.Random(1))
    assert [sum(phone.opening == f"JOIN {code}" for phone in phones) for code, _ in circles] == [38, 38, 24]
    assert [phone.opening for phone in phones if phone.hosts] == [f"HOST {code}" for code, _ in circles]
    assert len({phone.number for phone in phones}) == 103
    assert len({code_of(place) for place in range(100)}) == 100
