"""Lets a host ask or tell everyone in her circle something: shown first, sent by SEND, a minute later."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from typing import Any, Final

from assistant.circles.fills import FILLS, language_of, shorten
from assistant.circles.hosts.deeds import HELD_FOR, PREVIEW_HOLDS, draft, hold_preview, previewed, take_up
from assistant.circles.hosts.hosted import forget_asked, hosted
from assistant.circles.hosts.recipients import left_out_lines, recipients_of, still_gets
from assistant.circles.on_call import RUNGS, on_rung
from assistant.circles.rights import circle_for
from assistant.circles.scene import Done, Effect, Lines, Preview, Scene, Start, Tell, action
from assistant.circles.sharing import apart_from
from assistant.language.contacts import has_contact
from assistant.language.segments import measure
from assistant.store.tables import Person

CHECK_IN: Final = "check_in"
SAY: Final = "say"
DIGEST_AFTER: Final = dt.timedelta(hours=48)
"""So long after a check-in its host hears what it came to, if not everyone has answered before."""
FRAME: Final = 50
"""Characters that `host_says`, and its preview, put before a host's words at most."""
SEGMENTS: Final = 2
"""What a text of a host's may cost each of those who get it."""
_PREVIEWS: Final = "preview"
"""The flow that shows what is about to be sent."""


@action("ready", "too_long", "away", "none")
def word_check_in(scene: Scene) -> Done:
    """What she wants to ask: her own words after CHECKIN (`text`), or the standard question without any.

    too_long: `n` characters are the most. away: she is not on call, so that nobody can be promised that she
    reads the answer.
    """
    circle = hosted(scene)
    if circle is None:
        return Done("none")
    words = _words(scene)
    longest = FILLS["question"].longest
    if len(words) > longest:
        return Done("too_long", {"n": str(longest), "m": str(min(len(words), 999))})
    if on_call_as_host(scene, circle.id, scene.person.id) is None:
        return Done("away")
    return Done("ready", {"broadcast": CHECK_IN, "text": words})


@action("ready", "too_long", "empty", "none")
def word_say(scene: Scene) -> Done:
    """What she wants to tell (`text`), if it fits into two SMS; too_long: `n` characters have to go."""
    if hosted(scene) is None:
        return Done("none")
    words = _words(scene)
    if not words:
        return Done("empty")
    if too_many := _too_many(words):
        return Done("too_long", {"n": str(min(too_many, 999))})
    return Done("ready", {"broadcast": SAY, "text": words})


@action("some", "nobody", "none")
def show_preview(scene: Scene) -> Done:
    """Show her the text as it will be read, who is left out and why; `n` will get it when she says SEND."""
    circle, kind, words = hosted(scene), str(scene.values.get("broadcast") or ""), _words(scene)
    if circle is None or kind not in (CHECK_IN, SAY):
        return Done("none")
    there, left_out = recipients_of(scene, circle, readers=kind == SAY)
    lines = left_out_lines(scene, there, left_out)
    told: tuple[Effect, ...] = (Lines(tuple(lines)),) if lines else ()
    if not there:
        return Done("nobody", effects=told)
    forget_asked(scene, _PREVIEWS)
    members = [each.member.id for each in there]
    draft(scene, kind, circle, words=words or None, details={"members": members})
    shows = "number" if has_contact(words, scene.house.country) else ""
    people = tuple(each.person.id for each in there)
    return Done("some", {"n": str(len(there)), "shows": shows}, (_preview(scene, kind, words, people), *told))


@action("fresh", "late", "gone")
def is_fresh(scene: Scene) -> Done:
    """Whether SEND may still send what she was shown; late: it is shown to her once more first."""
    deed = previewed(scene)
    if deed is None:
        return Done("gone")
    return Done("fresh" if deed.created_at > scene.now - PREVIEW_HOLDS else "late")


