"""Plays a transcript: a conversation written down as people would tell it, in which time can pass.

    circle MAPLE "Bold Moves" host luz
    ... Monday 9:00
    ana: JOIN maple
    bot: Circle: You joined Bold Moves. ...
    bot to luz: Ana has joined Bold Moves.
    ... 72 hours pass

Three lines save a transcript from telling what is told elsewhere: `season MAPLE [four_weeks]` begins a
circle's season with the next Monday, today included, as `circle start` does; `member rosa MAPLE [language es]
[plain] [reading]` seats someone who has promised; `start weekly_reflection for ana [in MAPLE] [with week=2
theme=2]` starts a flow with Ana now, as a season's plan does.

`cohort "Spring" organizer mia` makes a cohort, to which a circle belongs by `circle MAPLE "Bold Moves" cohort
"Spring"`. `invite ana to MAPLE [language es]` imports Ana's number with a recorded consent, as
`circle import` does; of several, the invitations leave one after another (`... 1 minute passes`).

`draw 2 seats in "Spring" among ana rosa eva [language es]` imports them all and draws, as `circle import
--waitlist` does; `seat next in "Spring"` offers what is free to whoever waits. `survey "Spring"` has those of
a cohort asked before and after.

`phone ana on WhatsApp` (or RCS) says, before anything else of Ana, what she texts with; `phone ana on SMS at
+525512345678` by which number, `phone ana_wa on WhatsApp of ana` that it is another's, `phone eva on WhatsApp
hidden` that she shows no number there. What can be tapped
stands behind a text as `[Yes] [No]`, or as `[Choose: One | Two]` where it opens as a list; `ana taps: Yes`
taps it (`ana taps earlier: Yes`: on the text before the last that has it). `templates` has WhatsApp approve
what may open a conversation, `templates opener` nothing but the opener.

`ana: look at this <photo>` sends a picture along; `<voice note>` a voice, and `<voice note: I did it>` one of
which a transcriber hears these words. What phones show of them stands behind a text in the same way.

`calls` switches on that pages ring, and TALK. A phone that rings stands there as `call to luz: (rings)`, and
so does what is said in a call; `luz picks up`, `luz presses 1`, `luz hangs up`, `luz's machine picks up` is
what is done with it. A phone that nobody picks up stops ringing as time passes.

`anita: LINK <code>` types the code that was texted last, to whomever it was.

Before each text its owner takes a while (`world.TYPING`). `ana, at once: words` comes two seconds after
the last thing that happened; `ana, meanwhile: words` was written before the bot's last texts left.

The further lines of a text of several begin with four spaces.

`play` gives the transcript back as it really went; it is right when that is what was written.
"""

from __future__ import annotations

import datetime as dt
import re
import shlex
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from assistant.carriers.twilio_addresses import to_uri
from assistant.circles.cohorts.assignment import spread_over_cohort
from assistant.circles.cohorts.import_entries import Entry
from assistant.circles.cohorts.waitlist import lots_of, seal_draw
from assistant.circles.surveys.survey_plan import switch_surveys
from assistant.conversations.import_invitations import invite_all
from assistant.conversations.importing.waiting_list import hold_draw, seat_next
from assistant.engine.book import FlowBook
from assistant.schedule.local_time import due
from assistant.simulation.world import World
from assistant.simulation.world_calls import let_ring
from assistant.simulation.world_phones import Heard, approve_templates, let_text_by, speak, tap
from assistant.store.tables import Cohort

BEGINNING = dt.datetime(2026, 6, 1, 8, 0, tzinfo=ZoneInfo("America/Chicago"))
"""A Monday morning in summer, before anyone is texted."""

