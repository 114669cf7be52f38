"""Keeps what the carrier holds of our wording in step with flows/: planned, made, submitted, looked at.

Everything may be repeated: what is there already is found by its name, and nothing is made twice.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.carriers.contents import RECEIVED, UNSUBMITTED, Approval, ContentForm, Contents, HeldContent
from assistant.channels.opening_texts import NOTICES, OpeningText, opening_texts
from assistant.channels.shapes import Shape, all_shapes, samples_of, types_of
from assistant.channels.template_wording import LABEL, NoTemplate, Wording, labelled, worded
from assistant.circles.actions.context import ServiceIdentity
from assistant.circles.actions.placeholders import PLACEHOLDERS
from assistant.delivery.template_reviews import NEW, as_columns
from assistant.delivery.template_states import NOT_TAKEN
from assistant.delivery.verdicts import OPENER
from assistant.delivery.ways import UTILITY
from assistant.engine.book import FlowBook
from assistant.language.languages import LANGUAGES
from assistant.language.rendering import placeholders
from assistant.schedule.programs import programs
from assistant.store.database import Database
from assistant.store.tables import MessageTemplate

AT_ONCE: Final = 8
"""Requests to the carrier's Content API that are under way at once."""
TAIL: Final = "template_tail"
LABEL_LEAD: Final = "template_label_lead"
OPENER_BUTTON: Final = "opener_button"
ANY_LANGUAGE: Final = "en"
"""Of shapes, which have no words of their own; Twilio wants one said."""
_NO_NAME: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing that the carrier should hold."""

    key: str
    kind: str
    name: str
    form: ContentForm
    wording: str | None = None
    said: Wording | None = None


@dataclass(frozen=True, slots=True)
class Unfit:
    """A text that can be no template, and why; the opener goes in its place."""

    text: OpeningText
    why: str


@dataclass(slots=True)
class Plan:
    """What the carrier should hold by today's flows, the most needed first, and what cannot be held."""

    wanted: list[Planned] = field(default_factory=list)
    unfit: list[Unfit] = field(default_factory=list)


def plan_of(book: FlowBook, identity: ServiceIdentity) -> Plan:
    """Return what the carrier should hold by the flows and programs of this service."""
    samples = {
        language: {name: each.sample.get(language, "") for name, each in PLACEHOLDERS.items()}
        for language in LANGUAGES
    }
    # They never change here: part of the wording, so that it reads as a sentence of its own.
    fixed = {"service": identity.service, "contact": identity.contact, "number": identity.number or ""}
    flows = {entry.flow for program in programs().values() for entry in program.entries}
    return plan_templates(book, flows, samples, {name: value for name, value in fixed.items() if value})


def plan_templates(
    book: FlowBook,
    flows: Collection[str],
    samples: Mapping[str, Mapping[str, str]],
    fixed: Mapping[str, str],
) -> Plan:
    """Return what the carrier should hold.

    Args:
        flows: Those that programs name.
        samples: Language -> placeholder -> an example of it.
        fixed: Placeholders that are always the same here: our name, the number.
    """
    plan = Plan([*_openers(book, samples, fixed), *map(planned_shape, all_shapes())])
    keys = {each.key for each in plan.wanted}
    tails, leads = book.notice(TAIL), book.notice(LABEL_LEAD)
    texts = list(opening_texts(book, flows))
    # Few people sit in two circles: what they read, with a circle's name before it, comes last.
    for text, with_label in (*((each, False) for each in texts), *((each, True) for each in texts)):
        if with_label and not _may_be_labelled(book, text):
            continue
        say = labelled if with_label else worded
        lead = f"{leads[text.language]['full']} " if with_label else f"{fixed['service']}: "
        tail = f" {tails[text.language]['full']}"
        try:
            said = say(
                text.text, text.language, samples[text.language], fixed, text.titles, lead=lead, tail=tail
            )
        except NoTemplate as why:
            if not with_label:
                plan.unfit.append(Unfit(text, str(why)))
            continue
        if said.key not in keys:
            keys.add(said.key)
            plan.wanted.append(planned_text(text, said))
    return plan


