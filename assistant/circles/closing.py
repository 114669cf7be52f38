"""Ends a season with each member: a keepsake of what others wrote to her, what comes next, her own words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.fills import FILLS, language_of, shorten
from assistant.circles.quiet import is_left_alone
from assistant.circles.scene import Done, Effect, Scene, Start, Tell, action
from assistant.circles.seats import hosts_of
from assistant.circles.sharing import apart_from
from assistant.language.rendering import readable_date
from assistant.store.tables import Answer, Circle, Goal, GoalStep, Member, Note, Person, Question, Role, Timer

WISHES: Final = ("together", "another", "own", "rest")
"""What can come next, in the order in which it is asked."""
WISHES_IN: Final = dt.timedelta(days=4)
"""So long after the first wish the host hears how many there are of each."""
LABELS: Final = {
    "en": {"together": "go on together", "another": "another circle", "own": "their own", "rest": "rest"},
    "es": {
        "together": "seguir con el grupo",
        "another": "otro grupo",
        "own": "abrir uno",
        "rest": "descansar",
    },
}
WISHES_FLOW: Final = "season_wishes"
KEEPABLE: Final = ("kind", "thanks")
MOST_KEPT: Final = 12
"""Notes in one keepsake: one from each of the others, and one more."""
LONGEST_CODE: Final = 12


@action("round", "later")
def open_closing(scene: Scene) -> Done:
    """Whether she takes part in the last round; who reads along, or rests, gets what comes after it."""
    member = scene.member
    if member is None or member.state != "active" or is_left_alone(scene.session, member, scene.now):
        return Done("later")
    return Done("round")


@action("some", "none")
def ask_to_keep(scene: Scene) -> Done:
    """Whether she wrote kind words to others that may become keepsakes; `n` is how many."""
    notes = _unasked(scene)
    return Done("some" if notes else "none", {"n": str(len(notes))})


@action("kept")
def let_keep(scene: Scene) -> Done:
    """Her words to others may stand in their keepsakes, under her name."""
    for note in _unasked(scene):
        note.may_keep = True
    return Done("kept")


@action("kept_back")
def keep_from_keepsakes(scene: Scene) -> Done:
    """Her words to others are in no keepsake."""
    for note in _unasked(scene):
        note.may_keep = False
    return Done("kept_back")


@action("some", "plain", "none")
def find_keepsake(scene: Scene) -> Done:
    """Whether others wrote her kind words and agreed that she keeps them; on a shared phone she is asked."""
    if not _keepsake(scene):
        return Done("none")
    return Done("plain" if scene.person.plain else "some")


@action("handed")
def hand_keepsake(scene: Scene) -> Done:
    """Give her the words that others agreed she keeps, each under its writer's first name."""
    told = [
        _say(scene, "keepsake", {"writer": _first_name(writer), "words": note.words or ""})
        for note, writer in _keepsake(scene)
    ]
    return Done("handed", effects=tuple(told))


@action("kept", "no_seat")
def keep_wish(scene: Scene) -> Done:
    """What she wishes for next is on record with her answer; days later the host hears how many wish what."""
    member = scene.member
    if member is None:
        return Done("no_seat")
    for host in hosts_of(scene.session, member.circle_id, scene.now):
        if not _hears_already(scene.session, host.id, member.circle_id):
            values = {"circle_id": member.circle_id}
            told = Start(host.id, WISHES_FLOW, values, due_at=scene.now + WISHES_IN)
            return Done("kept", effects=(told,))
    return Done("kept")


@action("known", "unknown")
def find_end(scene: Scene) -> Done:
    """Until when her words are kept (`date`); unknown: they are gone already."""
    circle = scene.circle
    if circle is None or circle.erase_on is None or circle.erase_on <= scene.now.date():
        return Done("unknown")
    return Done("known", {"date": readable_date(circle.erase_on, language_of(scene))})


@action("copy", "plain", "none")
def find_copy(scene: Scene) -> Done:
    """Whether there are words of hers to send back to her; on a shared phone she is asked first."""
    if not any(own_words(scene.session, member) for member, _ in _all_seats(scene)):
        return Done("none")
    return Done("plain" if scene.person.plain else "copy")


@action("sent")
def send_copy(scene: Scene) -> Done:
    """Send her what she wrote, circle by circle, the oldest first: hers, and nobody else's."""
    told: list[Effect] = []
    for member, circle in _all_seats(scene):
        words = own_words(scene.session, member)
        if words:
            told.append(_say(scene, "copy_of", {"circle": circle.name}))
            told += [_say(scene, "copy_words", {"words": each}) for each in words]
    return Done("sent", effects=tuple(told))


@action("some", "none")
def count_wishes(scene: Scene) -> Done:
    """How many members wish for what, as `options`, without names; `together` says whether any go on."""
    circle = _asked_circle(scene)
    if circle is None:
        return Done("none")
    counts = Counter(_wishes(scene.session, circle.id).values())
    if not counts:
        return Done("none")
    labels = LABELS[language_of(scene)]
    listed = ", ".join(f"{counts[wish]} {labels[wish]}" for wish in WISHES if counts[wish])
    return Done("some", {"circle": circle.name, "options": listed, "n": str(counts["together"])})


@action("yes", "no")
def some_go_on(scene: Scene) -> Done:
    """Whether anyone wants to go on together."""
    return Done("yes" if str(scene.values.get("n") or "0") != "0" else "no")