@action("check_in", "say", "nobody", "nothing")
def send_previewed(scene: Scene) -> Done:
    """Send what she was shown in the last ten minutes, in a minute, to those who still get it.

    It goes to nobody whom the preview did not count. nobody: none of them is there any more.
    """
    deed = previewed(scene)
    circle = circle_for(scene.session, scene.person.id, deed.circle_id) if deed is not None else None
    if deed is None or circle is None or deed.created_at <= scene.now - PREVIEW_HOLDS:
        return Done("nothing")
    there, _ = recipients_of(scene, circle, readers=deed.kind == SAY)
    shown = set(deed.details.get("members") or ())
    there = [each for each in there if each.member.id in shown]
    if not there:
        return Done("nobody", circle=circle)
    deed.details = {**deed.details, "members": [each.member.id for each in there]}
    hold_preview(scene, deed)
    forget_asked(scene, _PREVIEWS)
    values: dict[str, Any] = {"deed": deed.id}
    flow = "host_says" if deed.kind == SAY else "group_check_in"
    if deed.kind == CHECK_IN and deed.words:
        values["question"] = deed.words
    starts = [
        Start(each.person.id, flow, values, each.member.id, due_at=each.at, at_once=deed.kind == SAY)
        for each in there
    ]
    if deed.kind == CHECK_IN:
        due_at = scene.now + HELD_FOR + DIGEST_AFTER
        starts.append(
            Start(scene.person.id, "check_in_digest", {"deed": deed.id}, due_at=due_at, at_once=True)
        )
    return Done(deed.kind, {"n": str(len(there))}, tuple(starts), circle=circle)


@action("said", "none")
def host_says(scene: Scene) -> Done:
    """A host's words come to one member; on a shared phone only that there are some, and READ shows them."""
    deed = take_up(scene.session, scene.values.get("deed"), scene.now)
    if deed is None or not deed.words or scene.circle is None or deed.circle_id != scene.circle.id:
        return Done("none")
    if circle_for(scene.session, deed.by_person_id, deed.circle_id) is None:
        return Done("none")
    if deed.by_person_id in apart_from(scene.session, scene.person.id):
        return Done("none")
    if scene.member is None or not still_gets(scene.session, scene.member, scene.house.sender, readers=True):
        return Done("none")
    fills = {
        "writer": name_of(scene.session.get_one(Person, deed.by_person_id), language_of(scene)),
        "words": deed.words,
    }
    # About her seat, so that it is dropped if she gives that up before it leaves.
    says = Tell(
        scene.person.id,
        "host_says",
        fills,
        purpose="notice",
        circle_id=scene.circle.id,
        carry=("words",),
        member_id=scene.member.id,
    )
    return Done("said", effects=(says,))


def on_call_as_host(scene: Scene, circle_id: int, host_id: int) -> Person | None:
    """This very host or backup of a circle, as long as she is on call for it."""
    for rung in RUNGS[:2]:
        people = on_rung(scene.session, circle_id, rung, None, scene.house.sender, scene.now)
        if found := next((each for each in people if each.id == host_id), None):
            return found
    return None


def name_of(host: Person, language: str) -> str:
    """How a host is called to those she sends something; never by another host's name."""
    return shorten(host.name, FILLS["host"].longest) if host.name else FILLS["host"].plain[language]


def _words(scene: Scene) -> str:
    return " ".join(str(scene.values.get("text") or "").split())


def _too_many(words: str) -> int:
    """How many characters have to go so that the words cost no more than they may."""
    # One sign outside the phone alphabet makes all of it dearer: longer beginnings never cost less.
    fits = bisect_right(
        range(len(words) + 1),
        SEGMENTS,
        key=lambda length: measure("-" * FRAME + words[:length]).segments,
    )
    return len(words) - max(fits - 1, 0)


def _preview(scene: Scene, kind: str, words: str, people: tuple[int, ...]) -> Preview:
    name = name_of(scene.person, language_of(scene))
    if kind == SAY:
        return Preview(people, "notices/host_says", {"writer": name, "words": words}, carry=("words",))
    if words:
        return Preview(people, "group_check_in/ask_own", {"host": name, "question": words})
    return Preview(people, "group_check_in/ask", {"host": name})