def _may_be_labelled(book: FlowBook, text: OpeningText) -> bool:
    """Whether its circle's name may stand before a text: what conversations say unasked, without it."""
    flow = text.wording.partition("/")[0]
    return flow != NOTICES and not book.is_safety(flow) and LABEL not in placeholders(text.text)


def _openers(
    book: FlowBook, samples: Mapping[str, Mapping[str, str]], fixed: Mapping[str, str]
) -> Iterator[Planned]:
    button = book.notice(OPENER_BUTTON)
    for language, variants in book.notice(OPENER.partition("/")[2]).items():
        title = button[language]["full"]
        said = worded(variants["full"], language, samples[language], fixed, [title])
        yield planned_text(OpeningText(OPENER, "full", language, variants["full"]), said, kind="opener")


def planned_text(text: OpeningText, said: Wording, *, kind: str = "text") -> Planned:
    """Return what the carrier should hold to say a text."""
    parts = (text.wording, "" if text.variant == "full" else text.variant, said.language, said.key[:8])
    name = "_".join(filter(None, (_NO_NAME.sub("_", part.lower()).strip("_") for part in parts)))[:200]
    form = ContentForm(name, said.language, said.types, said.variables)
    return Planned(said.key, kind, name, form, text.wording, said)


def planned_shape(shape: Shape) -> Planned:
    """Return what the carrier should hold to show options in this way."""
    form = ContentForm(shape.name, ANY_LANGUAGE, types_of(shape), samples_of(shape))
    return Planned(shape.name, "shape", shape.name, form)


def take_up(database: Database, plan: Plan, now: dt.datetime) -> tuple[int, int]:
    """Write down what is wanted from now on; return how many are new, and how many no longer wanted."""
    with database.write() as session:
        rows = {row.key: row for row in session.scalars(select(MessageTemplate))}
        wanted = {each.key: each for each in plan.wanted}
        gone = [row for key, row in rows.items() if row.wanted and key not in wanted]
        for row in gone:
            row.wanted = False
        for key, each in wanted.items():
            if key in rows:
                rows[key].wanted = True
                rows[key].wording = each.wording
                continue
            session.add(
                MessageTemplate(
                    key=key,
                    kind=each.kind,
                    name=each.name,
                    wording=each.wording,
                    language=each.said.language if each.said else None,
                    body=each.said.body if each.said else None,
                    lead=each.said.lead if each.said else "",
                    tail=each.said.tail if each.said else "",
                    titles=list(each.said.titles) if each.said else [],
                    status=NEW,
                    wanted=True,
                    created_at=now,
                )
            )
        return len(wanted.keys() - rows.keys()), len(gone)


def changes(database: Database, plan: Plan) -> tuple[list[Planned], list[MessageTemplate]]:
    """Return what a push would make, and what today's flows do not say any more."""
    rows = {row.key: row for row in _rows(database)}
    made = {key for key, row in rows.items() if row.content_id}
    wanted = {each.key for each in plan.wanted}
    new = [each for each in plan.wanted if each.key not in made]
    return new, [row for key, row in rows.items() if row.wanted and key not in wanted]


