"""Holds words of which nobody can say whom they are for, and asks; until she chooses, nobody sees them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.choices import circle_label, number_options
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import HandOver, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import buddies_of
from assistant.circles.people.memberships import hosts_of
from assistant.store.tables import Answer, Circle, Member, Person, Question

HELD: Final = "held"
LABELS: Final = {
    "en": {"circle": "the whole circle", "buddy": "your buddy", "host": "your host", "save": "just save it"},
    "es": {"circle": "todo el círculo", "buddy": "tu dupla", "host": "tu guía", "save": "solo guárdalo"},
}


@action("some", "nobody")
def find_readers(ctx: ActionContext) -> ActionResult:
    """Who could be meant by words that nobody asked for: `readers` and `options` list them."""
    member = ctx.member
    if member is None or member.promised_at is None or not _held(ctx):
        return ActionResult("nobody")
    labels = dict(LABELS[language_of(ctx)])
    buddies = [ctx.session.get_one(Person, each.person_id) for each in buddies_of(ctx.session, member)]
    hosts = [host for host in hosts_of(ctx.session, member.circle_id, ctx.now) if host.id != ctx.person.id]
    if not ctx.person.plain:
        labels["buddy"] = _names(buddies) or labels["buddy"]
        labels["host"] = _names(hosts[:1]) or labels["host"]
    there = {"circle": member.state == "active", "buddy": bool(buddies), "host": bool(hosts), "save": True}
    listed = [{"key": key, "label": labels[key]} for key in labels if there[key]]
    return ActionResult(
        "some", {"readers": listed, "options": number_options(each["label"] for each in listed)}
    )


@action("circle", "buddy", "host", "save")
def choose_reader(ctx: ActionContext) -> ActionResult:
    """Whom she chose in `reader`."""
    chosen = ctx.values.get("reader")
    return ActionResult(chosen if chosen in ("circle", "buddy", "host") else "save", {"text": _held(ctx)})


@action("held")
def hold_more(ctx: ActionContext) -> ActionResult:
    """She went on writing instead of choosing: it belongs to what is held."""
    said = " ".join(ctx.words.split())
    return ActionResult("held", {HELD: f"{_held(ctx)} {said}".strip() if said else _held(ctx)})


@action("ready", "none")
def give_to_circle(ctx: ActionContext) -> ActionResult:
    """Her held words are meant for the circle; they are shared as an answer to the circle is."""
    answer = _keep(ctx, "circle")
    return (
        ActionResult("ready", {HELD: "", "sharing": {"answer": answer.id}})
        if answer
        else ActionResult("none")
    )


@action("told", "none")
def give_to_host(ctx: ActionContext) -> ActionResult:
    """Carry her held words to whoever hosts her circle, under her first name."""
    member = ctx.member
    answer = _keep(ctx, "host")
    if member is None or answer is None:
        return ActionResult("none")
    placeholders = {"words": answer.words or ""}
    if ctx.person.name:
        placeholders["writer"] = shorten(ctx.person.name, PLACEHOLDERS["writer"].longest)
    told = tuple(
        Tell(
            host.id, "to_host", placeholders, purpose="relay", circle_id=member.circle_id, verbatim=("words",)
        )
        for host in hosts_of(ctx.session, member.circle_id, ctx.now)
        if host.id != ctx.person.id
    )
    return ActionResult("told" if told else "none", {HELD: ""}, told)


@action("saved")
def save_words(ctx: ActionContext) -> ActionResult:
    """Keep her held words for herself alone; COPY brings them back, and a late choice still finds them."""
    _keep(ctx, "us")
    return ActionResult("saved")


@action("some", "none")
def list_waiting(ctx: ActionContext) -> ActionResult:
    """Her circles whose questions wait for words, as `waiting` and `options`."""
    ids = ctx.values.get("between")
    rows = ctx.session.execute(
        select(Question.id, Circle)
        .join(Member, Member.id == Question.member_id)
        .join(Circle, Circle.id == Member.circle_id)
        .where(
            Question.id.in_(ids if isinstance(ids, list) else []),
            Question.person_id == ctx.person.id,
            Question.state == "waiting",
        )
        .order_by(Circle.id)
    ).all()
    labels = [circle_label(circle, plain=ctx.person.plain) for _, circle in rows]
    listed = [{"key": str(row.id), "label": label} for row, label in zip(rows, labels, strict=True)]
    outcome = "some" if listed else "none"
    return ActionResult(outcome, {"waiting": listed, "options": number_options(labels)})


@action("handed")
def hand_over_words(ctx: ActionContext) -> ActionResult:
    """Her held words are the answer to the question she chose in `meant`."""
    question = ctx.session.get(Question, int(str(ctx.values.get("meant") or 0)))
    if question is None or question.person_id != ctx.person.id or not _held(ctx):
        return ActionResult("handed", {HELD: ""})
    return ActionResult("handed", {HELD: ""}, (HandOver(question.id, _held(ctx)),))


def _held(ctx: ActionContext) -> str:
    return str(ctx.values.get(HELD) or "").strip()


def _keep(ctx: ActionContext, visible_to: str) -> Answer | None:
    """Her held words as an answer, to be seen by those she chose."""
    words = _held(ctx)
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
    return answer


def _names(people: list[Person]) -> str:
    return ", ".join(
        shorten(person.name, PLACEHOLDERS["other_name"].longest) for person in people if person.name
    )
