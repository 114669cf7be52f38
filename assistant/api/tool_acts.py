"""What the API does: imports as `circle import` does them, circles made and started; each on record."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence

from assistant.api.api_models import (
    CircleSeen,
    CircleToMake,
    Coming,
    Import,
    ImportDone,
    PersonToInvite,
    RowSaid,
)
from assistant.api.asking import Asked
from assistant.api.tool_looks import see_circle
from assistant.circles.cohorts.import_entries import Entry
from assistant.circles.cohorts.import_plan import INVITE, NO_SEAT
from assistant.circles.cohorts.import_preview import Plan, plan_import
from assistant.circles.hosts.circle_setup import Plan as CirclePlan
from assistant.circles.hosts.circle_setup import create_circle, start_circle
from assistant.conversations.import_invitations import invite_all, last_leaves
from assistant.store.tables import Cohort

HEADING_LINES = 1
COLUMNS = tuple(PersonToInvite.model_fields)


def foresee_import(asked: Asked) -> ImportDone:
    """Say what would become of each row; nothing is written down."""
    plan = _plan(asked)
    invited = sum(fate == INVITE for fate in _agreed(plan).values())
    return _told(asked, plan, invited, dry_run=True)


def carry_out_import(asked: Asked) -> ImportDone:
    """Invite those who agreed. Running it again is harmless."""
    plan = _plan(asked)
    told = _told(asked, plan, 0, dry_run=False)
    done = invite_all(asked.runtime.services, plan.seating, plan.sheet.entries)
    agreed = len(_agreed(plan)) - len(told.no_seat)
    return told.model_copy(update={"invited": done[INVITE], "not_texted": max(0, agreed - done[INVITE])})


def make_circle(asked: Asked) -> CircleSeen:
    """Make a circle in the cohort; nobody is texted before texting in."""
    body: CircleToMake = asked.given
    runtime = asked.runtime
    with runtime.database.write() as session:
        cohort = session.get_one(Cohort, asked.caller.cohort_id)
        plan = CirclePlan(
            name=body.name,
            code=body.code,
            cohort=cohort.name,
            program=body.program,
            starts_on=body.starts_on,
            zone=body.timezone,
            language=body.language,
            size=body.size,
        )
        made = create_circle(session, plan, country=runtime.settings.default_country, now=asked.now)
        code = made.code
    return see_circle(_about(asked, code))


def start(asked: Asked) -> CircleSeen:
    """Set a circle running, or move the weeks of one that runs."""
    with asked.runtime.database.write() as session:
        code = asked.circle(session, asked.path["code"]).code
        start_circle(session, code, now=asked.now, starts_on=asked.given.starts_on)
    return see_circle(asked)


def _about(asked: Asked, code: str) -> Asked:
    return Asked(asked.runtime, asked.caller, asked.now, {"code": code})


def _plan(asked: Asked) -> Plan:
    """Return what the rows say and who comes where.

    Raises:
        NotPossible: no circle takes anybody.
    """
    body: Import = asked.given
    runtime = asked.runtime
    with runtime.database.read() as session:
        whose = (
            asked.circle(session, body.circle)
            if body.circle is not None
            else session.get_one(Cohort, asked.caller.cohort_id)
        )
        return plan_import(
            session,
            as_spreadsheet(body.people),
            whose,
            runtime.identity,
            country=runtime.settings.default_country,
            now=asked.now,
        )


def as_spreadsheet(people: Sequence[PersonToInvite]) -> bytes:
    """Return the rows as the one table that imports are read from, each on a line of its own."""
    text = io.StringIO()
    rows = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    rows.writerow(COLUMNS)
    for person in people:
        rows.writerow([_on_one_line(getattr(person, column, "")) for column in COLUMNS])
    return text.getvalue().encode()


def _on_one_line(cell: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in cell).split())


def _agreed(plan: Plan) -> dict[int, str]:
    """Line -> fate, of everyone with consent on record; of the others it is not said what else there is."""
    fates = plan.seating.fates
    return {entry.line: fates[entry.line] for entry in plan.sheet.entries if entry.consent_at is not None}


def _told(asked: Asked, plan: Plan, invited: int, *, dry_run: bool) -> ImportDone:
    """Say what becomes of the rows.

    Of those who agreed and are not invited only the number is told: who said no, or STOP, or asked to be
    forgotten, is nobody's to find out.
    """
    sheet, seating, agreed = plan.sheet, plan.seating, _agreed(plan)
    rows = len(asked.given.people)
    seatless = [line for line, fate in agreed.items() if fate == NO_SEAT]
    read = {each.line for each in sheet.entries} | {each.line for each in (*sheet.bad, *sheet.doubled)}
    empty = [line for line in range(HEADING_LINES + 1, rows + HEADING_LINES + 1) if line not in read]
    coming = Counter(plan.codes[line] for line, fate in agreed.items() if fate == INVITE)
    return ImportDone(
        rows=rows,
        invited=invited,
        not_texted=len(agreed) - len(seatless) - invited,
        no_consent=[_row(entry) for entry in sheet.entries if entry.consent_at is None],
        no_seat=[RowSaid(row=line - HEADING_LINES, reason=seating.reasons[line]) for line in seatless],
        wrong=[
            *(RowSaid(row=each.line - HEADING_LINES, reason=each.reason) for each in sheet.bad),
            *(RowSaid(row=line - HEADING_LINES, reason="the row is empty") for line in empty),
        ],
        twice=[
            RowSaid(row=each.line - HEADING_LINES, reason="the number of an earlier row")
            for each in sheet.doubled
        ],
        circles=[Coming(circle=code, invited=count) for code, count in sorted(coming.items())],
        last_at=last_leaves(asked.runtime.services, seating, sheet.entries),
        dry_run=dry_run,
    )


def _row(entry: Entry) -> int:
    return entry.line - HEADING_LINES