@action("opened", "no_circle")
def open_again(scene: Scene) -> Done:
    """Open a new circle under the same host; those who wished to go on get its word, and join by it."""
    circle = _asked_circle(scene)
    if circle is None:
        return Done("no_circle")
    session = scene.session
    again = Circle(
        cohort_id=circle.cohort_id,
        code=_next_code(session, circle.code),
        name=circle.name,
        language=circle.language,
        zone=circle.zone,
        size=circle.size,
        program=circle.program,
        state="gathering",
        created_at=scene.now,
    )
    session.add(again)
    session.flush()
    session.add(
        Role(
            person_id=scene.person.id,
            kind="host",
            circle_id=again.id,
            offered_at=scene.now,
            accepted_at=scene.now,
        )
    )
    session.flush()
    wishes = _wishes(session, circle.id)
    told = tuple(
        Tell(person_id, "together_again", {"code": again.code}, circle_id=again.id)
        for person_id, wish in wishes.items()
        if wish == "together" and person_id != scene.person.id
    )
    return Done("opened", {"code": again.code, "circle": again.name}, told)


def own_words(session: Session, member: Member) -> list[str]:
    """What a member wrote in her circle, in her words, the oldest first: answers, goals, steps, lines."""
    answers = select(Answer.words, Answer.at).where(
        Answer.member_id == member.id, Answer.outcome == "text", Answer.words.is_not(None)
    )
    goals = select(Goal.words, Goal.set_at).where(Goal.member_id == member.id, Goal.words.is_not(None))
    steps = (
        select(GoalStep.words, GoalStep.set_at)
        .join(Goal, Goal.id == GoalStep.goal_id)
        .where(Goal.member_id == member.id, GoalStep.words.is_not(None))
    )
    notes = select(Note.words, Note.at).where(Note.from_member_id == member.id, Note.words.is_not(None))
    rows = [row for query in (answers, goals, steps, notes) for row in session.execute(query).all()]
    # A goal, a step and a kind line are answers too: what she wrote once, she reads once.
    said = dict.fromkeys((words or "").strip() for words, _ in sorted(rows, key=lambda row: row[1]))
    whole = [words for words in said if not any(words != other and words in other for other in said)]
    return [words for words in whole if words]


def _unasked(scene: Scene) -> Sequence[Note]:
    if scene.member is None:
        return ()
    return scene.session.scalars(
        select(Note).where(
            Note.from_member_id == scene.member.id,
            Note.kind.in_(KEEPABLE),
            Note.words.is_not(None),
            Note.may_keep.is_(None),
        )
    ).all()


def _keepsake(scene: Scene) -> Sequence[tuple[Note, Person]]:
    if scene.member is None:
        return ()
    rows = scene.session.execute(
        select(Note, Person)
        .join(Member, Member.id == Note.from_member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Note.to_member_id == scene.member.id,
            Note.kind.in_(KEEPABLE),
            Note.words.is_not(None),
            Note.may_keep.is_(True),
            Person.id.not_in(apart_from(scene.session, scene.person.id)),
        )
        .order_by(Note.id)
        .limit(MOST_KEPT)
    )
    return [(note, writer) for note, writer in rows]


def _all_seats(scene: Scene) -> Sequence[tuple[Member, Circle]]:
    """Every seat she has or had, also in circles that are over: their words are still hers."""
    rows = scene.session.execute(
        select(Member, Circle)
        .join(Circle, Circle.id == Member.circle_id)
        .where(Member.person_id == scene.person.id)
        .order_by(Member.id)
    )
    return [(member, circle) for member, circle in rows]


def _wishes(session: Session, circle_id: int) -> dict[int, str]:
    """Each member's latest wish, by person."""
    rows = session.execute(
        select(Answer.person_id, Answer.outcome)
        .join(Member, Member.id == Answer.member_id)
        .join(Question, Question.id == Answer.question_id)
        .where(Member.circle_id == circle_id, Question.flow == "season_close", Answer.outcome.in_(WISHES))
        .order_by(Answer.id)
    )
    return {row.person_id: row.outcome for row in rows}


def _hears_already(session: Session, host_id: int, circle_id: int) -> bool:
    planned = select(Timer.values).where(Timer.person_id == host_id, Timer.flow == WISHES_FLOW)
    return any(values.get("circle_id") == circle_id for values in session.scalars(planned))


def _asked_circle(scene: Scene) -> Circle | None:
    circle_id = scene.values.get("circle_id")
    return scene.session.get(Circle, circle_id) if isinstance(circle_id, int) else None


def _next_code(session: Session, code: str) -> str:
    """MAPLE, MAPLE2, MAPLE3 ...: the first that no circle has."""
    stem = code.rstrip("0123456789") or code
    taken = set(session.scalars(select(Circle.code).where(Circle.code.like(f"{stem[:8]}%"))))
    number = 2
    while (found := f"{stem[: LONGEST_CODE - len(str(number))]}{number}") in taken:
        number += 1
    return found


def _first_name(person: Person) -> str:
    return shorten(person.name or FILLS["name2"].plain["en"], FILLS["writer"].longest)


def _say(scene: Scene, notice: str, fills: dict[str, str]) -> Tell:
    circle_id = scene.circle.id if scene.circle else None
    return Tell(scene.person.id, notice, fills, purpose="reply", circle_id=circle_id, carry=("words",))
