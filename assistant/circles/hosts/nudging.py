"""Lets a host remind those who have not answered her check-in: once, a minute later, and kindly."""

from __future__ import annotations

from sqlalchemy import select

from assistant.circles.fills import language_of
from assistant.circles.hosts.broadcasts import name_of
from assistant.circles.hosts.deeds import hold, take_up
from assistant.circles.hosts.hosted import hosted
from assistant.circles.hosts.recipients import named, recipient, still_gets
from assistant.circles.hosts.replies import newest_check_in, people_of
from assistant.circles.hosts.tallies import FLOW, tally
from assistant.circles.quiet import may_nudge
from assistant.circles.scene import Done, Line, Lines, Scene, Start, action
from assistant.store.tables import Conversation, Deed, Member, Person, Question


@action("held", "already", "answered", "coming", "one", "enough", "none_yet", "none")
def nudge_waiting(scene: Scene) -> Done:
    """Remind those who have not answered the newest check-in, in a minute, once; `n` of them.

    coming: whoever has not answered has yet to be asked. one: she named somebody (`code`), but they are
    reminded together. enough: everyone who could be reminded has had two nudges this week.
    """
    circle = hosted(scene)
    if circle is None:
        return Done("none")
    if scene.values.get("code"):
        return Done("one")
    asked_in = newest_check_in(scene, circle)
    if asked_in is None:
        return Done("none_yet")
    # Two hosts who remind at once: the second finds that the first has.
    scene.session.scalars(select(Deed).where(Deed.id == asked_in.id).with_for_update()).one()
    before = select(Deed.id).where(
        Deed.kind == "nudge", Deed.about_id == asked_in.id, Deed.state.in_(("held", "done"))
    )
    if scene.session.scalar(before.limit(1)) is not None:
        return Done("already")
    count = tally(scene.session, asked_in)
    waiting = people_of(scene, count.waiting)
    if not waiting:
        return Done("coming" if count.coming else "answered")
    gets = [each for each in waiting if may_nudge(scene.session, each.id, scene.now)]
    enough = [each for each in waiting if each not in gets]
    told = (Lines((Line("nudged_enough", named(scene, enough)),)),) if enough else ()
    if not gets:
        return Done("enough", effects=told)
    deed = hold(scene, "nudge", circle, about=asked_in)
    starts = []
    for person in gets:
        member = scene.session.scalars(
            select(Member).where(Member.circle_id == circle.id, Member.person_id == person.id)
        ).one()
        due_at = recipient(scene, circle, member, person).at
        starts.append(
            Start(person.id, "check_in_nudge", {"deed": deed.id}, member.id, due_at=due_at, at_once=True)
        )
    return Done("held", {"n": str(len(gets))}, (*told, *starts))


@action("yes", "no")
def is_check_in_open(scene: Scene) -> Done:
    """Whether to remind her now: she has not answered, is being asked nothing else, and had no two nudges.

    What else she is being asked would get her answer; the check-in comes back by itself after that.
    """
    deed = take_up(scene.session, scene.values.get("deed"), scene.now)
    asked_in = scene.session.get(Deed, deed.about_id) if deed is not None and deed.about_id else None
    member = scene.member
    if asked_in is None or member is None:
        return Done("no")
    if not still_gets(scene.session, member, scene.house.sender, readers=False):
        return Done("no")
    if member.id not in tally(scene.session, asked_in).waiting or _is_asked_something_else(scene, asked_in):
        return Done("no")
    if not may_nudge(scene.session, scene.person.id, scene.now):
        return Done("no")
    host = scene.session.get_one(Person, asked_in.by_person_id)
    return Done("yes", {"host": name_of(host, language_of(scene))})


def _is_asked_something_else(scene: Scene, asked_in: Deed) -> bool:
    """Whether her next words would answer another question than this check-in's."""
    last = scene.session.scalars(
        select(Conversation)
        .join(Question, Question.conversation_id == Conversation.id)
        .where(Question.person_id == scene.person.id)
        .order_by((Question.state == "open").desc(), Question.id.desc())
        .limit(1)
    ).first()
    return last is None or last.flow != FLOW or last.values.get("deed") != asked_in.id
