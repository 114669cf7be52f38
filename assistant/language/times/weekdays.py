"""Reads days that are named by a weekday: "Monday the 22nd", "a week from Friday", "del viernes en ocho"."""

import re
from datetime import date, timedelta

from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

from assistant.language.replies.numbers import find_number_words

_NAMES = (
    "monday mon lunes", "tuesday tues tue martes", "wednesday weds wed miercoles",
    "thursday thurs thur thu jueves", "friday fri viernes", "saturday sat sabado", "sunday sun domingo",
)  # fmt: skip
WEEKDAYS = {name: number for number, names in enumerate(_NAMES) for name in names.split()}
"""Name of a weekday in plain form -> its number, Monday being 0."""
WEEKDAY = "|".join(sorted(WEEKDAYS, key=len, reverse=True))

_SPANISH = frozenset({"lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo"})
# Short names that are also words: only in a reply of a few words, or beside the number of a day.
AMBIGUOUS = frozenset({"sun", "sat", "wed", "mon", "thu"})
_MOST_WORDS_AROUND = 3

_SLIP_OF_DAYS = 2
_BASE_DAYS = {"hoy": 0, "today": 0, "now": 0, "ahora": 0, "manana": 1, "tomorrow": 1}
_BASE = rf"{WEEKDAY}|{'|'.join(_BASE_DAYS)}"
_COUNT = r"a|an|one|two|three|four|1|2|3|4|una|dos|tres|un"
_WEEKS_FROM = re.compile(
    rf"\b(?:({_COUNT}) ?)?(weeks?|wks?|semanas?|months?|mes|meses|days|dias) "
    rf"(?:from|after|despues del?|a partir del?) (?:(?:this|coming|el|este) )*(?P<next>next )?({_BASE})\b"
)
_IN_EIGHT = re.compile(rf"\b(?:del? |el |de el )?({_BASE}) en (ocho|quince|8|15)(?: dias)?\b")
_WEEK_AFTER = re.compile(rf"\b({WEEKDAY}) week(?=[\s.!]*$|,)")
_AFTER_NEXT = re.compile(
    rf"\b({WEEKDAY}) after (?:next|this(?: one| coming)?|that)\b|"
    rf"\bnot this ({WEEKDAY}),? ?(?:but )?(?:the )?(?:next|one after|following|other)\b|"
    rf"\beste ({WEEKDAY}) no,? ?(?:sino )?(?:el )?(?:otro|siguiente|proximo|que sigue)\b|"
    rf"\bno (?:es )?este ({WEEKDAY}),? ?(?:sino )?(?:el )?(?:otro|siguiente|proximo|que sigue)\b"
)
_TIMES_FROM_NOW = re.compile(rf"\b(two|three|2|3) ({WEEKDAY})s? from (?:now|today)\b")
_DAYS_BESIDE = re.compile(
    rf"\b(?:(?:the|el) )?(?:day|dia) (after|before|despues|antes) (?:(?:this|del?|el) )*({WEEKDAY})\b"
)

_LAST = re.compile(
    r"\b(?:last|this past|past|since(?: last)?|previous|(?:el )?pasado) (?:week )?"
    rf"({WEEKDAY})\b(?! (?:of|in|de|del) )|"
    rf"\b({WEEKDAY}) (?:pasado|que paso|anterior)\b"
)
_LAST_WEEK = re.compile(
    rf"\b({WEEKDAY}) (?:of |de )?(?:last week|la semana pasada)\b|"
    rf"\b(?:last week|la semana pasada)(?: on| el)? ({WEEKDAY})\b"
)
_COMING_WEEK = (
    r"(?:next week|the (?:following|next) week|(?:la )?(?:proxima|otra) semana|"
    r"la semana (?:que viene|que entra|proxima|siguiente))"
)
_NEXT_WEEK = re.compile(
    rf"\b({WEEKDAY})s? (?:of |in |on |de )?{_COMING_WEEK}\b|\b{_COMING_WEEK},?(?: on| el)? ({WEEKDAY})\b"
)
_IN_WEEKS = re.compile(
    rf"\b({WEEKDAY}) (?:in|en|dentro de) ({_COUNT}) (?:weeks?|semanas?)\b|"
    rf"\b(?:in|en|dentro de) ({_COUNT}) (?:weeks?|semanas?),?(?: on| el) ({WEEKDAY})\b"
)