_SPOKEN = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(?P<when>, at once|, meanwhile)?: ?(?P<words>.*)")
AT_ONCE = dt.timedelta(seconds=2)
SEED = "5e" * 32
"""Of every draw: the same names are drawn always."""
_BOT = re.compile(r"(bot|carrier|call)( to [a-z][a-z0-9_]*)?: ?")
_SPAN = re.compile(r"(?P<span>\d+ (?:minute|hour|day|week)s?) pass(?:es)?")
_DAY = re.compile(r"(?P<day>[A-Za-z ]+?),? (?P<time>\d{1,2}:\d\d)")
_DETAILS = ("host", "backup", "organizer", "offered", "size", "language", "cohort")
_START = re.compile(
    r"start (?P<flow>[a-z0-9_]+) for (?P<name>[a-z0-9_]+)( in (?P<code>[A-Z0-9]+))?( with (?P<values>.+))?"
)
_INVITE = re.compile(r"invite (?P<name>[a-z0-9_]+) to (?P<code>[A-Z0-9]+)( language (?P<language>[a-z]{2}))?")
_DRAW = re.compile(
    r'draw (?P<seats>\d+) seats? in "(?P<cohort>[^"]+)" among (?P<names>[a-z0-9_ ]+?)'
    r"( language (?P<language>[a-z]{2}))?"
)
_OF_COHORT = re.compile(r'(?P<what>seat next in|survey) "(?P<cohort>[^"]+)"')
_PHONE = re.compile(
    r"phone (?P<name>[a-z][a-z0-9_]*) on (?P<channel>WhatsApp|RCS|SMS)"
    r"(?P<where> of [a-z][a-z0-9_]*| at \+\d+| hidden)?"
)
_TAP = re.compile(r"(?P<name>[a-z][a-z0-9_]*) taps(?P<earlier> earlier)?: ?(?P<title>.+)")
_CALL = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*)(?P<machine>'s machine)? (?P<what>picks up|hangs up|presses (?P<key>[0-9*#]))"
)
_MEDIA = re.compile(r"(?P<words>[^<]*)(?:(?P<photo><photo>)|<voice note(?:: (?P<said>[^>]+))?>)")
_CODE = re.compile(r"\b\d{6}\b")
"""A code that is typed as it was texted, of whatever digits it is made."""
FURTHER = "    "
"""What the further lines of a text of several lines begin with."""


class TranscriptError(Exception):
    """A line that cannot be played; says which and how to mend it."""


def play(book: FlowBook, script: str) -> str:
    """Play what people do and let time pass as written; the bot's lines are made anew.

    Args:
        script: The transcript's text. Comments (`#`) and empty lines stay where they are.

    Raises:
        TranscriptError: a line is none of the kinds above.
    """
    with World(book, start=BEGINNING) as world:
        return play_in(world, script)


def play_in(world: World, script: str) -> str:
    """Play a script as `play` does, in a world that stays for a look at what came of it."""
    written: list[str] = []
    speaker = ""
    for number, line in enumerate(script.splitlines(), 1):
        if _BOT.match(line) or line.startswith(FURTHER):
            continue
        written.append(line.rstrip())
        index = len(world.heard)
        try:
            speaker = play_line(world, line.strip(), speaker)
        except (ValueError, TranscriptError) as error:
            raise TranscriptError(f"line {number}, {line!r}: {error}") from error
        written += [_told(world, heard, speaker) for heard in world.heard_since(index)]
    return "\n".join(written) + "\n"


