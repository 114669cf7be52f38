"""Checks a table of people row by row: phone, name, language, zone, and the consent that is on record."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from assistant.circles.cohorts.spreadsheets import Row, read_table
from assistant.circles.people.phone_entry import read_number
from assistant.circles.people.same_people import number_in
from assistant.language.folding import fold
from assistant.language.languages import LANGUAGES
from assistant.language.times.hours import read_hour

COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "phone": (
        *("phone number", "phone no", "phone num", "telephone", "telephone number", "mobile", "mobile phone"),
        *("mobile number", "cell", "cell phone", "cell number", "cell no", "contact number", "whatsapp"),
        *("mobile phone number", "cell phone number", "mobile phone no", "contact phone", "phone contact"),
        *(
            "numero telefonico",
            "numero de contacto",
            "number",
            "telefono",
            "numero de telefono",
            "telefono celular",
            "telefono movil",
            "celular",
            "cel",
        ),
        *("numero de celular", "numero celular", "movil", "numero de movil", "tel", "numero", "telefone"),
    ),
    "name": (
        *("first name", "given name", "full name", "preferred name", "member name", "participant name"),
        *("nombre", "nombres", "primer nombre", "nombre completo", "nombre y apellido", "nombre y apellidos"),
        *("member", "participant", "participante", "miembro", "nome"),
    ),
    "language": (
        *("lang", "preferred language", "language preference", "spoken language", "idioma", "lengua"),
        *("idioma preferido", "lengua preferida", "lenguaje", "idiomas", "languages"),
    ),
    "timezone": (*("time zone", "tz", "zone", "zona horaria", "huso horario", "huso", "zona"),),
    "consent_at": (
        *("consent date", "consented at", "consented on", "consent on", "date of consent", "opt in date"),
        *("date consented", "consent time", "fecha de consentimiento", "fecha del consentimiento", "fecha"),
    ),
    "consent_source": (
        *("how consent was given", "how they consented", "consent given", "consent method", "consent form"),
        *("consent", "source", "consent text", "how", "opt in source", "source of consent", "fuente"),
        *("consentimiento", "fuente de consentimiento", "fuente del consentimiento", "origen"),
    ),
    "hours": (
        "hour",
        "good hours",
        "best time",
        "availability",
        "available",
        "horas",
        "horario",
        "disponibilidad",
    ),
    "teaches": ("teach", "can teach", "can share", "knows", "skills", "ensena", "puede ensenar", "comparte"),
    "learns": ("learn", "wants to learn", "would like to learn", "aprende", "quiere aprender"),
    "household": ("household id", "family", "together", "drawn with", "hogar", "familia", "juntos", "juntas"),
}
"""Hours, teaches and learns only help to choose a circle, and household only says who is drawn together where
seats are drawn by lot; whatever stands in these, nobody is refused for it."""

_LANGUAGES: Final = {
    written: code
    for code, language in LANGUAGES.items()
    for written in (code, *language.abbreviations, *language.asked_by)
}
_ZONES: Final = {
    **dict.fromkeys(("eastern", "et", "est", "edt"), "America/New_York"),
    **dict.fromkeys(("central", "ct", "cst", "cdt"), "America/Chicago"),
    **dict.fromkeys(("mountain", "mt", "mst", "mdt"), "America/Denver"),
    **dict.fromkeys(("pacific", "pt", "pst", "pdt"), "America/Los_Angeles"),
    "arizona": "America/Phoenix",
    "alaska": "America/Anchorage",
    "hawaii": "Pacific/Honolulu",
}

LONGEST_SKILL: Final = 200
"""Characters of what somebody can teach or wants to learn that are looked at."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of the file, checked."""

    line: int
    uri: str
    name: str | None
    language: str | None
    zone: str | None
    consent_at: dt.datetime | None
    """Aware UTC; None with `consent_source`: no consent is on record."""
    consent_source: str | None
    hour: int | None = None
    """From this local hour on texts are welcome, if the file says so in words we read."""
    teaches: str = ""
    learns: str = ""
    household: str = ""
    """Folded; whoever has the same is drawn together."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole file, checked: who can be taken, and who cannot."""

    entries: Sequence[Entry]
    bad: Sequence[BadRow]
    doubled: Sequence[BadRow]
    """Rows whose number stood in the file before; the first row counts."""
    ignored_columns: Sequence[str]
    empty_lines: int
    guessed: str | None = None
    """What the file's encoding was taken for, where nothing in it told: names should be looked at."""


