"""Notes how far the carrier says a text has come: ranks only rise, in any order and however often it is said.

Callbacks come late, doubled, out of order, and before the answer to the send itself; the attempt in their
address (`{outbox id}x{attempt}`) names the row. So a callback also settles a row whose answer was lost.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from assistant.carriers.carrier import Trouble
from assistant.store.bulk import update_rows
from assistant.store.tables.message_tables import Outbox

if TYPE_CHECKING:
    from assistant.delivery.failure_policy import Failure

log = structlog.get_logger(__name__)

RANKS = {
    "accepted": 0,
    "scheduled": 0,
    "queued": 0,
    "sending": 1,
    "sent": 2,
    "partially_delivered": 2,
    "delivered": 3,
    "undelivered": 3,
    "failed": 3,
    "canceled": 3,
    "read": 4,
}
RCS = "rcs"
ARRIVED = ("delivered", "read")
NOT_ARRIVED = ("undelivered", "failed", "canceled")

_ATTEMPT = re.compile(r"([0-9]{1,18})x([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What one status callback says. `at` is when it came, aware UTC."""

    attempt: str | None
    carrier_id: str
    status: str
    error_code: int | None
    at: dt.datetime
    channel: str | None = None
    """By what it goes, where the carrier says so: "rcs", "sms"."""
    left_at: dt.datetime | None = None
    """When the text left, where that is known better than by when the word of it came."""


@dataclass(frozen=True, slots=True)
class StatusNote:
    """A final failure and what it means for the address; `note_statuses` has already written it down."""

    outbox_id: int
    address_id: int
    trouble: Trouble
    code: int | None


def attempt_name(outbox_id: int, attempt: int) -> str:
    """Return the plain letters and digits that name one try of one outbox row in the callbacks' address."""
    return f"{outbox_id}x{attempt}"


def read_attempt(name: str | None) -> tuple[int, int] | None:
    """Return the outbox id and the number of the try, or None if `name` is not one of ours."""
    found = _ATTEMPT.fullmatch(name or "")
    return (int(found[1]), int(found[2])) if found else None


@dataclass(slots=True)
class _Text:
    """What a callback may change of a text, and what decides whether it does."""

    id: int
    person_id: int
    circle_id: int | None
    address_id: int
    sender: str
    purpose: str
    attempt: int
    created_at: dt.datetime
    expires_at: dt.datetime | None
    state: str
    reason: str | None
    carrier_id: str | None
    status: str | None
    error_code: int | None
    sent_at: dt.datetime | None
    not_before: dt.datetime
    claimed_until: dt.datetime | None
    channel: str | None
    segments: int


_TEXTS = (
    select(*(getattr(Outbox, field.name) for field in dataclasses.fields(_Text)))
    .order_by(Outbox.id)
    .with_for_update()
)
_NAMED = Outbox.id.in_(bindparam("ids", expanding=True))
_KNOWN = Outbox.carrier_id.in_(bindparam("carrier_ids", expanding=True))
# Made once: to make one costs as much as what it asks.
_BY_ID, _BY_EITHER = _TEXTS.where(_NAMED), _TEXTS.where(or_(_NAMED, _KNOWN))
_WRITTEN = (
    "state",
    "reason",
    "carrier_id",
    "status",
    "error_code",
    "sent_at",
    "not_before",
    "claimed_until",
    "channel",
    "segments",
)


def note_status(
    session: Session,
    attempt: str | None,
    carrier_id: str,
    status: str,
    error_code: int | None,
    now: dt.datetime,
    *,
    left_at: dt.datetime | None = None,
) -> bool:
    """Note one callback, or what the carrier's log says; see `note_statuses`.

    Args:
        session: a session inside `Database.write()`.
        attempt: the name of the try, if known.
        carrier_id: the carrier's name of the text.
        status: the carrier's word for it.
        error_code: the carrier's, if any.
        now: when we were told, aware UTC.
        left_at: when the text left, if that is known better.

    Returns:
        Did it change anything?
    """
    return bool(
        _note_all(session, [StatusReport(attempt, carrier_id, status, error_code, now, left_at=left_at)])[0]
    )


def note_statuses(session: Session, reports: Sequence[StatusReport]) -> list[StatusNote]:
    """Note what callbacks say about our texts, in the order given.

    A status only counts if its rank is higher than the one on record. A final failure is also written down
    where it belongs: an opt-out (21610) in the consent ledger, an address that cannot be reached on the
    address, and a passing trouble puts the text back in the queue for later.

    Args:
        session: a session inside `Database.write()`.
        reports: any number of callbacks, ours or not; those of no row of ours are logged and left.

    Returns:
        The final failures among them.
    """
    return _note_all(session, reports)[1]


def _note_all(session: Session, reports: Sequence[StatusReport]) -> tuple[dict[int, _Text], list[StatusNote]]:
    """Read the texts once, decide, and write once: those changed by their ids, and the final failures."""
    by_id, by_carrier_id = _load(session, reports)
    changed: dict[int, _Text] = {}
    failures: list[tuple[Failure, dt.datetime]] = []
    notes = []
    for report in reports:
        text = _find(report, by_id, by_carrier_id)
        if text is None:
            log.info("status of no text of ours", carrier_id=report.carrier_id, status=report.status)
            continue
        if not _note(text, report):
            continue
        changed[text.id] = text
        if text.carrier_id:
            by_carrier_id[text.carrier_id] = text
        if report.status in NOT_ARRIVED:
            failure = _failed(text, report)
            notes.append(StatusNote(text.id, text.address_id, failure.trouble, text.error_code))
            if text.state == "failed":
                failures.append((failure, report.at))
    _write(session, changed)
    _follow_up(session, changed.values(), failures)
    return changed, notes


