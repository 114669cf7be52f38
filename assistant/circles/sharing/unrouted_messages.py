"""Holds words of which nobody can say whom they are for, and asks; until that is chosen, nobody sees them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.choices import circle_choices, list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import OWN, HandOver, Obey, Tell
from assistant.circles.actions.going_along import go_along
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import buddies_of
from assistant.circles.people.carried_media import MEDIA
from assistant.circles.people.memberships import hosts_of
from assistant.circles.sharing.answering import (
    Writer,
    choices_of,
    last_writers,
    linked_with,
    writers_about,
)
from assistant.circles.sharing.shares import apart_from
from assistant.language.asking.question_reading import is_question
from assistant.language.commands.addressing import addressed_to, strange_name
from assistant.language.folding import plain_words
from assistant.language.languages import LANGUAGES
from assistant.language.signals.courtesy import is_courtesy
from assistant.language.signals.signal_reading import signal
from assistant.store.tables import Answer, Circle, Member, Person, Question
from assistant.store.tables.circle_tables import SEATED

HELD: Final = "held"
IN_A_WORD: Final = 2
READERS: Final = ("circle", "buddy", "host", "save")
SHOWN_IF_GROWN: Final = ("buddy", "writer", "answer")
"""What goes to the circle, or to a host, is shown before it goes in any case."""
CALLED: Final = ("circle", "host", "save")
"""Readers whom people call by more words than their label."""
GROWN: Final = "grown"
"""A conversation's value: more was written after it was asked whom the held words are for."""


@action("some", "nobody")
def find_readers(ctx: ActionContext, *, held: str = "", answers: int = 0) -> ActionResult:
    """Who could be meant by words that nobody asked for: `readers` and `options` list them.

    Whom the words name at their beginning is asked about alone; else whose words came last stands first.
    A name that nobody here has is said to be so. `answers`: an open question, which may be meant as well.
    """
    member = ctx.member
    if member is None or member.promised_at is None or not held.strip():
        return ActionResult("nobody")
    words = LANGUAGES[language_of(ctx)].labels
    labels = {"circle": words["whole_circle"], **{key: words[key] for key in ("buddy", "host", "save")}}
    buddies = [ctx.session.get_one(Person, each.person_id) for each in buddies_of(ctx.session, member)]
    hosts = [host for host in hosts_of(ctx.session, member.circle_id, ctx.now) if host.id != ctx.person.id]
    if not ctx.person.plain:
        labels["buddy"] = _names(buddies) or labels["buddy"]
        labels["host"] = _names(hosts[:1]) or labels["host"]
    there = {"circle": member.state == "active", "buddy": bool(buddies), "host": bool(hosts), "save": True}
    asked = ctx.session.get(Question, answers) if answers else None
    named, strange = addressees(ctx, held)
    hosted = [host for host in hosts if addressed_to(held, {host.id: host.name or ""})]
    writers = (
        writers_about(ctx, asked, held) if asked else choices_of(last_writers(ctx) or linked_with(ctx), held)
    )
    if named or hosted or strange:
        writers = named
    first, values = _whom_it_answers(ctx, writers, {each.id for each in buddies_of(ctx.session, member)})
    if strange and not hosted:
        values |= {"reply_to": "nobody", "said": strange}
    elif hosted and not named:
        first, values = _to_host(ctx, hosted[0], values)
    elif named and values["reply_to"] == "unnamed":
        values["reply_to"] = "called"
    if asked:
        first.append(("answer", words["my_answer"], ()))
    answered = {key for key, _, _ in first}
    called = {
        key: [way for each in LANGUAGES.values() for way in each.replies[f"for_{key}"]] for key in CALLED
    }
    if not first:  # Where somebody is asked about first, a no may only be about them.
        called["save"] += [way for each in LANGUAGES.values() for way in each.replies["no_reader"]]
    choices = [
        *first,
        *(
            (key, label, called.get(key, ()))
            for key, label in labels.items()
            if there[key] and key not in answered
        ),
    ]
    listed = list_choices(
        "readers",
        ((key, label) for key, label, _ in choices),
        details=({"also": list(also)} for _, _, also in choices),
    )
    return ActionResult("some", {**values, **listed})