async def push(
    database: Database,
    contents: Contents,
    plan: Plan,
    now: dt.datetime,
    *,
    most: int | None = None,
    tell: Callable[[int], object] = lambda _done: None,
) -> list[tuple[Planned, str]]:
    """Have the carrier hold what is wanted, and ask WhatsApp to approve what may open a conversation.

    A few at once: each costs the carrier two requests, of which one alone takes some tenths of a second.

    Args:
        most: So many new ones at most; the most needed come first.
        tell: Hears again and again how many of those that are wanted have been seen to.

    Returns:
        What was done, one by one: (what, "made", "submitted" or why it was not taken).

    Raises:
        CarrierError: the carrier is out of reach, or does not let us in; what was done until then stays done.
    """
    take_up(database, plan, now)
    held = {each.name: each for each in await contents.held()}
    rows = {row.key: row for row in _rows(database)}
    steps = [_Step(each, rows[each.key], held.get(each.name)) for each in plan.wanted]
    steps = [step for step in steps if step.is_open]
    new = set([step for step in steps if step.sid is None][:most])
    steps = [step for step in steps if step.sid is not None or step in new]
    seen = len(plan.wanted) - len(steps)
    done: list[tuple[Planned, str]] = []
    for start in range(0, len(steps), AT_ONCE):
        lot = steps[start : start + AT_ONCE]
        tell(seen + start)
        await asyncio.gather(*(step.go(contents) for step in lot))
        _note(database, {step.planned.key: step.columns for step in lot if step.columns}, now)
        done += [(step.planned, what) for step in lot for what in step.done]
        for step in lot:
            if step.error is not None:
                raise step.error
    tell(len(plan.wanted))
    return done


@dataclass(slots=True, eq=False)
class _Step:
    """What a push does about one of those that are wanted, and what came of it."""

    planned: Planned
    row: MessageTemplate
    there: HeldContent | None
    """What the carrier holds by its name."""
    columns: dict[str, str | None] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    error: CarrierError | None = None
    """Why nothing more can be done, about this or any other."""

    @property
    def sid(self) -> str | None:
        return self.row.content_id or (self.there.sid if self.there else None)

    @property
    def is_open(self) -> bool:
        """Whether there is anything to do about it."""
        if self.sid is None:
            return self.row.status != NOT_TAKEN
        submitting = self.planned.kind != "shape" and _is_to_be_submitted(self.row, self.there)
        return self.row.content_id is None or submitting

    async def go(self, contents: Contents) -> None:
        """Do it; never raises what the carrier says."""
        try:
            sid = self.sid
            if sid is None:
                sid = await contents.create(self.planned.form)
                self.done.append("made")
            if self.row.content_id is None:
                stands = self.there.approval if self.there else Approval(UNSUBMITTED)
                self.columns |= {"content_id": sid, **as_columns(stands)}
            if self.planned.kind != "shape" and _is_to_be_submitted(self.row, self.there):
                self.columns |= as_columns(await contents.submit(sid, self.planned.name, UTILITY))
                self.done.append("submitted")
        except CarrierError as error:
            if error.trouble is not Trouble.FIX or error.code in (20003, 20404):
                self.error = error
                return
            said = error.said or f"code {error.code}"
            self.columns |= {"status": NOT_TAKEN, "refusal": said}
            self.done.append(said)


def _is_to_be_submitted(row: MessageTemplate, there: HeldContent | None) -> bool:
    """Once and no more: what was refused comes again only as another wording."""
    if there is not None:
        return there.approval.status == UNSUBMITTED
    return row.status in (NEW, UNSUBMITTED)


def _rows(database: Database) -> Sequence[MessageTemplate]:
    with database.read() as session:
        rows = session.scalars(select(MessageTemplate).order_by(MessageTemplate.id)).all()
        session.expunge_all()
    return rows


def note_held(database: Database, sids: Mapping[str, str], now: dt.datetime) -> None:
    """Write down that the carrier holds these (key -> id there), and that all but shapes are reviewed."""
    columns = {key: {"content_id": sid, "status": RECEIVED} for key, sid in sids.items()}
    for shape in all_shapes():
        if shape.name in columns:
            columns[shape.name]["status"] = UNSUBMITTED
    _note(database, columns, now)


def _note(database: Database, columns: Mapping[str, Mapping[str, str | None]], now: dt.datetime) -> None:
    """Write down what has changed of these, by their keys."""
    if not columns:
        return
    with database.write() as session:
        for row in session.scalars(select(MessageTemplate).where(MessageTemplate.key.in_(columns))):
            for name, value in columns[row.key].items():
                setattr(row, name, value)
            row.checked_at = now