_WEEKDAY_OF = (MO, TU, WE, TH, FR, SA, SU)
_ORDER = {
    "first": 1, "1st": 1, "primer": 1, "second": 2, "2nd": 2, "segundo": 2, "third": 3, "3rd": 3, "tercer": 3,
    "fourth": 4, "4th": 4, "cuarto": 4, "last": -1, "ultimo": -1,
}  # fmt: skip
_NTH = re.compile(
    rf"\b({'|'.join(_ORDER)}) ({WEEKDAY}) (?:of|in|de|del) (?:(?:the|this|este|el) )?"
    r"(next month|month|mes que viene|proximo mes|mes)\b"
)

_NO_TIME = r"(?! ?(?:[ap]\.? ?m\b|[ap]\b(?! las?\b)|:|h\b|hrs?\b|o ?clock|-|/|y media|\d))"
_WITH_NUMBER = re.compile(
    rf"\b({WEEKDAY})\.?,? ?(?P<sure>(?:the|el|dia|el dia|on the) )?"
    rf"(\d{{1,2}})(?P<nth>st|nd|rd|th)?\b{_NO_TIME}"
)
_NUMBER_WITH = re.compile(
    rf"\b(?P<sure>(?:the|el|dia) )?(\d{{1,2}})(?P<nth>st|nd|rd|th)?,? (?:is a |on a |on |\()?({WEEKDAY})\b"
)
_COUNTS = re.compile(r" (?!this|works|is)[a-z]+s\b| people\b")  # "Tuesday 2 friends come"
_UNSURE = re.compile(rf"\bel otro (?:{WEEKDAY})\b")  # the coming one, the one after it, or a past one
_PLAIN = re.compile(
    rf"\b(?:(next|this|coming|proximo|este|every|cada) )?({WEEKDAY})s?\b(?: (que viene|que entra|proximo))?"
)


def read_weekdays(plain: str, today: date) -> list[date] | None:
    """Return the days that a plain text names by a weekday; [] when it names none, None when they cannot be.

    "viernes" said on a Friday is a week from today. "next Friday" is the Friday of the week after this one
    (weeks begin on Monday); "Friday after next" and "a week from Friday" are seven days after the coming one.
    A day's number beside it ("Monday the 22nd") decides which; one that never falls on it names no day.
    """
    for read in (_relative, _within, _nth_of_month):
        if found := read(plain, today):
            return found
    numbered, plain = _numbered(plain, today)
    if None in numbered or _UNSURE.search(plain):
        return None
    days = [day for day in numbered if day]
    monday = today - timedelta(days=today.weekday())
    for match in _PLAIN.finditer(plain):
        before, name, _ = match.groups()
        if name in AMBIGUOUS and len(plain.split()) > _MOST_WORDS_AROUND:
            continue
        ahead = timedelta(days=7 + WEEKDAYS[name])
        days.append(monday + ahead if before == "next" else coming(today, WEEKDAYS[name]))
    return days


