"""Shows a host what came of a check-in: who has answered, and to whoever was promised them, the answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import select

from assistant.circles.audit import record
from assistant.circles.fills import FILLS, language_of, shorten
from assistant.circles.hosts.broadcasts import CHECK_IN
from assistant.circles.hosts.deeds import happened, take_up
from assistant.circles.hosts.hosted import hosted
from assistant.circles.hosts.recipients import named
from assistant.circles.hosts.tallies import FLOW, Tally, tally
from assistant.circles.rights import circle_for
from assistant.circles.scene import Done, Line, Lines, Scene, Start, Tell, action
from assistant.circles.sharing import apart_from
from assistant.language.contacts import without_contacts
from assistant.store.circles import SEATED
from assistant.store.tables import Answer, Circle, Conversation, Deed, Member, Person, Question

MOST_AT_ONCE: Final = 3
"""Answers that are shown at a time."""
NOT_SHOWN: Final = "skip"


@action("readable", "counts", "none_yet", "none")
def read_status(scene: Scene) -> Done:
    """Who has answered the newest check-in, by name, and who has not; never what.

    readable: there are answers that she, and nobody else, was said to read; `asked_in` is the check-in.
    """
    circle = hosted(scene)
    if circle is None:
        return Done("none")
    deed = newest_check_in(scene, circle)
    if deed is None:
        record(scene.session, "status", scene.now, by=scene.person.id, circle_id=circle.id)
        return Done("none_yet")
    record(scene.session, "status", scene.now, by=scene.person.id, circle_id=circle.id, deed=deed.id)
    count = tally(scene.session, deed)
    lines = [Line("check_in_status", _counts(count))]
    if count.answers:
        lines.append(Line("check_in_answered", _named(scene, count.answered)))
    if waiting := count.waiting | count.coming:
        lines.append(Line("check_in_waiting", _named(scene, waiting)))
    outcome = "readable" if _answers_for(scene, deed, after=0) else "counts"
    return Done(outcome, {"asked_in": deed.id, "read_to": 0}, (Lines(tuple(lines)),))


@action("some", "more", "nothing", "none")
def read_answers(scene: Scene) -> Done:
    """Show her the answers that were promised to her, a few at a time; `read_to` is the last she saw.

    A number or address in them stays hidden: its owner has not said that it may be passed on.
    """
    circle, asked_in = hosted(scene), scene.values.get("asked_in")
    deed = scene.session.get(Deed, asked_in) if isinstance(asked_in, int) else None
    if circle is None or deed is None or deed.circle_id != circle.id:
        return Done("none")
    answers = _answers_for(scene, deed, after=int(scene.values.get("read_to") or 0))
    if not answers:
        return Done("nothing")
    shown = answers[:MOST_AT_ONCE]
    record(scene.session, "read answers", scene.now, by=scene.person.id, circle_id=circle.id, deed=deed.id)
    more = len(answers) > MOST_AT_ONCE
    left = str(len(answers) - MOST_AT_ONCE) if more else "0"
    effects = tuple(_show(scene, answer, person) for answer, person in shown)
    return Done("more" if more else "some", {"read_to": shown[-1][0].id, "n": left}, effects)


@action("counted")
def count_in(scene: Scene) -> Done:
    """Her answer is kept: when it was the last that a host's check-in waited for, the host hears so."""
    asked_in = scene.values.get("deed")
    if not isinstance(asked_in, int):
        return Done("counted")
    # Locked before counting: of two who answer last in the same moment, the second sees the first.
    deed = scene.session.scalars(
        select(Deed).where(Deed.id == asked_in).with_for_update().execution_options(populate_existing=True)
    ).first()
    if deed is None or deed.digest_at is not None or not tally(scene.session, deed).complete:
        return Done("counted")
    digest = Start(deed.by_person_id, "check_in_digest", {"deed": deed.id}, at_once=True)
    return Done("counted", effects=(digest,))


