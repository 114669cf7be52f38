"""Reads a day in a reply: "tomorrow", "viernes", "May 3", "3/5", "in two weeks"."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from assistant.language.languages import LANGUAGES
from assistant.language.replies.numbers import find_number_words
from assistant.language.times.date_words import plain_date_words
from assistant.language.times.weekdays import WEEKDAY, WEEKDAYS, read_weekdays

_MONTHS = (
    "january jan enero ene", "february feb febrero", "march mar marzo", "april apr abril abr", "may mayo",
    "june jun junio", "july jul julio", "august aug agosto ago", "september sept sep septiembre setiembre",
    "october oct octubre", "november nov noviembre", "december dec diciembre dic",
)  # fmt: skip
_MONTH_NUMBER = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
MONTH_NAMES = frozenset(_MONTH_NUMBER)
"""Names of months, whole and short, in plain form."""
_UNITS = {
    "day": "days", "days": "days", "dia": "days", "dias": "days", "week": "weeks", "weeks": "weeks",
    "wk": "weeks", "wks": "weeks", "semana": "weeks", "semanas": "weeks", "month": "months",
    "months": "months", "mes": "months", "meses": "months", "year": "years", "years": "years",
    "ano": "years", "anos": "years",
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTH_NUMBER, key=len, reverse=True))
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_COUNT = r"(\d{1,3}|[a-z]+(?: y [a-z]+|-[a-z]+)?)"

_NEAR_DAYS: tuple[tuple[str, int], ...] = (
    (r"day after tomorrow|pasado manana|(?<=\bo )pasado", 2),
    (r"tomorrow|tmrw|tmr|tomorow|tommorow|tommorrow|2morrow|manana", 1),
    (r"day before yesterday|antier|anteayer|antes de ayer", -2),
    (r"yesterday|ayer", -1),
    (
        r"today|tonight|this (?:morning|afternoon|evening)|right now|hoy|esta (?:noche|tarde|manana)|ahorita",
        0,
    ),
)
_AGO = re.compile(rf"\b(?:hace {_COUNT} ({_UNIT})|{_COUNT} ({_UNIT}) ago)\b")
_AHEAD = re.compile(
    rf"\b(?:(?:in|en|dentro de)(?: about| unos| unas| como)? {_COUNT} ({_UNIT})|"
    rf"{_COUNT} ({_UNIT}) (?:from (?:now|today)|a partir de hoy))\b"
)
# A moment of a machine's ("2016-05-01T18:30:15-08:00") is the day it names.
_ISO = re.compile(r"(?<![\w.-])(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:t\d[\d:.,]*(?:z|[+-][\d:]+)?)?(?![\w-])")
_SLASHED = re.compile(r"(?<![\w/.:$#-])(\d{1,2})([/.-])(\d{1,2})(?:\2(\d{4}|\d{2}))?(?![\w/%-]|\.\d|:\d)")
_LEADS_TO_DAY = re.compile(
    r"(?:^|\b(?:on|by|until|til|till|for|from|before|after|due|since|date|is|was|el|la|para|del|de|dia|fecha|hasta|antes|desde|and|y|or|o|"
    rf"{WEEKDAY})[,:]? (?:the |el |dia )?|[,:(] ?)$"
)
_AFTER_A_DAY = re.compile(
    r"[\s.!,;)]*(?:$|\b(?:at|a las?|in the|en la|por la|morning|afternoon|evening|night|maybe|please|"
    r"por favor|ok|okay|yes|si|"
    r"works|or|o|and|y|with|con|is|es|if|si)\b|[,;)])"
)
_FRACTIONS = frozenset({"1/2", "1/3", "2/3", "1/4", "3/4", "24/7", "9/10", "50/50"})
_MONTH_DAY = re.compile(rf"\b({_MONTH})\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?:of )?(\d{{4}}))?")
_DAY_MONTH = re.compile(
    rf"\b(\d{{1,2}}|primero)(?:st|nd|rd|th|ro|o)? (?:of |de )?({_MONTH})\b(?:,? (?:de |del )?(\d{{4}}))?"
)
_NEXT_UNIT = re.compile(
    r"\b(?:(?:next|the following|coming) (week|month|year)|"
    r"(?:la |el )?(?:proxim[ao]|siguiente|otr[ao]) (semana|mes|ano)|"
    r"(?:la |el )?(semana|mes|ano) (?:que viene|que entra|proxim[ao]|siguiente))\b"
)
_DAY_OF_MONTH = re.compile(
    r"^(?:(?:on|by|for|before|maybe|the|el|para|dia|antes|del|de|a|mas|tardar) )*(\d{1,2})(st|nd|rd|th)?"
    r"(?: (?:of (?:the|this) month|de este mes|del mes|please|por favor))?[.!]?$"
)
_SPELT_DAYS = re.compile(
    r"(?:^|\b(?:on|by|the|until|till?|for|before|after|since) )(\d{1,2})(st|nd|rd|th)\b"
    r"(?= of (?:the|this) month|[\s.!?]*$|[,;]| (?:at|or|and|please|maybe|in the|if|works)\b)"
)
_DURATION = re.compile(
    r"^(?:(?:just|only|solo|pause|pausa|about|like|unos|unas) )*"
    rf"(?:for|por|durante)(?: about| unos| unas| like)? {_COUNT} ({_UNIT})"
    r"(?: please| por favor)?[.!]?$"
)
_WEEK_AFTER_NEXT = re.compile(r"\bweek after next\b|\bdentro de dos semanas\b")
_LAST_UNIT = re.compile(r"\b(?:last (week|month|year)|(?:la |el )?(semana|mes|ano) pasad[ao])\b")
_MONTH_END = re.compile(r"\b(?:end of (?:the |this )?month|(?:fin|finales|final) de(?:l)? (?:este )?mes)\b")
_MONTH_NAME = re.compile(rf"\b(?:{_MONTH})\b")
_MARKS_A_DATE = re.compile(rf"\d|\b(?:{_MONTH}|{WEEKDAY}|{_UNIT}|weekend|christmas|navidad)\b")
_WEEKEND = re.compile(r"\b(?:(?:this|the|next)? ?weekend|(?:este |el )?(?:fin de semana|finde))\b")
_LONGEST_DATE = 160  # characters


_WEEKDAY_NAMES = re.compile(rf"\b((?:{WEEKDAY}))(?![a-z])")
_COUNTED_BY_WEEKDAY = re.compile(
    rf"\bweeks?(?: from| after|,? on)? (?:(?:this|next|coming) )?(?:{WEEKDAY})|"
    rf"semanas?,? (?:el|del) (?:{WEEKDAY})|"
    rf"(?:{WEEKDAY}) (?:in|en|dentro)\b|\ben (?:ocho|quince)\b|\bfrom tomorrow\b"
)


def read_date(text: str, *, now: datetime, zone: str, country: str) -> date | None:
    """Return the day a reply names, in the person's own calendar; None when it names none or two.

    A day without a year is the next one to come: "viernes" said on a Friday is a week from today. "next
    Friday" is the Friday of the week after this one (weeks begin on Monday).

    Args:
        text: the reply as written.
        now: this moment, aware.
        zone: the person's IANA zone, which decides what "tomorrow" is.
        country: ISO code; in the United States "3/5" is March 5, elsewhere the 3rd of May.
    """
    plain = plain_date_words(text)
    if not plain or len(plain) > _LONGEST_DATE:
        return None
    today = now.astimezone(ZoneInfo(zone)).date()
    try:
        days = _named(plain, today, country)
        if days == []:
            days = _loosely(plain, today)
    except (ValueError, OverflowError):
        return None  # the 31st of a month without one, or a year beyond the calendar
    if days is None or len(set(days)) > 1:
        return None
    return days[0] if days else _by_library(plain, today, country)


def _named(plain: str, today: date, country: str) -> list[date] | None:
    """Return every day that is named outright, each by one way of naming; None when two ways disagree."""
    weekdays = read_weekdays(plain, today)
    counted = _counted(plain, today)
    if weekdays and _COUNTED_BY_WEEKDAY.search(plain):
        return weekdays
    if counted:
        return counted
    near, written = _near_days(plain, today), _written(plain, today, country)
    if written:
        # The month decides; a weekday beside it must be that day's ("Friday, June 19").
        named = (
            {WEEKDAYS[name] for name in _WEEKDAY_NAMES.findall(plain)} if len(set(written)) == 1 else set()
        )
        if named and named != {written[0].weekday()}:
            return None
        return written + near
    if weekdays is None:
        return None
    return weekdays + near


def date_spans(plain: str) -> list[tuple[int, int]]:
    """Return where a plain text names a day by its month or in figures: nothing in there is a time of day."""
    named = [match.span() for each in (_ISO, _MONTH_DAY, _DAY_MONTH) for match in each.finditer(plain)]
    return named + [match.span() for match in _SLASHED.finditer(plain) if _is_day(match, plain)]


def looks_like_date(text: str) -> bool:
    """Tell whether words name a day or a stretch of time, whatever today is."""
    plain = plain_date_words(text)
    near = any(re.search(rf"\b(?:{pattern})\b", plain) for pattern, _ in _NEAR_DAYS)
    return near or bool(_MARKS_A_DATE.search(plain))


def _near_days(plain: str, today: date) -> list[date]:
    found = []
    plain = re.sub(
        r"\b(?:en|por|de|a) la manana\b|\besta semana\b", " ", plain
    )  # a part of the day, not the day after
    for pattern, ahead in _NEAR_DAYS:
        plain, times = re.subn(rf"\b(?:{pattern})\b", " ", plain)
        if times:
            found.append(today + timedelta(days=ahead))
    return found


def _counted(plain: str, today: date) -> list[date]:
    """Read "in two weeks", "dentro de 3 dias", "a week from today", "2 days ago"."""
    found = []
    for pattern, sign in ((_AHEAD, 1), (_AGO, -1)):
        for match in pattern.finditer(plain):
            count, unit = (part for part in match.groups() if part)
            number = _count(count)
            if number is not None:
                found.append(today + sign * relativedelta(**{_UNITS[unit]: number}))  # type: ignore[arg-type]
    return found


def _count(word: str) -> int | None:
    if word.isdigit():
        return int(word)
    if word in {"a", "an", "one", "un", "una", "uno"}:
        return 1
    if word in {"couple", "par"}:
        return 2
    numbers = find_number_words(re.split(r"[ -]", word))
    return numbers[0] if len(numbers) == 1 else None


def _written(plain: str, today: date, country: str) -> list[date]:
    """Read a day of a month: "2026-12-01", "May 3", "3 de mayo", "3/5"."""
    if iso := _ISO.findall(plain):
        return [date(int(year), int(month), int(day)) for year, month, day in iso]
    named = [(month, day, year) for month, day, year in _MONTH_DAY.findall(plain)]
    named = named or [(month, day, year) for day, month, year in _DAY_MONTH.findall(plain)]
    if named:
        return [
            _coming(today, _MONTH_NUMBER[month], 1 if day == "primero" else int(day), year)
            for month, day, year in named
        ]
    found = []
    for match in _SLASHED.finditer(plain):
        first, _, second, year = match.groups()
        if not year and not _is_day(match, plain):
            continue
        month, day = (int(first), int(second)) if country.upper() == "US" else (int(second), int(first))
        if month > 12 and day <= 12:
            month, day = day, month  # only one way round is a date
        found.append(_coming(today, month, day, year))
    return found


def _is_day(match: re.Match[str], plain: str) -> bool:
    """Tell whether two numbers are a day and a month, not "2/3 done", "24/7", "9-5" or "2.5 miles"."""
    if match.span() == (0, len(plain.rstrip(" .!"))):
        return match[0] != "24/7"
    leads = _LEADS_TO_DAY.search(plain[: match.start()]) if match.start() else None
    if match[2] != "/" or match[0] in _FRACTIONS:
        return leads is not None and match[0] != "24/7" and match[2] == "/"
    return leads is not None or _AFTER_A_DAY.match(plain[match.end() :]) is not None


def _whole_year(year: str, today: date) -> int:
    """Return a year in four digits: "26" is 2026, "99" was 1999; no plan is over twenty years ahead."""
    if len(year) > 2:
        return int(year)
    this_century = today.year // 100 * 100 + int(year)
    return this_century if this_century <= today.year + 20 else this_century - 100


def _coming(today: date, month: int, day: int, year: str) -> date:
    if year:
        return date(_whole_year(year, today), month, day)
    for ahead in range(9):  # the 29th of February may be eight years off
        try:
            found = date(today.year + ahead, month, day)
        except ValueError:
            if (month, day) != (2, 29):
                raise
            continue
        if found >= today:
            return found
    raise ValueError("no such day")


def _loosely(plain: str, today: date) -> list[date]:
    """Read "next week", "the 15th", "this weekend", "for a month"."""
    if match := _DURATION.match(plain):
        number = _count(match[1])
        return [today + relativedelta(**{_UNITS[match[2]]: number})] if number else []  # type: ignore[arg-type]
    if match := _LAST_UNIT.search(plain):
        unit = _UNITS[match[1] or match[2]]
        return [today - relativedelta(**{unit: 1})]  # type: ignore[arg-type]
    if _MONTH_END.search(plain):
        return [today + relativedelta(day=31)]
    if _WEEK_AFTER_NEXT.search(plain):
        return [today - timedelta(days=today.weekday()) + timedelta(days=14)]
    if match := _NEXT_UNIT.search(plain):
        unit = _UNITS[next(part for part in match.groups() if part)]
        if unit == "weeks":
            return [today - timedelta(days=today.weekday()) + timedelta(days=7)]
        return [today + relativedelta(**{unit: 1})]  # type: ignore[arg-type]
    if _WEEKEND.search(plain):
        ahead = (5 - today.weekday()) % 7
        return [today + timedelta(days=ahead + (7 if "next" in plain else 0))]
    days = (
        [int(match[1])]
        if (match := _DAY_OF_MONTH.match(plain))
        else [int(day) for day, _ in _SPELT_DAYS.findall(plain)]
    )
    return [_coming_day(today, day) for day in days]


def _coming_day(today: date, day: int) -> date:
    if not 1 <= day <= 31:
        raise ValueError("no month has such a day")
    first = today.replace(day=1)
    for ahead in range(13):
        month = first + relativedelta(months=ahead)
        if (
            day <= (month + relativedelta(months=1) - timedelta(days=1)).day
            and month.replace(day=day) >= today
        ):
            return month.replace(day=day)
    raise ValueError("no such day")


@lru_cache(maxsize=1024)
def _by_library(plain: str, today: date, country: str) -> date | None:
    """Leave what is none of the above to dateparser, when there is anything of a date in it."""
    if len(plain.split()) > 6 or not re.search(r"\d", plain) or not _MONTH_NAME.search(plain):
        return None
    import dateparser  # costs a third of a second, which only dates need

    order = "MDY" if country.upper() == "US" else "DMY"
    base = datetime(today.year, today.month, today.day, 12)
    found = dateparser.parse(
        plain,
        languages=[each.dateparser for each in LANGUAGES.values() if each.dateparser],
        settings={
            "PREFER_DATES_FROM": "future",
            "RELATIVE_BASE": base,
            "DATE_ORDER": order,
            "STRICT_PARSING": False,
        },
    )
    return found.date() if found else None