def coming(today: date, weekday: int) -> date:
    """Return the next such weekday after today."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _base(name: str, today: date) -> date:
    return today + timedelta(days=_BASE_DAYS[name]) if name in _BASE_DAYS else coming(today, WEEKDAYS[name])


def _count(word: str | None) -> int:
    if word is None or word in {"a", "an", "un", "una"}:
        return 1
    return int(word) if word.isdigit() else find_number_words([word])[0]


def _stretch(unit: str, count: int) -> relativedelta:
    """Return so many days, weeks or months."""
    if unit[0] == "m":
        return relativedelta(months=count)
    return relativedelta(days=count) if unit[0] == "d" else relativedelta(weeks=count)


def _first(match: re.Match[str]) -> str:
    """Return the first of the groups that took part."""
    return next(part for part in match.groups() if part)


def _relative(plain: str, today: date) -> list[date]:
    """Read a day counted from another one: "a week from Friday", "de hoy en ocho", "last Friday"."""
    week = timedelta(days=7)
    found = [
        _base(match[4], today)
        + _stretch(match[2], _count(match[1]))
        + (week if match["next"] else timedelta())
        for match in _WEEKS_FROM.finditer(plain)
        if match[4] not in {"now", "today", "hoy", "ahora"}
    ]
    # "En ocho" counts the day itself: a week. "En quince" is two.
    found += [
        _base(match[1], today) + (1 if match[2] in {"ocho", "8"} else 2) * week
        for match in _IN_EIGHT.finditer(plain)
    ]
    found += [_base(match[1], today) + week for match in _WEEK_AFTER.finditer(plain)]
    found += [_base(_first(match), today) + week for match in _AFTER_NEXT.finditer(plain)]
    found += [
        _base(match[2], today) + (_count(match[1]) - 1) * week for match in _TIMES_FROM_NOW.finditer(plain)
    ]
    for match in _DAYS_BESIDE.finditer(plain):
        found.append(_base(match[2], today) + timedelta(days=1 if match[1] in {"after", "despues"} else -1))
    return found


def _within(plain: str, today: date) -> list[date]:
    """Read a weekday of another week: "Friday next week", "el viernes pasado", "Friday in two weeks"."""
    monday = today - timedelta(days=today.weekday())
    found = []
    for pattern, weeks in ((_NEXT_WEEK, 1), (_LAST_WEEK, -1)):
        for match in pattern.finditer(plain):
            found.append(monday + timedelta(days=7 * weeks + WEEKDAYS[_first(match)]))
    for match in _IN_WEEKS.finditer(plain):
        name, count = (match[1], match[2]) if match[1] else (match[4], match[3])
        found.append(monday + timedelta(days=7 * _count(count) + WEEKDAYS[name]))
    if not found:
        for match in _LAST.finditer(plain):
            found.append(coming(today, WEEKDAYS[_first(match)]) - timedelta(days=7 if _first(match) else 0))
        found = [day if day < today else day - timedelta(days=7) for day in found]
    return found


def _nth_of_month(plain: str, today: date) -> list[date]:
    """Read "the first Monday of next month", "el último viernes del mes"."""
    found = []
    for match in _NTH.finditer(plain):
        nth, weekday = _ORDER[match[1]], _WEEKDAY_OF[WEEKDAYS[match[2]]]
        ahead = 0 if match[3] in {"month", "mes"} else 1
        edge = relativedelta(day=31) if nth < 0 else relativedelta(day=1)
        day = today + relativedelta(months=ahead) + edge + relativedelta(weekday=weekday(nth))
        found.append(day)
    return found


def _numbered(plain: str, today: date) -> tuple[list[date | None], str]:
    """Read weekdays with the number of a day, None for one that cannot be, and return the text left."""
    found: list[date | None] = []
    for pattern in (_WITH_NUMBER, _NUMBER_WITH):
        for match in pattern.finditer(plain):
            name, number = (match[1], match[3]) if pattern is _WITH_NUMBER else (match[4], match[2])
            weekday, day = WEEKDAYS[name], int(number)
            explicit = match["sure"] or match["nth"]
            if not explicit and _COUNTS.match(plain, match.end()):
                continue
            # In Spanish a time of day has "a las": "el jueves 10" is the tenth.
            sure = bool(explicit) or day > 12 or name in _SPANISH
            if pattern is _NUMBER_WITH and not sure:
                continue
            meant = _coming_on(today, weekday, day)
            if not sure and meant != coming(today, weekday):
                # "Friday 5": the fifth, or at five? A fifth that is a Friday, or nearly one, is asked about.
                near = abs(coming(today, weekday).day - day) <= _SLIP_OF_DAYS
                if meant is None and not near:
                    continue
                found.append(None)
            else:
                found.append(meant)
        plain = pattern.sub(lambda match: " " if match["sure"] or match["nth"] or found else match[0], plain)
    return found, plain


def _coming_on(today: date, weekday: int, day: int) -> date | None:
    """Return the day of that number, of this month or the two after it, that falls on the weekday."""
    for ahead in range(3):
        month = today + relativedelta(months=ahead, day=1)
        try:
            found = month.replace(day=day)
        except ValueError:
            continue
        if found >= today and found.weekday() == weekday:
            return found
    return None