@action("told", "none")
def digest_check_in(scene: Scene) -> Done:
    """Tell its host once what a check-in came to: when everyone has answered, or two days after it went out.

    none: she has heard already, it was undone, or she is not its host any more.
    """
    deed = take_up(scene.session, scene.values.get("deed"), scene.now)
    if deed is None or deed.digest_at is not None or deed.by_person_id != scene.person.id:
        return Done("none")
    circle = circle_for(scene.session, scene.person.id, deed.circle_id)
    if circle is None:
        return Done("none")
    count = tally(scene.session, deed)
    if not count.asked:
        return Done("none")
    deed.digest_at = scene.now
    lines = [Line("check_in_digest", {**_counts(count), "all": "yes" if count.complete else "no"})]
    outcomes = count.outcomes
    if deed.words is None and (outcomes["ok"] or outcomes["not_ok"]):
        said = {"n": str(outcomes["ok"]), "m": str(outcomes["not_ok"])}
        lines.append(Line("check_in_outcomes", said))
    if _answers_for(scene, deed, after=0):
        lines.append(Line("check_in_read_them"))
    elif count.waiting:
        lines.append(Line("check_in_nudge_them"))
    return Done("told", effects=(Lines(tuple(lines)),), circle=circle)


def newest_check_in(scene: Scene, circle: Circle) -> Deed | None:
    """The last check-in that went out to this circle, whoever of its hosts asked."""
    recent = scene.session.scalars(
        select(Deed)
        .where(Deed.circle_id == circle.id, Deed.kind == CHECK_IN, Deed.state.in_(("held", "done")))
        .order_by(Deed.id.desc())
    )
    return next((deed for deed in recent if happened(deed, scene.now)), None)


def people_of(scene: Scene, members: Collection[int]) -> Sequence[Person]:
    """Whose seats these are, the oldest seat first."""
    return scene.session.scalars(
        select(Person)
        .join(Member, Member.person_id == Person.id)
        .where(Member.id.in_(members))
        .order_by(Member.id)
    ).all()


def _named(scene: Scene, members: Collection[int]) -> dict[str, str]:
    return named(scene, people_of(scene, members))


def _counts(count: Tally) -> dict[str, str]:
    return {"n": str(len(count.answers)), "m": str(len(count.asked))}


def _answers_for(scene: Scene, deed: Deed, *, after: int) -> Sequence[tuple[Answer, Person]]:
    """The answers that she was named to as their reader, without SKIPs, the oldest first.

    None of anyone who has left since, or whom she is kept apart from.
    """
    ids = [answer.id for answer in tally(scene.session, deed).answers.values()]
    rows = scene.session.execute(
        select(Answer, Person, Conversation)
        .join(Question, Question.id == Answer.question_id)
        .join(Conversation, Conversation.id == Question.conversation_id)
        .join(Member, Member.id == Answer.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Answer.id.in_(ids),
            Answer.id > after,
            Answer.outcome != NOT_SHOWN,
            Answer.words.is_not(None),
            Conversation.flow == FLOW,
            Member.state.in_(SEATED),
            Person.id.not_in(apart_from(scene.session, scene.person.id)),
        )
        .order_by(Answer.id)
    )
    mine = [row for row in rows if row.Conversation.values.get("host_id") == scene.person.id]
    return [(row.Answer, row.Person) for row in mine]


def _show(scene: Scene, answer: Answer, person: Person) -> Tell:
    name = person.name or FILLS["name2"].plain[language_of(scene)].capitalize()
    fills = {"writer": shorten(name, FILLS["writer"].longest)}
    if answer.outcome == "text":
        fills["words"] = without_contacts(answer.words or "", scene.house.country)
    notice = "answer_words" if answer.outcome == "text" else f"answer_{answer.outcome}"
    circle_id = scene.circle.id if scene.circle else None
    return Tell(scene.person.id, notice, fills, purpose="reply", circle_id=circle_id, carry=("words",))
