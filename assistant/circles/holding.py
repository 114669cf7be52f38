"""Holds words of which nobody can say whom they are for, and asks; until she chooses, nobody sees them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select

from assistant.circles.buddies import buddies_of
from assistant.circles.fills import FILLS, language_of, shorten
from assistant.circles.profile import number_options
from assistant.circles.scene import Done, HandOver, Scene, Tell, action
from assistant.circles.seats import hosts_of
from assistant.circles.which_circle import circle_label
from assistant.store.tables import Answer, Circle, Member, Person, Question

HELD: Final = "held"
LABELS: Final = {
    "en": {"circle": "the whole circle", "buddy": "your buddy", "host": "your host", "save": "just save it"},
    "es": {"circle": "todo el círculo", "buddy": "tu dupla", "host": "tu guía", "save": "solo guárdalo"},
}


@action("some", "nobody")
def find_readers(scene: Scene) -> Done:
    """Who could be meant by words that nobody asked for: `readers` and `options` list them."""
    member = scene.member
    if member is None or member.promised_at is None or not _held(scene):
        return Done("nobody")
    labels = dict(LABELS[language_of(scene)])
    buddies = [scene.session.get_one(Person, each.person_id) for each in buddies_of(scene.session, member)]
    hosts = [
        host for host in hosts_of(scene.session, member.circle_id, scene.now) if host.id != scene.person.id
    ]
    if not scene.person.plain:
        labels["buddy"] = _names(buddies) or labels["buddy"]
        labels["host"] = _names(hosts[:1]) or labels["host"]
    there = {"circle": member.state == "active", "buddy": bool(buddies), "host": bool(hosts), "save": True}
    listed = [{"key": key, "label": labels[key]} for key in labels if there[key]]
    return Done("some", {"readers": listed, "options": number_options(each["label"] for each in listed)})


@action("circle", "buddy", "host", "save")
def choose_reader(scene: Scene) -> Done:
    """Whom she chose in `reader`."""
    chosen = scene.values.get("reader")
    return Done(chosen if chosen in ("circle", "buddy", "host") else "save", {"text": _held(scene)})


@action("held")
def hold_more(scene: Scene) -> Done:
    """She went on writing instead of choosing: it belongs to what is held."""
    said = " ".join(scene.words.split())
    return Done("held", {HELD: f"{_held(scene)} {said}".strip() if said else _held(scene)})


@action("ready", "none")
def give_to_circle(scene: Scene) -> Done:
    """Her held words are meant for the circle; they are shared as an answer to the circle is."""
    answer = _keep(scene, "circle")
    return Done("ready", {HELD: "", "sharing": {"answer": answer.id}}) if answer else Done("none")


@action("told", "none")
def give_to_host(scene: Scene) -> Done:
    """Carry her held words to whoever hosts her circle, under her first name."""
    member = scene.member
    answer = _keep(scene, "host")
    if member is None or answer is None:
        return Done("none")
    fills = {"words": answer.words or ""}
    if scene.person.name:
        fills["writer"] = shorten(scene.person.name, FILLS["writer"].longest)
    told = tuple(
        Tell(host.id, "to_host", fills, purpose="relay", circle_id=member.circle_id, carry=("words",))
        for host in hosts_of(scene.session, member.circle_id, scene.now)
        if host.id != scene.person.id
    )
    return Done("told" if told else "none", {HELD: ""}, told)


@action("saved")
def save_words(scene: Scene) -> Done:
    """Keep her held words for herself alone; COPY brings them back, and a late choice still finds them."""
    _keep(scene, "us")
    return Done("saved")


@action("some", "none")
def list_waiting(scene: Scene) -> Done:
    """Her circles whose questions wait for words, as `waiting` and `options`."""
    ids = scene.values.get("between")
    rows = scene.session.execute(
        select(Question.id, Circle)
        .join(Member, Member.id == Question.member_id)
        .join(Circle, Circle.id == Member.circle_id)
        .where(
            Question.id.in_(ids if isinstance(ids, list) else []),
            Question.person_id == scene.person.id,
            Question.state == "waiting",
        )
        .order_by(Circle.id)
    ).all()
    labels = [circle_label(circle, plain=scene.person.plain) for _, circle in rows]
    listed = [{"key": str(row.id), "label": label} for row, label in zip(rows, labels, strict=True)]
    outcome = "some" if listed else "none"
    return Done(outcome, {"waiting": listed, "options": number_options(labels)})


@action("handed")
def hand_over_words(scene: Scene) -> Done:
    """Her held words are the answer to the question she chose in `meant`."""
    question = scene.session.get(Question, int(str(scene.values.get("meant") or 0)))
    if question is None or question.person_id != scene.person.id or not _held(scene):
        return Done("handed", {HELD: ""})
    return Done("handed", {HELD: ""}, (HandOver(question.id, _held(scene)),))


def _held(scene: Scene) -> str:
    return str(scene.values.get(HELD) or "").strip()


def _keep(scene: Scene, sees: str) -> Answer | None:
    """Her held words as an answer, to be seen by those she chose."""
    words = _held(scene)
    asked = scene.session.scalars(
        select(Question.id).where(Question.person_id == scene.person.id).order_by(Question.id.desc()).limit(1)
    ).first()
    if not words or asked is None or scene.member is None:
        return None
    value: dict[str, Any] = {"value": words}
    answer = Answer(
        question_id=asked,
        person_id=scene.person.id,
        member_id=scene.member.id,
        key=HELD,
        outcome="text",
        words=words,
        value=value,
        sees=sees,
        inbox_id=scene.inbox_id,
        at=scene.now,
    )
    scene.session.add(answer)
    scene.session.flush()
    return answer


def _names(people: list[Person]) -> str:
    return ", ".join(shorten(person.name, FILLS["name2"].longest) for person in people if person.name)
