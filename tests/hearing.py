"""Runs every table of cases and says, a line a kind, how much is heard right, asked about, or heard wrong.

`make hearing`; it fails when anything is heard wrong; what harms someone counts double.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from assistant.language.commands.addressing import named_in
from assistant.language.commands.command_lines import read_code_line
from assistant.language.commands.command_reading import CommandReading, read_command
from assistant.language.commands.taking_back import read_taking_back
from assistant.language.replies.reply_reading import Expect, find_phones, read
from assistant.language.signals.courtesy import is_courtesy
from assistant.language.signals.signal_reading import signal
from assistant.safety.danger_reader import read_danger
from tests.conversations import test_stakes as stakes
from tests.language import test_addressing as addressing
from tests.language import test_asking as asking
from tests.language import test_cases as language
from tests.language import test_reactions as reactions
from tests.language import test_taking_back as taking_back

RIGHT, ASKED, WRONG = "right", "asked", "wrong"
UNCLEAR: Final = "unclear"
HIGH_STAKES: Final = frozenset({"whole", "agree", "stakes", "danger", "taken back"})
"""Kinds in which a wrong reading harms: consent, who reads, an alert, danger, words that are gone."""
DANGER: Final = Path(__file__).parent / "safety" / "cases" / "danger_reader.toml"

Heard = Iterator[tuple[str, str, str]]
"""(kind, what was said, what became of it)."""


def judge(expected: Any, got: Any, *, asks: bool = False) -> str:
    """Return whether a reading is right, wrong, or only not made: to ask is never wrong."""
    if expected == got:
        return RIGHT
    return ASKED if asks or got == UNCLEAR else WRONG


def hear() -> Heard:
    """Return what became of every case of every table."""
    yield from _replies()
    yield from _tables()
    yield from _commands()
    yield from _questions()
    yield from _short_texts()
    yield from _stakes()
    yield from _danger()


def count(heard: Heard) -> dict[str, Counter[str]]:
    """Return how often each thing became of the cases, by kind, in the order of the kinds."""
    counts: dict[str, Counter[str]] = {}
    for kind, _, became in heard:
        counts.setdefault(kind, Counter())[became] += 1
    return counts


def weigh(counts: dict[str, Counter[str]]) -> int:
    """Return the wrong readings, those of high stakes twice."""
    return sum(each[WRONG] * (2 if kind in HIGH_STAKES else 1) for kind, each in counts.items())


def _replies() -> Heard:
    """Tables whose keys are outcomes."""
    for tongue in ("en", "es"):
        for reply, outcome in language.listed("yes_no"):
            yield "yes_no", reply, _answered(Expect("yes_no"), reply, outcome, tongue)
        for kind, outcomes in language.table("whole").items():
            for outcome, replies in outcomes.items():
                for reply in replies:
                    yield "whole", reply, _answered(language.WHOLE_KINDS[kind], reply, outcome, tongue)
    for kind in ("agree", "text"):
        for reply, outcome in language.listed(kind):
            yield kind, reply, _answered(Expect(kind), reply, outcome)
    for text, said in language.listed("signals"):
        got = signal(text).kind
        yield "signals", text, judge(said, got, asks=got == "maybe_stop")


def _answered(expect: Expect, reply: str, outcome: str, tongue: str = "en") -> str:
    return judge(outcome, language.answer(expect, reply, language=tongue).outcome)


def _tables() -> Heard:
    """Tables whose rows say a value as well."""
    for kind, others in (("name", "not_a_name"), ("phone", "not_a_phone")):
        for reply, reading in language.valued(kind, kind, kind, others):
            got = language.answer(Expect(kind), reply)
            yield kind, reply, judge(reading, got, asks=got.outcome == UNCLEAR)
    for words, phones in language.table("phone")["find"].items():
        yield "phone", words, judge(phones, find_phones(words, "US"))
    for scale, reply, reading in language.numbers():
        got = language.answer(language.SCALES[scale], reply)
        yield "number", reply, judge(reading, got, asks=got.outcome == UNCLEAR)
    for country, reply, reading in language.days():
        got = language.answer(Expect("date"), reply, country=country)
        yield "date", reply, judge(reading, got, asks=got.outcome == UNCLEAR)
    for reply, outcome, expected in language.places():
        got = language.answer(Expect("place"), reply)
        shown = (got.outcome, language.in_short(got))
        yield "place", reply, judge((outcome, expected), shown, asks=got.outcome in (UNCLEAR, "unknown"))
    for expect, reply, outcome in language.choices():
        for tongue in ("en", "es"):
            yield "choice", reply, _answered(expect, reply, outcome, tongue)


def _commands() -> Heard:
    cases, lines = language.table("commands"), language.table("code_lines")
    for tongue in ("en", "es"):
        for text, expected in cases["cases"].items():
            found = read_command(language.PATTERNS, text, tongue)
            yield "commands", text, judge(expected.removesuffix(" ?"), _shown(found), asks=_is_offered(found))
        for text, expected in lines["lines"].items():
            line = read_code_line(language.PATTERNS, text, tongue)
            yield (
                "commands",
                text,
                judge(expected.partition(" ?")[0], _shown(line), asks=_is_offered(line)),
            )
    for text in cases["no_command"]["texts"]:
        found = read_command(language.PATTERNS, text, "en")
        yield "commands", text, judge("-", _shown(found), asks=_is_offered(found))


def _shown(found: CommandReading | None) -> str:
    if found is None:
        return "-"
    value = found.value["city"] if isinstance(found.value, dict) else found.value
    return f"{found.name} {'-' if value is None else value}"


def _is_offered(found: CommandReading | None) -> bool:
    """Whether nothing is done before the person is asked."""
    return found is None or not found.sure


def _questions() -> Heard:
    """What people ask us back: a question that is not heard is met with the open question again."""
    for loosely in (False, True):
        for kind, texts in asking.CASES["whole"].items():
            for text in texts:
                yield "asks back", text, _asked((kind,), text, loosely=loosely)
        for text in asking.CASES["nothing"]["texts"]:
            yield "asks back", text, _asked((), text, loosely=loosely)
    for text in asking.CASES["answers"]["texts"]:
        yield "asks back", text, _asked((), text, loosely=False)
    for text, kinds in asking.CASES["both"].items():
        yield "asks back", text, _asked(tuple(kinds), text, loosely=False)


def _asked(expected: tuple[str, ...], text: str, *, loosely: bool) -> str:
    heard = asking.asked(text, loosely=loosely)
    got = heard.kinds if heard.whole else ()
    return judge(expected, got, asks=not got)


def _short_texts() -> Heard:
    """What takes words back, what only closes a talk, reactions, and whom a line is put to."""
    for text, meant in taking_back.CASES:
        back = read_taking_back(text)
        heard = "" if back is None else "sharing" if back.sharing else "gone"
        yield "taken back", text, judge(meant, heard, asks=not heard)
    courtesy = language.table("courtesy")
    for kind, said in (("courtesy", True), ("more", False)):
        for text in courtesy[kind]["texts"]:
            yield "courtesy", text, judge(said, is_courtesy(text))
    for kind, said in (("reactions", True), ("words", False)):
        for text in reactions.filled(kind):
            yield "reactions", text, judge(said, signal(text, ours=reactions.OURS).kind == "tapback")
    for case, found in addressing.TABLE["line"].items():
        words, _, there = case.partition(" | ")
        names = dict(enumerate(there.split(", ")))
        got = [names[key] for key in named_in(words, names)]
        yield "kind line", case, judge(found, got, asks=not got)


def _stakes() -> Heard:
    for table in ("heard", "asked", "or_asked"):
        for place, outcome, reply in stakes.rows(table):
            for tongue in ("en", "es") if table != "or_asked" else ("en",):
                got = read(stakes.asked(place), reply, tongue, now=stakes.NOW).outcome
                yield "stakes", reply, judge(outcome, got)


def _danger() -> Heard:
    cases = tomllib.loads(DANGER.read_text(encoding="utf-8"))
    meant = [("sure", text) for texts in cases["sure"].values() for text in texts]
    meant += [("sure", text) for text in cases["at_least_perhaps"]]
    meant += [("none", text) for text in (*cases["never_sure"], *cases["none"])]
    for level, text in meant:
        got = read_danger(text).level
        yield "danger", text, judge(level, got, asks=got == "perhaps")


def main() -> int:
    """Print a line a kind, every case that was heard wrong, and return 1 if there was one."""
    heard = list(hear())
    counts = count(iter(heard))
    for kind, said, became in heard:
        if became == WRONG:
            print(f"wrong  {kind:10} {said!r}")
    print(f"{'kind':10} {RIGHT:>6} {ASKED:>6} {WRONG:>6}")
    for kind, each in counts.items():
        print(f"{kind:10} {each[RIGHT]:6} {each[ASKED]:6} {each[WRONG]:6}")
    wrong = weigh(counts)
    print(f"{wrong} wrong, those of high stakes ({', '.join(sorted(HIGH_STAKES))}) counted twice")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
