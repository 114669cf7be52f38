"""Asks how everyone is, for the host only: "not OK" reaches a person at once, if one has signed up for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assistant.circles.fills import FILLS, language_of, shorten
from assistant.circles.hosts.broadcasts import name_of, on_call_as_host
from assistant.circles.hosts.deeds import take_up
from assistant.circles.hosts.recipients import still_gets
from assistant.circles.on_call import hosts_on_call
from assistant.circles.scene import Alarm, Done, Scene, action
from assistant.circles.sharing import apart_from
from assistant.language.choices import Choice, read_choice
from assistant.store.circles import SEATED
from assistant.store.tables import Person

_HOW: Final = (
    Choice(
        "ok",
        {
            "en": ("ok", "fine", "good", "well", "great", "all good", "better"),
            "es": ("bien", "muy bien", "mejor", "todo bien"),
        },
    ),
    Choice(
        "not_ok",
        {
            "en": ("not ok", "bad", "not good", "not well", "not great", "awful", "terrible", "struggling"),
            "es": ("mal", "muy mal", "no estoy bien", "no muy bien", "fatal", "peor"),
        },
    ),
)
"""How people say it in an answer of their own."""


@action("hosted", "own", "alone", "no_seat")
def who_hears(scene: Scene) -> Done:
    """Whether a host hears "not OK" today; own: she asks in words of her own (`question`).

    What a host sent (`deed`) is for her alone: `host_id` is who was promised to read the answer. no_seat:
    it was undone, or is not for this member any more.
    """
    if scene.circle is None or scene.member is None or scene.member.state not in SEATED:
        return Done("no_seat")
    question = scene.values.get("question")
    outcome = "own" if isinstance(question, str) and question.strip() else "hosted"
    if "deed" in scene.values:
        return _asked_by_host(scene, outcome)
    hosts = hosts_on_call(scene)
    return Done(outcome, _named(hosts)) if hosts else Done("alone")


def _asked_by_host(scene: Scene, outcome: str) -> Done:
    deed = take_up(scene.session, scene.values["deed"], scene.now)
    if deed is None or scene.circle is None or deed.circle_id != scene.circle.id:
        return Done("no_seat")
    if scene.circle.state == "closed" or deed.by_person_id in apart_from(scene.session, scene.person.id):
        return Done("no_seat")
    if not still_gets(scene.session, scene.member, scene.house.sender, readers=False):
        return Done("no_seat")
    host = on_call_as_host(scene, scene.circle.id, deed.by_person_id)
    if host is None:
        return Done("alone")
    return Done(outcome, {"host": name_of(host, language_of(scene)), "host_id": host.id})


@action("ok", "not_ok", "said")
def hear_how(scene: Scene) -> Done:
    """How she is, as far as an answer in her own words (`how`) says it plainly."""
    said = str(scene.values.get("how_words") or "")
    how = read_choice(said, _HOW, numbered=False)
    # "Good" alone is good news; "Good, but they cut my hours" is for a person to read.
    if how == "ok":
        how = read_choice(said, _HOW, whole=True, numbered=False)
    return Done(how or "said")


@action("told", "nobody")
def tell_host_not_ok(scene: Scene) -> Done:
    """Page whoever hosts her circle now, at any hour, until someone answers; no word of hers goes along."""
    hosts = hosts_on_call(scene)
    if scene.circle is None or not hosts:
        return Done("nobody")
    return Done("told", _named(hosts), (Alarm("not_ok", scene.circle.id, scene.person.id),))


def _named(hosts: Sequence[Person]) -> dict[str, str]:
    """Who reads her answer, by name; it may be the backup."""
    name = next((host.name for host in hosts if host.name), None)
    return {"host": shorten(name, FILLS["host"].longest)} if name else {}