def play_line(world: World, line: str, speaker: str) -> str:
    """Let one line of a transcript happen; return who spoke last.

    Raises:
        TranscriptError: it is none of the kinds that a transcript may have.
    """
    if not line or line.startswith("#"):
        return speaker
    if line.startswith("..."):
        world.move_to(_when(world, line.removeprefix("...").strip()))
        return speaker
    if line.startswith("circle "):
        _found(world, line)
        return speaker
    if line.startswith("cohort "):
        _found_cohort(world, line)
        return speaker
    if line.startswith("member "):
        _seat(world, line)
        return speaker
    if invited := _INVITE.fullmatch(line):
        world.invite(invited["name"], invited["code"], invited["language"])
        return speaker
    if drawn := _DRAW.fullmatch(line):
        names = drawn["names"].split()
        _draw_seats(world, drawn["cohort"], int(drawn["seats"]), names, drawn["language"])
        return speaker
    if of_cohort := _OF_COHORT.fullmatch(line):
        do = _have_asked if of_cohort["what"] == "survey" else _seat_whoever_is_next
        do(world, of_cohort["cohort"])
        return speaker
    if phone := _PHONE.fullmatch(line):
        let_text_by(world, phone["name"], phone["channel"].lower(), phone["where"] or "")
        return speaker
    if line in ("templates", "templates opener"):
        approve_templates(world, opener_only=line.endswith("opener"))
        return speaker
    if tapped := _TAP.fullmatch(line):
        tap(world, tapped["name"], tapped["title"], back=1 if tapped["earlier"] else 0)
        return tapped["name"]
    if line == "calls":
        let_ring(world)
        return speaker
    if called := _CALL.fullmatch(line):
        return _call(world, called)
    if line.startswith("season "):
        world.season(*line.split()[1:])
        return speaker
    if line.startswith("start "):
        return _start(world, line)
    spoken = _SPOKEN.fullmatch(line)
    if not spoken:
        raise TranscriptError(
            'write "name: words", "... Monday 9:00", "... 2 days pass", "circle CODE ...", '
            '"cohort NAME ...", "member NAME CODE", "invite NAME to CODE", "season CODE" or '
            '"start FLOW for NAME"'
        )
    name, words = spoken["name"], spoken["words"].replace("<code>", _last_code(world))
    if sent := _MEDIA.fullmatch(words):
        media = ("", "image/jpeg") if sent["photo"] else speak(world, sent["said"] or "")
        world.text(name, sent["words"].strip(), media=[media])
    elif spoken["when"] == ", meanwhile":
        world.crossing_text(name, words)
    elif spoken["when"]:
        world.text(name, words, after=AT_ONCE)
    else:
        world.text(name, words)
    return name


def _last_code(world: World) -> str:
    codes = [found[0] for heard in world.heard if (found := _CODE.search(heard.body))]
    return codes[-1] if codes else "<code>"


def _call(world: World, called: re.Match[str]) -> str:
    """Somebody does something with a phone that rings, or is on the line."""
    if world.calls is None:
        raise TranscriptError('write "calls" first: else no phone rings')
    name, key = called["name"], called["key"]
    if key:
        world.calls.press(name, key)
    elif called["what"] == "picks up":
        world.calls.pick_up(name, machine=bool(called["machine"]))
    else:
        world.calls.hang_up_on(name)
    world.settle()
    return name


def _told(world: World, heard: Heard, speaker: str) -> str:
    name = world.name(heard.to)
    who = "carrier" if heard.by_carrier else "call" if heard.by_phone else "bot"
    shown = " ".join(f"[{title}]" for title in heard.buttons)
    shown = f"[{heard.list_button}: {' | '.join(heard.buttons)}]" if heard.list_button else shown
    body = f"{heard.body} {shown}".strip().replace("\n", f"\n{FURTHER}")
    return f"{who}: {body}" if name == speaker else f"{who} to {name}: {body}"


def _when(world: World, said: str) -> dt.datetime:
    now = world.clock.now()
    if span := _SPAN.fullmatch(said):
        return due(span["span"], now, world.zone)
    if day := _DAY.fullmatch(said):
        return due(f"{day['day'].lower()}, {day['time']}", now, world.zone)
    raise TranscriptError('say "... 72 hours pass", "... Monday 9:00" or "... next day 10:00"')