def read_sheet(data: bytes, *, country: str, zone: str, now: dt.datetime) -> Sheet:
    """Check a file of people, in the columns phone,name,language,timezone,consent_at,consent_source.

    hours, teaches, learns and household may be there, too.

    Args:
        data: The file as it is.
        country: Whose numbers need no prefix, and how dates are written.
        zone: IANA zone of times that name none: the circle's.
        now: Aware UTC; consent cannot have been given later.

    Raises:
        UnreadableTable: it is not a table with a column for phones.
    """
    table = read_table(data, COLUMNS, "phone")
    entries: list[Entry] = []
    bad: list[BadRow] = []
    doubled: list[BadRow] = []
    first_lines: dict[str, int] = {}
    for row in table.rows:
        read = _read_row(row, country, zone, now)
        if isinstance(read, BadRow):
            bad.append(read)
        elif (number := number_in(read.uri)) in first_lines:
            doubled.append(BadRow(row.line, f"the same number as line {first_lines[number]}"))
        else:
            first_lines[number] = row.line
            entries.append(read)
    return Sheet(entries, bad, doubled, table.ignored, table.empty_lines, table.guessed)


def _read_row(row: Row, country: str, zone: str, now: dt.datetime) -> Entry | BadRow:
    if row.trouble:
        return BadRow(row.line, row.trouble)
    cells = row.cells
    wrong: list[str] = []
    number = _read(wrong, lambda: read_number(cells.get("phone", ""), country))
    language = _read(wrong, lambda: _language(cells.get("language")))
    home = _read(wrong, lambda: _zone(cells.get("timezone")))
    source = " ".join(cells.get("consent_source", "").split()) or None
    agreed = _read(wrong, lambda: _moment(cells.get("consent_at"), country, home or zone, now))
    if not wrong and agreed and not source:
        wrong.append("consent_at is given but consent_source is not: say where she agreed, and to what words")
    if not wrong and source and not agreed:
        wrong.append("consent_source is given but consent_at is not: say when she agreed, such as 2026-05-31")
    if wrong:
        return BadRow(row.line, "; ".join(wrong))
    name = " ".join(cells.get("name", "").split())[:80] or None
    return Entry(
        row.line,
        f"sms:{number}",
        name,
        language,
        home,
        agreed,
        source,
        hour=_hour(cells.get("hours", "")[:80]),
        teaches=cells.get("teaches", "")[:LONGEST_SKILL],
        learns=cells.get("learns", "")[:LONGEST_SKILL],
        household=" ".join(fold(cells.get("household", "")).split())[:80],
    )


@lru_cache(maxsize=4096)
def _hour(written: str) -> int | None:
    """The hour that suits; slow, and a file says the same over and over."""
    liked = read_hour(written) if written else None
    return liked.hour if liked else None


def _read(wrong: list[str], check: Callable[[], T]) -> T | None:
    try:
        return check()
    except ValueError as error:
        wrong.append(str(error))
        return None


def _language(written: str | None) -> str | None:
    if not written:
        return None
    plain = written.casefold().replace("_", "-").split("-")[0].strip()
    if fold(plain) not in _LANGUAGES:
        raise ValueError(f"the language {written[:20]!r} is not spoken here; write {' or '.join(LANGUAGES)}")
    return _LANGUAGES[fold(plain)]


def _zone(written: str | None) -> str | None:
    if not written:
        return None
    plain = written.strip().casefold().replace(" ", "_")
    if plain in _zones_by_plain_name():
        return _zones_by_plain_name()[plain]
    raise ValueError(f"there is no time zone {written[:40]!r}; {_hint(plain)}")


@lru_cache(maxsize=256)
def _hint(plain: str) -> str:
    """What may have been meant by a zone that there is not; slow, and a file says the same over and over."""
    near = difflib.get_close_matches(plain, _zones_by_plain_name(), n=1)
    return f"did you mean {_zones_by_plain_name()[near[0]]}?" if near else "write it like America/Chicago"


@cache
def _zones_by_plain_name() -> dict[str, str]:
    named = {name.casefold(): name for name in available_timezones()}
    spoken = {
        f"{name}{end}": zone for name, zone in _ZONES.items() for end in ("", "_time", "_standard_time")
    }
    return named | {"us/" + name: zone for name, zone in _ZONES.items()} | spoken


def _moment(written: str | None, country: str, zone: str, now: dt.datetime) -> dt.datetime | None:
    """Return when the person agreed, in UTC; never later than now."""
    if not written:
        return None
    moment = _consented(written, country, zone)
    if moment > now + dt.timedelta(days=1):
        raise ValueError("consent_at lies in the future; consent comes before the text")
    return min(moment, now)


@lru_cache(maxsize=4096)
def _consented(written: str, country: str, zone: str) -> dt.datetime:
    """Read a date; a whole file often has a few days only."""
    from dateutil import parser as dates  # 1.5 MB, which a worker that reads no file does without

    how = "write consent_at like 2026-05-31 or 2026-05-31 14:30"
    if not any(sign.isdigit() for sign in written):
        raise ValueError(f"consent_at is no date; {how}")
    try:
        moment = dates.parse(written, dayfirst=country != "US", default=dt.datetime(1, 1, 1))
    except (ValueError, OverflowError):
        raise ValueError(f"consent_at cannot be read; {how}") from None
    if moment.year < 2000:
        raise ValueError(f"consent_at names no year that can be right; {how}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(dt.UTC)