@action("circle", "buddy", "host", "save", "writer", "answer", "whole")
def choose_reader(
    ctx: ActionContext,  # noqa: ARG001
    *,
    held: str = "",
    reader: str = "save",
    answers: int = 0,
    grown: bool = False,
) -> ActionResult:
    """Come to whoever was chosen in `reader`; whatever else stands there, the words are only saved.

    writer: whose words came last (`to_seat`). answer: it answers the question in `answers` after all.
    whole: any of those and the buddy, but they have `grown` since it was asked, and are shown first.
    """
    chosen = _reader(held, reader, answers)
    if grown and chosen.outcome in SHOWN_IF_GROWN:
        return ActionResult("whole", {"toward": chosen.outcome})
    return chosen


@action("buddy", "writer", "answer", "save")
def choose_shown(
    ctx: ActionContext,  # noqa: ARG001
    *,
    held: str = "",
    reader: str = "save",
    answers: int = 0,
) -> ActionResult:
    """Come to whoever was chosen, now that the words were shown whole."""
    return _reader(held, reader, answers)


def _reader(held: str, reader: str, answers: int) -> ActionResult:
    kind, _, seat = reader.partition(":")
    if kind == "writer" and seat.isdigit():
        return ActionResult("writer", {"to_seat": int(seat)})
    if kind == "answer" and answers:
        return ActionResult("answer", {"meant": answers})
    known = kind if kind in READERS else "save"
    return ActionResult(known, {"text": held.strip(), "for_buddy": known == "buddy"})


def addressees(ctx: ActionContext, words: str) -> tuple[list[Writer], str | None]:
    """Return the members whom words name at their very beginning, and a name there that nobody here has.

    Nobody whom the writer is kept apart from: that they are there is not told.
    """
    if ctx.member is None:
        return [], None
    rows = ctx.session.execute(
        select(Member.id, Person.name)
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.circle_id == ctx.member.circle_id,
            Member.state.in_(SEATED),
            Member.promised_at.is_not(None),
            Person.id != ctx.person.id,
            Person.id.not_in(apart_from(ctx.session, ctx.person.id)),
        )
        .order_by(Member.id)
    )
    names = {row.id: row.name for row in rows if row.name}
    longest = PLACEHOLDERS["other_name"].longest
    found = [
        Writer(each, "" if ctx.person.plain else shorten(names[each], longest))
        for each in addressed_to(words, names)
    ]
    return found, None if found else strange_name(words)


def names_someone(ctx: ActionContext, words: str) -> bool:
    """Return whether words say at their very beginning whom of the circle they are for, its host included."""
    return bool(addressees(ctx, words)[0]) or names_host(ctx, words)


def names_host(ctx: ActionContext, words: str) -> bool:
    """Return whether words begin with the name of somebody else who hosts the circle."""
    hosts = hosts_of(ctx.session, ctx.member.circle_id, ctx.now) if ctx.member is not None else ()
    names = {host.id: host.name or "" for host in hosts if host.id != ctx.person.id}
    return bool(addressed_to(words, names))


def _to_host(
    ctx: ActionContext, host: Person, values: dict[str, Any]
) -> tuple[list[tuple[str, str, tuple[str, ...]]], dict[str, Any]]:
    """Return the one choice of whoever hosts, and how it is asked."""
    yes = LANGUAGES[language_of(ctx)].labels["yes"]
    ways = tuple(language.labels["yes"] for language in LANGUAGES.values())
    if ctx.person.plain or not host.name:
        return [("host", yes, ways)], {**values, "reply_to": "called"}
    name = shorten(host.name, PLACEHOLDERS["other_name"].longest)
    return [("host", yes, (*ways, name))], {**values, "reply_to": "named", "other_name": name}