def _found(world: World, line: str) -> None:
    """circle CODE "Name" [host luz] [offered mia] [size 4] [language es] [cohort "Spring"] [closed]
    [surveyed].
    """
    _, code, name, *rest = shlex.split(line)
    details: dict[str, object] = {}
    roles: list[tuple[str, str]] = []
    for word, value in _pairs(rest):
        if word == "size":
            details["size"] = int(value)
        elif word == "language":
            details["language"] = value
        elif word == "cohort":
            details["cohort_id"] = world.cohorts[value]
        elif word == "surveyed":
            now = world.clock.now()
            over = {"closed_at": now} if details.get("state") == "closed" else {}
            details |= {"surveyed": True, "survey_look_at": now, **over}
        elif word in ("running", "closed"):
            details["state"] = word
        else:
            roles.append((word, value))
    world.circle(code, name, **details)
    for kind, person in roles:
        world.role(person, "host" if kind == "offered" else kind, code, accepted=kind != "offered")


def _found_cohort(world: World, line: str) -> None:
    """cohort "Spring" [organizer mia] [offered eva]."""
    _, name, *rest = shlex.split(line)
    world.cohort(name)
    for word, person in _pairs(rest):
        world.role(person, "organizer", cohort=name, accepted=word != "offered")


def _draw_seats(
    world: World, cohort: str, seats: int, names: Sequence[str], language: str | None = None
) -> None:
    """Import these people's numbers with a recorded consent, and draw so many seats among them."""
    now, services = world.clock.now(), world.services
    entries = [
        Entry(line, to_uri(world.number(name)), None, language, str(world.zone), now, "form at the library")
        for line, name in enumerate(names, 2)
    ]
    with world.database.write() as session:
        whose = session.get_one(Cohort, world.cohorts[cohort])
        lots = lots_of(session, entries, seats, seats)
        sealed = seal_draw(session, whose, lots, now, seed_of=lambda: SEED).id
    hold_draw(services, sealed, entries)
    with world.database.read() as session:
        whose = session.get_one(Cohort, world.cohorts[cohort])
        seating = spread_over_cohort(session, whose, entries, services.identity, now)
    invite_all(services, seating, entries)
    world.settle()


def _seat_whoever_is_next(world: World, cohort: str) -> None:
    """Offer the seats that are free to those who wait, as `circle waitlist seat` does."""
    seat_next(world.services, world.cohorts[cohort])
    world.settle()


def _have_asked(world: World, cohort: str) -> None:
    """Have a cohort's people asked before and after, as `circle survey COHORT on` does."""
    with world.database.write() as session:
        whose = session.get_one(Cohort, world.cohorts[cohort])
        switch_surveys(session, whose, world.clock.now(), on=True)


def _seat(world: World, line: str) -> None:
    """member ana MAPLE [language es] [plain] [reading]."""
    _, name, code, *rest = shlex.split(line)
    remaining, state, details = iter(rest), "active", dict[str, object]()
    for word in remaining:
        if word == "language":
            details["language"] = next(remaining)
        elif word == "plain":
            details["plain"] = True
        elif word in ("reading", "paused"):
            state = word
        else:
            raise TranscriptError(f"{word!r} is none of language, plain, reading, paused")
    world.member(name, code, state=state, **details)


def _start(world: World, line: str) -> str:
    """start FLOW for NAME [in CODE] [with week=2 theme=2 question="How was it?"]."""
    started = _START.fullmatch(line)
    if not started:
        raise TranscriptError('write "start FLOW for NAME [in CODE] [with week=2 theme=2]"')
    values: dict[str, object] = {}
    for pair in shlex.split(started["values"] or ""):
        key, _, value = pair.partition("=")
        values[key] = int(value) if value.isdigit() else value
    world.start(started["name"], started["flow"], values, started["code"])
    return started["name"]


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    remaining = iter(words)
    for word in remaining:
        if word in ("running", "closed", "surveyed"):
            yield word, ""
        elif word in _DETAILS:
            yield word, next(remaining)
        else:
            raise TranscriptError(f"{word!r} is none of {', '.join(_DETAILS)}, running, closed, surveyed")
