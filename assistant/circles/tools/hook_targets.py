"""Hooks: addresses that hear what happens in a cohort; added and removed by command line."""

from __future__ import annotations

import base64
import datetime as dt
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from assistant.circles.people.audit import record
from assistant.circles.tools.hook_addresses import explain_wrong_url
from assistant.errors import NotPossible
from assistant.store.tables import Cohort, WebhookSend, WebhookTarget
from assistant.store.tables.tool_tables import EVENTS, TEST_EVENT

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how the standard has secrets begin
SECRET_BYTES: Final = 32
MOST_TARGETS: Final = 10
"""Of one cohort."""
NAME_BYTES: Final = 18
TESTED_WITHIN: Final = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """A hook, whose it is, and how its sends stand."""

    target: WebhookTarget
    cohort: str
    waiting: int
    given_up: int


def add_target(
    session: Session, cohort: Cohort, url: str, events: Collection[str], now: dt.datetime, *, local: bool
) -> WebhookTarget:
    """Have an address hear what happens in a cohort from now on.

    Args:
        session: Inside one writing transaction.
        cohort: Whose circles it hears of.
        url: Where it is.
        events: Some of `EVENTS`.
        now: Aware UTC, the service's.
        local: It may be on this machine.

    Raises:
        NotPossible: it says everything that is wrong.
    """
    wrong = [each for each in (explain_wrong_url(url, local=local),) if each]
    unknown = sorted(set(events) - set(EVENTS))
    if unknown or not events:
        wrong.append(f"Events are {', '.join(EVENTS)}{'; not ' if unknown else ''}{', '.join(unknown)}.")
    theirs = (WebhookTarget.cohort_id == cohort.id, WebhookTarget.ended_at.is_(None))
    if (session.scalar(select(func.count(WebhookTarget.id)).where(*theirs)) or 0) >= MOST_TARGETS:
        wrong.append(f"A cohort has {MOST_TARGETS} hooks at most: remove one first.")
    if wrong:
        raise NotPossible(*wrong)
    target = WebhookTarget(
        cohort_id=cohort.id,
        url=url,
        secret=SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode(),
        events=",".join(each for each in EVENTS if each in events),
        made_at=now,
        looked_at=now,
        next_at=now,
        failures=0,
    )
    session.add(target)
    session.flush()
    record(session, "add hook", now, cohort_id=cohort.id, hook=target.id)
    return target


def remove_target(session: Session, target_id: int, now: dt.datetime) -> None:
    """Tell an address nothing any more, not even what waits for it.

    Raises:
        NotPossible: there is none of that id, or it is removed.
    """
    target = find_target(session, target_id)
    end_target(session, target, now)
    record(session, "remove hook", now, cohort_id=target.cohort_id, hook=target.id)


def end_target(session: Session, target: WebhookTarget, now: dt.datetime) -> None:
    """End a hook: at its organizer's wish, or its own (410)."""
    target.ended_at = now
    session.execute(
        update(WebhookSend)
        .where(WebhookSend.target_id == target.id, WebhookSend.state == "waiting")
        .values(state="given_up", settled_at=now),
        execution_options={"synchronize_session": False},
    )


def find_target(session: Session, target_id: int) -> WebhookTarget:
    """Return a hook that holds.

    Raises:
        NotPossible: there is none of that id.
    """
    target = session.get(WebhookTarget, target_id)
    if target is None or target.ended_at is not None:
        raise NotPossible(f"There is no hook {target_id}. `circle api hook list` shows them all.")
    return target


def all_targets(session: Session) -> Sequence[Standing]:
    """Return every hook that there is or was, the oldest first."""
    counts = {
        (target_id, state): count
        for target_id, state, count in session.execute(
            select(WebhookSend.target_id, WebhookSend.state, func.count())
            .where(WebhookSend.kind != TEST_EVENT)
            .group_by(WebhookSend.target_id, WebhookSend.state)
        )
    }
    rows = session.execute(
        select(WebhookTarget, Cohort.name)
        .join(Cohort, Cohort.id == WebhookTarget.cohort_id)
        .order_by(WebhookTarget.id)
    )
    return [
        Standing(target, name, counts.get((target.id, "waiting"), 0), counts.get((target.id, "given_up"), 0))
        for target, name in rows
    ]


def add_test(session: Session, target: WebhookTarget, now: dt.datetime, real: dt.datetime) -> WebhookSend:
    """Make something harmless to tell a hook, so that its owner sees whether it hears.

    Args:
        now: The service's time.
        real: The machine's.
    """
    name = new_name()
    send = WebhookSend(
        target_id=target.id,
        name=name,
        kind=TEST_EVENT,
        fact=name,
        content={},
        at=now,
        made_at=real,
        state="waiting",
        tries=0,
        # The command tells it itself.
        next_at=real + TESTED_WITHIN,
    )
    session.add(send)
    session.flush()
    return send


def new_name() -> str:
    """Return a name for an event that nobody can guess, and that tells nothing."""
    return f"msg_{secrets.token_urlsafe(NAME_BYTES)}"