def _whom_it_answers(
    ctx: ActionContext, writers: list[Writer], buddies: set[int]
) -> tuple[list[tuple[str, str, tuple[str, ...]]], dict[str, Any]]:
    """Return the choices of whose words came last (key, label, other ways to say it), and how it is asked.

    One: the question says to whom at once, and a yes is enough.
    """
    labels = LANGUAGES[language_of(ctx)].labels
    yes = tuple(language.labels["yes"] for language in LANGUAGES.values())
    values: dict[str, Any] = {"reply_to": "", "to_named": False}
    keys = [
        "buddy" if buddies == {each.member_id} and each.name else f"writer:{each.member_id}"
        for each in writers
    ]
    if len(writers) == 1:
        name = writers[0].name
        values |= {"reply_to": "named" if name else "unnamed", "to_named": bool(name)}
        if name:
            values["other_name"] = name
        return [(keys[0], labels["yes"], (*yes, name or labels["unnamed"]))], values
    return [
        (key, each.name or labels["unnamed"], ()) for key, each in zip(keys, writers, strict=True)
    ], values


@action("held")
def hold_more(ctx: ActionContext, *, held: str = "") -> ActionResult:
    """The member went on writing instead of choosing: it belongs to what is held."""
    said = " ".join(ctx.words.split())
    return ActionResult("held", {HELD: f"{held.strip()} {said}".strip(), GROWN: True})


@action("grown", "as_said")
def has_grown(
    ctx: ActionContext,  # noqa: ARG001
    *,
    grown: bool = False,
) -> ActionResult:
    """Whether more was written since it was asked what the held words are."""
    return ActionResult("grown" if grown else "as_said")


@action("short", "long")
def show_held(ctx: ActionContext, *, held: str = "") -> ActionResult:
    """Show the held words just as others will read them: in the question, or before it if they are long."""
    words = held.strip()
    if len(words) <= PLACEHOLDERS["words"].longest and "\n" not in words:
        return ActionResult("short", {"words": words, "long": False})
    shown = Tell(
        ctx.person.id, "copy_words", {"words": words}, purpose="reply", verbatim=("words",), carries=OWN
    )
    return ActionResult("long", {"words": "", "long": True}, (shown,))


@action("anew", "same")
def say_anew(ctx: ActionContext) -> ActionResult:
    """Hold what was just written instead; thanks, a question, a word or two are no new text."""
    said = ctx.words.strip()
    if len(plain_words(said)) <= IN_A_WORD or said.endswith("?") or is_courtesy(said):
        return ActionResult("same")
    return ActionResult("anew", {HELD: said})


@action("ready", "none")
def give_to_circle(ctx: ActionContext, *, held: str = "") -> ActionResult:
    """Mean the held words for the circle; they are shared as an answer to the circle is."""
    answer = _keep(ctx, held, "circle")
    return (
        ActionResult("ready", {HELD: "", "sharing": {"answer": answer.id}})
        if answer
        else ActionResult("none")
    )


@action("told", "none")
def give_to_host(ctx: ActionContext, *, held: str = "") -> ActionResult:
    """Carry the held words to whoever hosts the circle, under the writer's first name."""
    member = ctx.member
    answer = _keep(ctx, held, "host")
    if member is None or answer is None:
        return ActionResult("none")
    placeholders = {"words": answer.words or ""}
    if ctx.person.name:
        placeholders["writer"] = shorten(ctx.person.name, PLACEHOLDERS["writer"].longest)
    told = tuple(
        Tell(
            host.id,
            "to_host",
            placeholders,
            purpose="relay",
            circle_id=member.circle_id,
            verbatim=("words",),
            carries=f"answer:{answer.id}",
        )
        for host in hosts_of(ctx.session, member.circle_id, ctx.now)
        if host.id != ctx.person.id
    )
    readers = [each.person_id for each in told]
    not_shown = go_along(ctx, (), readers) if told else ()
    return ActionResult("told" if told else "none", {HELD: ""}, (*told, *not_shown))


