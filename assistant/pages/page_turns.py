"""What is done on a page: a step of the very flow that a text would have started, and what that says, shown.

Nothing is done in a second way: the actions are those of the flows, and so are the sentences. What would have
been texted back to whoever asked stands on the page instead; what goes to others goes to their phones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.people.carried_media import Along, tied_to
from assistant.circles.people.reachability import address_of
from assistant.circles.people.receipts import Reading, note_reads, shown_in
from assistant.circles.trust.media_looks import PAGE
from assistant.conversations.action_catalogue import all_actions
from assistant.conversations.effect_handlers import apply
from assistant.conversations.text_rendering import speak
from assistant.conversations.turn_context import Context
from assistant.engine.flow_model import ANY, END, Flow
from assistant.services import Services
from assistant.store.tables import Conversation, Person

if TYPE_CHECKING:
    from assistant.runtime import Runtime

_ASKS: Final = ("ask", "wait", "call")
"""Kinds of steps at which a conversation would stop, or go another way: a page has buttons for that."""


class NotHere(Exception):  # noqa: N818 - it says what happened
    """Whoever is signed in has no phone any more from which anything could be done."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it."""

    outcome: str
    """Of the first action."""
    values: Mapping[str, Any]
    said: list[str] = field(default_factory=list)
    """Texts, as they would have come, in order."""
    along: list[Sequence[Along]] = field(default_factory=list)
    """Of each of them, the pictures and voice notes that go with it."""


def act(
    runtime: Runtime,
    person_id: int,
    flow: str,
    step: str,
    *,
    circle_id: int | None = None,
    values: Mapping[str, Any] | None = None,
) -> Done:
    """Do a step of a flow for someone, and what follows from it, up to where a reply would be waited for.

    Args:
        flow: Its name.
        step: One that does something.
        circle_id: The circle it is about; every action asks anew whether that is the person's to do.
        values: What a conversation would hold by then.

    Raises:
        NotHere: the person has no address left.
    """
    services, now = runtime.services, runtime.clock.now()
    with services.database.write() as session:
        context = page_context(session, services, person_id)
        talk = Conversation(
            person_id=person_id,
            circle_id=circle_id,
            flow=flow,
            version="",
            step=step,
            callers=[],
            values=dict(values or {}),
            began_at=now,
        )
        done = _walk(context, services.book.flow(flow), step, talk)
        note_looks(context)
    services.wake("delivery")
    return done


def note_looks(context: Context) -> None:
    """Write the receipts of what is shown, before it is: no word comes to anybody's eyes without one."""
    carried = [draft.carries for draft in context.progress.drafts if draft.carries]
    note_reads(context.session, [Reading(each, context.person.id) for each in carried], PAGE, context.now)


def look(runtime: Runtime, person_id: int, flow: str, step: str) -> Done:
    """Do a step that changes nothing and shows nobody's words but the person's own; see `act`."""
    services = runtime.services
    with services.database.read() as session:
        person = session.get_one(Person, person_id)
        context = _context(session, services, person)
        talk = Conversation(person_id=person_id, flow=flow, version="", step=step, values={})
        return _walk(context, services.book.flow(flow), step, talk)


def page_context(session: Session, services: Services, person_id: int) -> Context:
    """Return the event of somebody who acts on a page, under the lock of their conversations.

    Raises:
        NotHere: the person has no address left.
    """
    # The row is the lock under which the person's conversations move: a text of theirs waits for this.
    person = session.scalars(
        select(Person).where(Person.id == person_id).with_for_update(key_share=True)
    ).one()
    return _context(session, services, person)


def _context(session: Session, services: Services, person: Person) -> Context:
    address = address_of(session, person.id, services.identity.sender)
    if address is None:
        raise NotHere
    return Context(session, services, person, address, services.clock.now())


def _walk(context: Context, flow: Flow, step: str, talk: Conversation) -> Done:
    first: str | None = None
    while step != END:
        here = flow.steps[step]
        if here.kind in _ASKS:
            break
        outcome = ANY
        if here.do is not None:
            result = all_actions()[here.do].run(context.about(talk))
            outcome = result.outcome
            first = first or outcome
            if result.circle is not None:
                talk.circle_id = result.circle.id
            talk.values = {**talk.values, **result.values}
            apply(context, result.effects, talk)
        if here.say is not None:
            words = speak(context.about(talk), here.say, uri=context.address.uri)
            context.say(words, f"{flow.name}/{here.name}/say", conversation=talk)
        step = here.go.get(outcome) or here.go.get(ANY, END)
    said = [draft.body for draft in context.progress.drafts]
    return Done(first or "", dict(talk.values), said, _along(context))


def _along(context: Context) -> list[Sequence[Along]]:
    shown = [shown_in(draft.carries or "") for draft in context.progress.drafts]
    refs = {ref for each in shown for ref in each}
    tied = tied_to(context.session, refs) if refs else {}
    return [[along for ref in each for along in tied.get(ref, ())] for each in shown]
