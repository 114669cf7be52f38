"""Knows the lines to call when nobody of a circle is free (flows/help_lines.toml), and which is open now."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from assistant.circles.actions.crisis_lines import wrong_text
from assistant.language.exchange.topics import topics_in, topics_known
from assistant.language.languages import LANGUAGES, Gap, spoken
from assistant.language.rendering import render_rich
from assistant.schedule.local_time import zone_named

_FILE: Final = Path(__file__).parents[3] / "flows" / "help_lines.toml"
_HOURS: Final = range(25)
_DAYS: Final = range(7)
_KEYS: Final = frozenset({"number", "topics", "days", "opens", "closes", "zone", "languages", *LANGUAGES})
_NAMES: Final = frozenset({"number"})
_NO_SUCH_NAME: Final = "a line has nothing called {name}; it can be {{number}}."


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One line, with when somebody answers it and in which languages."""

    texts: Mapping[str, str]
    """Language of the reader -> how a text names it."""
    topics: frozenset[str]
    """What it is about; empty: anything."""
    languages: tuple[str, ...]
    days: tuple[int, ...]
    opens: int
    closes: int
    zone: ZoneInfo | None
    """Whose hours they are; None: the caller's own."""

    def is_open(self, now: dt.datetime, here: ZoneInfo) -> bool:
        """Whether somebody answers at `now` (aware UTC) to a caller in the zone `here`."""
        local = now.astimezone(self.zone or here)
        return local.weekday() in self.days and self.opens <= local.hour < self.closes


def find_gaps(tables: Mapping[str, Any], file: str = _FILE.name) -> Iterator[Gap]:
    """Yield everything that is missing or misspelt, of every line of every country."""
    for country, lines in tables.items():
        if not isinstance(lines, list) or not all(isinstance(each, Mapping) for each in lines):
            yield Gap(file, country, "it is no list of lines: each begins with [[US]], for instance.")
            continue
        for number, line in enumerate(lines, 1):
            yield from _wrong_line(line, file, f"{country}.{number}")


def _wrong_line(line: Mapping[str, Any], file: str, key: str) -> Iterator[Gap]:
    for name in sorted(line.keys() - _KEYS):
        yield Gap(file, f"{key}.{name}", f"it is not known. It can be: {', '.join(sorted(_KEYS))}.")
    for name in ("number", *LANGUAGES):
        yield from wrong_text(line.get(name), _NAMES, file, f"{key}.{name}", _NO_SUCH_NAME)
    spoken_in = line.get("languages")
    if not isinstance(spoken_in, list) or not spoken_in or not set(spoken_in) <= LANGUAGES.keys():
        yield Gap(file, f"{key}.languages", f"it lists which are spoken there: {', '.join(LANGUAGES)}.")
    topics = line.get("topics", [])
    if not isinstance(topics, list) or not set(topics) <= topics_known():
        yield Gap(file, f"{key}.topics", "it lists topics of assistant/language/exchange/topics.toml.")
    days = line.get("days", list(_DAYS))
    if not isinstance(days, list) or not days or not set(days) <= set(_DAYS):
        yield Gap(file, f"{key}.days", "it lists days from 0 (Monday) to 6.")
    opens, closes = line.get("opens", 0), line.get("closes", 24)
    if opens not in _HOURS or closes not in _HOURS or not opens < closes:
        yield Gap(file, f"{key}.opens", "it opens and closes at full hours of one day, from 0 to 24.")
    if "zone" in line and (not isinstance(line["zone"], str) or zone_named(line["zone"]) is None):
        yield Gap(file, f"{key}.zone", "it is the IANA name of a time zone, such as America/New_York.")


def read_help_lines(tables: Mapping[str, Any]) -> Mapping[str, tuple[HelpLine, ...]]:
    """Return country -> its lines, in their order; a line with a gap is left out, never half told."""
    wrong = {gap.key.rpartition(".")[0] if gap.key.count(".") > 1 else gap.key for gap in find_gaps(tables)}
    return {
        country: tuple(
            _line(line) for number, line in enumerate(lines, 1) if f"{country}.{number}" not in wrong
        )
        for country, lines in tables.items()
        if country not in wrong
    }


def _line(line: Mapping[str, Any]) -> HelpLine:
    return HelpLine(
        texts={code: render_rich(line[code], {"number": line["number"]}) for code in LANGUAGES},
        topics=frozenset(line.get("topics", ())),
        languages=tuple(line["languages"]),
        days=tuple(line.get("days", _DAYS)),
        opens=line.get("opens", 0),
        closes=line.get("closes", 24),
        zone=zone_named(line["zone"]) if "zone" in line else None,
    )


def _read_file() -> tuple[dict[str, Any], list[Gap]]:
    try:
        tables = tomllib.loads(_FILE.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        return {}, [Gap(_FILE.name, "", f"it cannot be read: {error}.")]
    return tables, list(find_gaps(tables))


_TABLES, _GAPS = _read_file()
HELP_LINES: Final = read_help_lines(_TABLES)


def gaps() -> list[Gap]:
    """Return everything that is wrong with the project's own file; `circle flows check` says it."""
    return list(_GAPS)


def longest() -> int:
    """Return the most characters that a line comes to, of all countries and languages."""
    return max((len(words) for line in _all_lines() for words in line.texts.values()), default=0)


def samples() -> dict[str, str]:
    """Return language -> an example, of the first line there is."""
    first = next(iter(_all_lines()), None)
    return {language: first.texts[language] if first else "" for language in LANGUAGES}


def line_open_now(
    country: str, language: str | None, need: str, now: dt.datetime, here: ZoneInfo
) -> str | None:
    """Return how a text names a line that somebody answers now; None where none is known to be open.

    The first that fits what is needed and is spoken in the reader's language; else the first that fits.

    Args:
        country: ISO code.
        language: The reader's.
        need: What is needed, in anyone's words.
        now: Aware UTC.
        here: The zone the reader is in.
    """
    code = spoken(language)
    fitting = list(_fitting(HELP_LINES.get(country, ()), topics_in(need), now, here))
    understood = [line for line in fitting if code in line.languages]
    found = next(iter(understood or fitting), None)
    return found.texts[code] if found is not None else None


def _fitting(
    lines: Collection[HelpLine], topics: frozenset[str], now: dt.datetime, here: ZoneInfo
) -> Iterator[HelpLine]:
    for line in lines:
        if line.is_open(now, here) and (not line.topics or line.topics & topics):
            yield line


def _all_lines() -> Iterator[HelpLine]:
    for lines in HELP_LINES.values():
        yield from lines