def _load(session: Session, reports: Sequence[StatusReport]) -> tuple[dict[int, _Text], dict[str, _Text]]:
    """The texts that the reports speak of, locked: a delivery that is being recorded is waited for."""
    named = [read_attempt(report.attempt) for report in reports]
    ids = {name[0] for name in named if name}
    # One whose attempt was lost on the way is still known by the carrier's id for it.
    carrier_ids = {report.carrier_id for report, name in zip(reports, named, strict=True) if not name}
    session.flush()
    # Without the mapper, which would take longer over each callback than the database.
    ask, asked = session.connection().execute, {"ids": sorted(ids), "carrier_ids": sorted(carrier_ids)}
    found = ask(_BY_EITHER, asked) if carrier_ids else ask(_BY_ID, {"ids": asked["ids"]})
    texts = [_Text(*row) for row in found]
    return {text.id: text for text in texts}, {text.carrier_id: text for text in texts if text.carrier_id}


def _write(session: Session, changed: dict[int, _Text]) -> None:
    if not changed:
        return
    rows = [(*(getattr(text, name) for name in _WRITTEN), text.id) for text in changed.values()]
    update_rows(session.connection(), Outbox.metadata.tables["outbox"], _WRITTEN, rows)
    for row in session.identity_map.values():
        if isinstance(row, Outbox) and row.id in changed:
            session.expire(row)


def _follow_up(
    session: Session, changed: Iterable[_Text], failures: Sequence[tuple[Failure, dt.datetime]]
) -> None:
    """What follows elsewhere from texts that came by RCS, left or failed. All are rare, and what they import
    would slow the start of every web process."""
    changed = list(changed)
    by_rcs = {text.address_id for text in changed if text.channel == RCS and text.status in ARRIVED}
    if by_rcs:
        from assistant.store.tables import Address

        # The phone shows chips, whatever its owner wrote by: so do the next questions.
        shown = update(Address).where(Address.id.in_(by_rcs), Address.channel.is_(None))
        session.execute(shown.values(channel=RCS), execution_options={"synchronize_session": False})
    invited = [
        (text.address_id, text.circle_id, text.sent_at)
        for text in changed
        if text.purpose == "invitation" and text.circle_id is not None and text.state in ("sent", "done")
    ]
    if invited:
        # The answer to the send may have been lost, so that this is the first word of it.
        from assistant.circles.membership.invitation_fate import note_sent

        for address_id, circle_id, at in invited:
            if at is not None:
                note_sent(session, [(address_id, circle_id)], at)
    if failures:
        from assistant.delivery.failure_policy import act_on

        for failure, at in failures:
            act_on(session, failure, at)


def _find(report: StatusReport, by_id: dict[int, _Text], by_carrier_id: dict[str, _Text]) -> _Text | None:
    named = read_attempt(report.attempt)
    if named is None:
        return by_carrier_id.get(report.carrier_id)
    row = by_id.get(named[0])
    if row is None or row.carrier_id == report.carrier_id:
        return row
    return row if _is_news_of(row, named[1]) else None


def _is_news_of(row: _Text, attempt: int) -> bool:
    """May a carrier's id that the row does not hold be that of this try of it?"""
    if attempt == row.attempt:
        # An answer of this try was not recorded yet; an id that is there belongs to one that failed before
        # it.
        return row.carrier_id is None or row.state in ("claimed", "unsure")
    return attempt < row.attempt and row.carrier_id is None


def _note(text: _Text, report: StatusReport) -> bool:
    """Take over what is news of this text; False: nothing is."""
    rank = RANKS.get(report.status)
    if rank is None:
        log.warning("unknown status", outbox_id=text.id, status=report.status[:24])
        return False
    if text.carrier_id != report.carrier_id:
        text.carrier_id, text.status = report.carrier_id, None
        text.error_code = None
    if text.status is not None and rank <= RANKS.get(text.status, -1):
        if report.error_code is None or text.error_code is not None or text.status not in NOT_ARRIVED:
            return False
        # The reason came with a later copy: what it means still has to be done.
        text.error_code = report.error_code
        return True
    text.status = report.status
    text.claimed_until = None
    if report.channel is not None:
        text.channel = report.channel[:12]
        # Only SMS is counted, and paid for, by the segment.
        text.segments = text.segments if text.channel == "sms" else 1
    text.sent_at = text.sent_at or report.left_at or report.at
    text.error_code = report.error_code if report.error_code is not None else text.error_code
    if report.status not in NOT_ARRIVED:
        text.state = "done" if report.status in ARRIVED else "sent"
        text.reason = None
    return True


def _failed(text: _Text, report: StatusReport) -> Failure:
    """Put it back in the queue where that may help; else it has failed."""
    from assistant.carriers.carrier_errors import classify
    from assistant.delivery.failure_policy import Failure, next_delivery

    text.state = "failed"
    text.reason = f"carrier {text.error_code}" if text.error_code is not None else f"carrier {report.status}"
    failure = Failure(
        outbox_id=text.id,
        person_id=text.person_id,
        circle_id=text.circle_id,
        address_id=text.address_id,
        sender=text.sender,
        purpose=text.purpose,
        attempt=text.attempt,
        expires_at=text.expires_at,
        code=text.error_code,
        trouble=classify(text.error_code).trouble,
        at=text.created_at,
    )
    again = next_delivery(failure, report.at)
    if again is not None:
        # It keeps the failed try's id and status: a second copy of this callback then has nothing new to say.
        text.state, text.not_before = "queued", again
    return failure
