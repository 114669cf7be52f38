"""Finds out whom a kind line is for, in her own words, and passes it on under first names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.fills import FILLS, shorten
from assistant.circles.namesakes import ENDONYMS, told_apart
from assistant.circles.profile import number_options
from assistant.circles.relay import knows_that_words_wait
from assistant.circles.scene import Done, Scene, Tell, action
from assistant.circles.sharing import apart_from
from assistant.language.addressing import LEADS, named_in, nearly
from assistant.language.contacts import has_contact
from assistant.language.folding import fold, plain_words, split_words
from assistant.store.tables import Member, Note, Person

PRESENT: Final = ("active", "reading", "paused")
"""Members to whom words may be kept; who is away reads them later."""
TOLD: Final = ("active", "reading")
TRIES: Final = 2
_BREAKS: Final = re.compile(r"[\s,;:.!?\-–—]+")


def without_address(words: str, name: str) -> str:
    """The line without "Rosa," or "To Rosa:" before it; what begins as a sentence stays whole."""
    first = fold(name.split()[0])
    last = fold(name.split()[-1])
    spoken = split_words(words)
    at = 1 if spoken and spoken[0].plain in LEADS else 0
    if len(spoken) <= at or not (spoken[at].plain == first or nearly(first, spoken[at].plain)):
        return words.strip()
    if last != first and len(spoken) > at + 1 and spoken[at + 1].plain == last:
        at += 1
    rest = words[spoken[at].end :]
    marked = re.match(r"\s*([,;:.!\-–—]|\n)", rest)
    bare = plain_words(rest)
    if not bare:
        return ""
    # "Rosa your words stayed with me" reads well without the name; "Rosa is brave" does not.
    if marked is None and at == 0 and bare[0] not in _SPEAKS_TO_HER:
        return words.strip()
    return _BREAKS.sub(" ", rest, count=1).strip() if _BREAKS.match(rest) else rest.strip()


_SPEAKS_TO_HER: Final = frozenset(
    {"you", "your", "youre", "thank", "thanks", "i", "im", "gracias", "tu", "tus", "te", "me", "eres", "lo"}
)


@action("found", "several", "no_line", "unknown", "lost", "number")
def find_recipient(scene: Scene) -> Done:
    """Whom in her circle the words in `line` (or the name in `to`) are for; nobody from elsewhere is found.

    several: two could be meant; `people` and `options` list them. no_line: a name, but no words for it.
    number: the line holds a way to reach someone. lost: asked often enough.
    """
    people = _others(scene)
    line, said = str(scene.values.get("line") or ""), str(scene.values.get("to") or "")
    chosen = scene.values.get("to_id")
    found = (
        [int(str(chosen))]
        if chosen
        else named_in(said or line, {key: p.name or "" for key, p in people.items()})
    )
    found = [key for key in found if key in people]
    if not found:
        tries = int(scene.values.get("tries") or 0) + 1
        return Done("unknown" if tries <= TRIES else "lost", {"tries": tries, "to": ""})
    if len(found) > 1:
        labels = _labels([people[key] for key in found])
        listed = [{"key": str(key), "label": label} for key, label in zip(found, labels, strict=True)]
        return Done("several", {"people": listed, "options": number_options(labels)})
    name = people[found[0]].name or ""
    words = line if said else without_address(line, name)
    values: dict[str, Any] = {
        "to_id": str(found[0]),
        "name2": shorten(name, FILLS["name2"].longest),
        "line": words,
    }
    if not words:
        return Done("no_line", values)
    if has_contact(words, scene.house.country) and scene.values.get("number_ok") != "yes":
        return Done("number", values)
    return Done("found", values)


@action("marked")
def mark_thanks(scene: Scene) -> Done:  # noqa: ARG001
    """What she just wrote is thanks for help, not only a kind line."""
    return Done("marked", {"note": "thanks"})


@action("passed", "gone")
def pass_on(scene: Scene) -> Done:
    """Keep `line` as a note to whom it is for, and tell her, under the writer's first name.

    To someone she is kept apart from nothing goes, and nothing gives that away.
    """
    member, line = scene.member, str(scene.values.get("line") or "").strip()
    people = _others(scene)
    to = people.get(int(str(scene.values.get("to_id") or 0)))
    if member is None or to is None or not line:
        return Done("gone")
    values = {"line": "", "to": "", "to_id": "", "number_ok": ""}
    if to.id in apart_from(scene.session, scene.person.id):
        return Done("passed", values)
    seat = scene.session.get_one(Member, int(str(scene.values["to_id"])))
    scene.session.add(
        Note(
            circle_id=member.circle_id,
            from_member_id=member.id,
            to_member_id=seat.id,
            kind="thanks" if scene.values.get("note") == "thanks" else "kind",
            words=line,
            at=scene.now,
        )
    )
    scene.session.flush()
    notice = "thanks_to_you" if scene.values.get("note") == "thanks" else "kind_line_to_you"
    if seat.state not in TOLD or (to.plain and knows_that_words_wait(scene, to, f"notices/{notice}")):
        return Done("passed", values)
    fills = {"name2": shorten(scene.person.name or "", FILLS["name2"].longest), "words": line}
    if not fills["name2"]:
        del fills["name2"]
    told = Tell(
        to.id,
        notice,
        fills,
        purpose="relay",
        circle_id=member.circle_id,
        carry=("words",),
        member_id=seat.id,
    )
    return Done("passed", values, (told,))


def _others(scene: Scene) -> dict[int, Person]:
    """The other members of her circle who have promised and have a name, by seat; none until she promised."""
    if scene.member is None or scene.member.promised_at is None:
        return {}
    rows = scene.session.execute(
        select(Member.id, Person)
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.circle_id == scene.member.circle_id,
            Member.id != scene.member.id,
            Member.state.in_(PRESENT),
            Member.promised_at.is_not(None),
            Person.name.is_not(None),
        )
        .order_by(Member.id)
    )
    return {row.id: row.Person for row in rows}


def _labels(people: Sequence[Person]) -> list[str]:
    """Their names; with the place where two are the same, or the language where that is the same, too."""
    places = [person.place or "" for person in people]
    spoken = [ENDONYMS.get(person.language or "", "") for person in people]
    return told_apart([person.name or "" for person in people], [places, spoken])
