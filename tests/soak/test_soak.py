"""The short form of a soak: a fault of each kind that fits into twenty seconds; every promise is kept."""

from __future__ import annotations

import random

import pytest

from tests.servers import NoServerError
from tests.soak.__main__ import describe
from tests.soak.phones import code_of, make_phones
from tests.soak.trial import Plan, soak

DEALT = {
    "sqlite": (
        "kill inbox",
        "answers dropped",
        "texts doubled",
        "lock database",
        "kill redis",
        "torn spool line",
        "clock moved",
        "disk full",
        "second run",
        "kill supervisor",
    ),
    "postgres": (
        "kill delivery",
        "callbacks shuffled",
        "crash database",
        "answers 429",
        "kill web",
        "empty redis",
        "kill keeper of inbox",
        "read-only database",
        "kill supervisor",
    ),
}
"""Each kind falls on one of the two; `make soak` deals any of them to either, for as long as one likes."""


@pytest.mark.timeout(700)
@pytest.mark.parametrize("form", DEALT)
def test_every_promise_is_kept_whatever_breaks(form: str) -> None:
    """How long it settles is the machine's affair; nothing here is measured by it."""
    dealt = DEALT[form]
    plan = Plan(form=form, seconds=19, rate=4, every=1.75, members=10, dealt=dealt, least=40, settle=300)
    try:
        outcome = soak(plan)
    except NoServerError as error:
        pytest.skip(str(error))
    told = describe(outcome, plan)
    assert not outcome.report.broken, told
    assert outcome.struck.total() >= len(dealt) - 2, told
    assert outcome.received >= plan.least, told
    assert outcome.restarts >= 1, told


def test_phones_join_circles_that_have_room() -> None:
    phones, circles = make_phones(100, random.Random(1))
    assert [sum(phone.opening == f"JOIN {code}" for phone in phones) for code, _ in circles] == [38, 38, 24]
    assert [phone.opening for phone in phones if phone.hosts] == [f"HOST {code}" for code, _ in circles]
    assert len({phone.number for phone in phones}) == 103
    assert len({code_of(place) for place in range(100)}) == 100