@action("saved")
def save_words(ctx: ActionContext, *, held: str = "") -> ActionResult:
    """Keep the held words for their writer alone; COPY brings them back, a late choice finds them."""
    _keep(ctx, held, "us")
    return ActionResult("saved")


@action("some", "none")
def list_waiting(ctx: ActionContext, *, between: tuple[int, ...] = ()) -> ActionResult:
    """List the person's circles whose questions wait for words, as `waiting` and `options`."""
    rows = ctx.session.execute(
        select(Question.id, Circle)
        .join(Member, Member.id == Question.member_id)
        .join(Circle, Circle.id == Member.circle_id)
        .where(
            Question.id.in_(between),
            Question.person_id == ctx.person.id,
            Question.state == "waiting",
        )
        .order_by(Circle.id)
    ).all()
    choices = ((question_id, circle) for question_id, circle in rows)
    outcome = "some" if rows else "none"
    return ActionResult(outcome, circle_choices("waiting", choices, plain=ctx.person.plain))


@action("handed")
def hand_over_words(ctx: ActionContext, *, held: str = "", meant: int = 0) -> ActionResult:
    """Take the held words for the answer to the question that was chosen in `meant`."""
    question, words = ctx.session.get(Question, meant), held.strip()
    if question is None or question.person_id != ctx.person.id or not words:
        return ActionResult("handed", {HELD: ""})
    media = tuple(each for each in ctx.values.get(MEDIA) or () if isinstance(each, int))
    return ActionResult("handed", {HELD: ""}, (HandOver(question.id, words, media=media),))


@action("chosen")
def choose_anew(ctx: ActionContext, *, held: str = "", meant: int = 0) -> ActionResult:  # noqa: ARG001
    """Take the held words for another choice at what was asked before the question in `meant`."""
    return ActionResult("chosen", {HELD: ""}, (HandOver(meant, held.strip(), before=True),))


@action("instead", "same")
def hold_instead(ctx: ActionContext) -> ActionResult:
    """Hold what came in place of 1 and 2: the words themselves, after a mere "pues" or "ok"."""
    words = ctx.words.strip()
    if signal(words).kind != "words" or is_question(words) or is_courtesy(words):
        return ActionResult("same")
    return ActionResult("instead", {HELD: words, "said": shorten(words, PLACEHOLDERS["said"].longest)})


@action("ask", "no")
def may_be_answer(ctx: ActionContext, *, meant: int = 0) -> ActionResult:
    """Whether words that went to someone may answer a question, too, which is still to be answered."""
    question = ctx.session.get(Question, meant) if meant else None
    return ActionResult("ask" if question is not None and question.state != "closed" else "no")


@action("meant")
def mean_command(ctx: ActionContext, *, held: str = "") -> ActionResult:  # noqa: ARG001
    """Take the held words for the command that they spell, and for no answer."""
    return ActionResult("meant", {HELD: ""}, (Obey(held.strip()),))


def _keep(ctx: ActionContext, held: str, visible_to: str) -> Answer | None:
    """Keep the held words as an answer, to be seen by those whom their writer chose."""
    words = held.strip()
    asked = ctx.session.scalars(
        select(Question.id).where(Question.person_id == ctx.person.id).order_by(Question.id.desc()).limit(1)
    ).first()
    if not words or asked is None or ctx.member is None:
        return None
    value: dict[str, Any] = {"value": words}
    answer = Answer(
        question_id=asked,
        person_id=ctx.person.id,
        member_id=ctx.member.id,
        key=HELD,
        outcome="text",
        words=words,
        value=value,
        visible_to=visible_to,
        inbox_id=ctx.inbox_id,
        at=ctx.now,
    )
    ctx.session.add(answer)
    ctx.session.flush()
    go_along(ctx, [("answer", answer.id)], ())
    return answer


def _names(people: list[Person]) -> str:
    return ", ".join(
        shorten(person.name, PLACEHOLDERS["other_name"].longest) for person in people if person.name
    )
