"""Notes how far the carrier says a text has come: ranks only rise, in any order and however often it is said.

Callbacks come late, doubled, out of order, and before the answer to the send itself; the attempt in their
address (`{outbox id}x{attempt}`) names the row. So a callback also settles a row whose answer was lost.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, load_only

from assistant.carriers.carrier import Trouble
from assistant.store.tables.message_tables import Outbox

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


def note_status(
    session: Session,
    attempt: str | None,
    carrier_id: str,
    status: str,
    error_code: int | None,
    now: dt.datetime,
) -> bool:
    """Note one callback; see `note_statuses`.

    Returns:
        Did it change anything?
    """
    report = StatusReport(attempt, carrier_id, status, error_code, now)
    row = _find(report, *_load(session, [report]))
    return row is not None and _note(session, row, report)[0]


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
    by_id, by_carrier_id = _load(session, reports)
    notes = []
    for report in reports:
        row = _find(report, by_id, by_carrier_id)
        if row is None:
            log.info("status of no text of ours", carrier_id=report.carrier_id, status=report.status)
            continue
        changed, note = _note(session, row, report)
        if changed and row.carrier_id:
            by_carrier_id[row.carrier_id] = row
        if note:
            notes.append(note)
    return notes


def _load(session: Session, reports: Sequence[StatusReport]) -> tuple[dict[int, Outbox], dict[str, Outbox]]:
    """The rows that the reports speak of, locked: a delivery that is being recorded is waited for."""
    named = [read_attempt(report.attempt) for report in reports]
    ids = {name[0] for name in named if name}
    # One whose attempt was lost on the way is still known by the carrier's id for it.
    carrier_ids = {report.carrier_id for report, name in zip(reports, named, strict=True) if not name}
    wanted: list[ColumnElement[bool]] = [Outbox.id.in_(sorted(ids))] if ids else []
    if carrier_ids:
        wanted.append(Outbox.carrier_id.in_(sorted(carrier_ids)))
    rows = _locked_rows(session, wanted) if wanted else []
    return {row.id: row for row in rows}, {row.carrier_id: row for row in rows if row.carrier_id}


def _locked_rows(session: Session, wanted: list[ColumnElement[bool]]) -> Iterable[Outbox]:
    columns = load_only(
        Outbox.person_id,
        Outbox.circle_id,
        Outbox.address_id,
        Outbox.sender,
        Outbox.purpose,
        Outbox.state,
        Outbox.attempt,
        Outbox.carrier_id,
        Outbox.status,
        Outbox.error_code,
        Outbox.created_at,
        Outbox.expires_at,
        Outbox.sent_at,
        Outbox.reason,
    )
    query = select(Outbox).where(or_(*wanted)).order_by(Outbox.id).options(columns)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()


def _find(report: StatusReport, by_id: dict[int, Outbox], by_carrier_id: dict[str, Outbox]) -> Outbox | None:
    named = read_attempt(report.attempt)
    if named is None:
        return by_carrier_id.get(report.carrier_id)
    row = by_id.get(named[0])
    if row is None or row.carrier_id == report.carrier_id:
        return row
    return row if _is_news_of(row, named[1]) else None


def _is_news_of(row: Outbox, attempt: int) -> bool:
    """May a carrier's id that the row does not hold be that of this try of it?"""
    if attempt == row.attempt:
        # An answer of this try was not recorded yet; an id that is there belongs to one that failed before
        # it.
        return row.carrier_id is None or row.state in ("claimed", "unsure")
    return attempt < row.attempt and row.carrier_id is None


def _note(session: Session, row: Outbox, report: StatusReport) -> tuple[bool, StatusNote | None]:
    rank = RANKS.get(report.status)
    if rank is None:
        log.warning("unknown status", outbox_id=row.id, status=report.status[:24])
        return False, None
    if row.carrier_id != report.carrier_id:
        row.carrier_id, row.status = report.carrier_id, None
        row.error_code = None
    if row.status is not None and rank <= RANKS.get(row.status, -1):
        if report.error_code is None or row.error_code is not None or row.status not in NOT_ARRIVED:
            return False, None
        # The reason came with a later copy: what it means still has to be done.
        row.error_code = report.error_code
        return True, _failed(session, row, report)
    row.status = report.status
    row.claimed_until = None
    row.sent_at = row.sent_at or report.at
    row.error_code = report.error_code if report.error_code is not None else row.error_code
    if report.status in NOT_ARRIVED:
        return True, _failed(session, row, report)
    row.state = "done" if report.status in ARRIVED else "sent"
    row.reason = None
    if row.purpose == "invitation" and row.circle_id is not None:
        _note_invited(session, row.address_id, row.circle_id, report.at)
    return True, None


def _note_invited(session: Session, address_id: int, circle_id: int, at: dt.datetime) -> None:
    # The answer to the send may have been lost, so that this is the first word of it.
    from assistant.circles.membership.invitations import note_sent

    note_sent(session, [(address_id, circle_id)], at)


def _failed(session: Session, row: Outbox, report: StatusReport) -> StatusNote:
    # Failures are rare, and what this imports would slow the start of every web process.
    from assistant.carriers.carrier_errors import classify
    from assistant.delivery.failure_policy import Failure, act_on, next_delivery

    row.state = "failed"
    row.reason = f"carrier {row.error_code}" if row.error_code is not None else f"carrier {report.status}"
    failure = Failure(
        outbox_id=row.id,
        person_id=row.person_id,
        circle_id=row.circle_id,
        address_id=row.address_id,
        sender=row.sender,
        purpose=row.purpose,
        attempt=row.attempt,
        expires_at=row.expires_at,
        code=row.error_code,
        trouble=classify(row.error_code).trouble,
        at=row.created_at,
    )
    again = next_delivery(failure, report.at)
    if again is not None:
        # It keeps the failed try's id and status: a second copy of this callback then has nothing new to say.
        row.state, row.not_before = "queued", again
    else:
        act_on(session, failure, report.at)
    return StatusNote(row.id, row.address_id, failure.trouble, row.error_code)
