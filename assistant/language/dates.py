"""Reads a day in a reply: "tomorrow", "viernes", "May 3", "3/5", "in two weeks"."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from assistant.language.folding import fold
from assistant.language.languages import LANGUAGES
from assistant.language.numbers import find_number_words, plain_digits

_WEEKDAYS = (
    "monday mon lunes", "tuesday tues tue martes", "wednesday weds wed miercoles",
    "thursday thurs thur thu jueves", "friday fri viernes", "saturday sat sabado", "sunday sun domingo",
)  # fmt: skip
_MONTHS = (
    "january jan enero ene", "february feb febrero", "march mar marzo", "april apr abril abr", "may mayo",
    "june jun junio", "july jul julio", "august aug agosto ago", "september sept sep septiembre setiembre",
    "october oct octubre", "november nov noviembre", "december dec diciembre dic",
)  # fmt: skip
_WEEKDAY_NUMBER = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()}
_MONTH_NUMBER = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
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
    (r"day after tomorrow|pasado manana", 2),
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
_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_SLASHED = re.compile(r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?(?![\d/-])")
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
_SPELT_DAYS = re.compile(r"\b(\d{1,2})(st|nd|rd|th)\b")
_WEEKDAY = re.compile(
    rf"\b(?:(next|this|coming|proximo|este) )?({'|'.join(_WEEKDAY_NUMBER)})s?\b(?: (que viene|proximo))?"
)
_MARKS_A_DATE = re.compile(
    rf"\d|\b(?:{_MONTH}|{'|'.join(_WEEKDAY_NUMBER)}|{_UNIT}|weekend|christmas|navidad)\b"
)
_AMBIGUOUS = frozenset(
    {"mar", "sun", "sat", "wed", "may", "mon", "thu", "jun", "dic", "ago", "jan", "march", "mayo"}
)
_WEEKEND = re.compile(r"\b(?:(?:this|the|next)? ?weekend|(?:este |el )?(?:fin de semana|finde))\b")
_LONGEST_DATE = 160  # characters


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
    plain = " ".join(plain_digits(fold(text[:400])).split())
    if not plain or len(plain) > _LONGEST_DATE:
        return None
    today = now.astimezone(ZoneInfo(zone)).date()
    try:
        days = _counted(plain, today) or _near_days(plain, today) or _written(plain, today, country)
        if not days:
            days = _weekdays(plain, today) or _loosely(plain, today)
    except (ValueError, OverflowError):
        return None  # the 31st of a month without one, or a year beyond the calendar
    if len(set(days)) == 1:
        return days[0]
    return None if days else _by_library(plain, today, country)


def looks_like_date(text: str) -> bool:
    """Tell whether words name a day or a stretch of time, whatever today is."""
    plain = " ".join(plain_digits(fold(text[:400])).split())
    near = any(re.search(rf"\b(?:{pattern})\b", plain) for pattern, _ in _NEAR_DAYS)
    return near or bool(_MARKS_A_DATE.search(plain))


def _near_days(plain: str, today: date) -> list[date]:
    found = []
    plain = re.sub(r"\b(?:en|por|de) la manana\b", " ", plain)  # a part of the day, not the day after
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
    for first, second, year in _SLASHED.findall(plain):
        month, day = (int(first), int(second)) if country.upper() == "US" else (int(second), int(first))
        if month > 12 and day <= 12:
            month, day = day, month  # only one way round is a date
        found.append(_coming(today, month, day, year))
    return found


def _coming(today: date, month: int, day: int, year: str) -> date:
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
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


def _weekdays(plain: str, today: date) -> list[date]:
    """Read names of weekdays; short ones that are also words ("sat", "sun") only when they stand alone."""
    found = []
    monday = today - timedelta(days=today.weekday())
    for match in _WEEKDAY.finditer(plain):
        before, name, after = match.groups()
        if name in _AMBIGUOUS and len(plain.split()) > 3:
            continue
        weekday = _WEEKDAY_NUMBER[name]
        if before == "next":
            found.append(monday + timedelta(days=7 + weekday))
        else:
            ahead = (weekday - today.weekday() - 1) % 7 + 1
            found.append(today + timedelta(days=ahead))
        del after
    return found


def _loosely(plain: str, today: date) -> list[date]:
    """Read "next week", "the 15th", "this weekend"."""
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
    if len(plain.split()) > 6 or not _MARKS_A_DATE.search(plain) or plain.isdigit():
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
