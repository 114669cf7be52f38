"""A spreadsheet of 2,000 people as people have them, made anew by a seed, and what is known to be in it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

ROWS = 2_000
DOUBLED, ROUNDED, NO_PHONE, BAD_ZONE, BAD_LANGUAGE, FUTURE, HALF = 60, 40, 20, 30, 10, 10, 20
NO_CONSENT = 180
EMPTY_LINES = 24
GOOD = ROWS - DOUBLED - ROUNDED - NO_PHONE - BAD_ZONE - BAD_LANGUAGE - FUTURE - HALF
NAMES = ("Ana", "José Ñúñez", "Анна", "美玲", "O’Brien", "María  José", '"Chío"', "🌻 Sol", "Zoë", "x" * 300)
WAYS = (
    "+1 ({0}) {1}-{2}",
    "{0}-{1}-{2}",
    "{0}.{1}.{2}",
    "1{0}{1}{2}",
    "({0}) {1} {2}",
    "{0}{1}{2}.0",
    "'+1{0}{1}{2}",
)
HEADER = (
    "Phone Number;Nombre;Idioma;Time Zone;Consent Date;Consent Source;Horario;Enseña;Quiere aprender;Notes"
)
HOURS = ("evenings", "9-12", "tardes", "after 6pm", "whenever the kids sleep", "")
SKILLS = ("resumes", "budgets and taxes", "coser", "welding", "inglés", "")
ZONES = ("America/Chicago", "Central", "america/new_york", "Pacific Time", "")


@dataclass
class Messy:
    """The file, and how many of its people with consent speak what."""

    data: bytes
    languages: dict[str | None, int] = field(default_factory=dict)


def messy_file(seed: int = 4) -> Messy:
    """The file: UTF-8 with a BOM, semicolons, doubled rows, empty lines, and every kind of slip."""
    chance = random.Random(seed)
    numbers = iter(range(ROWS))
    languages: dict[str | None, int] = {"en": 0, "es": 0, None: 0}

    def phone(number: int) -> str:
        area, rest = 212 + number // 2000 * 100, f"{number % 2000:04}"
        return chance.choice(WAYS).format(area, 555, rest)

    def row(
        number: str, language: str = "en", zone: str | None = None, consent: str = "5/31/2026;form"
    ) -> str:
        name = chance.choice(NAMES).replace('"', '""')
        name = f'"{name}"' if chance.random() < 0.3 or '"' in name else name
        zone = chance.choice(ZONES) if zone is None else zone
        more = ";".join((chance.choice(HOURS), chance.choice(SKILLS), chance.choice(SKILLS), "a note"))
        return f"{number};{name};{language};{zone};{consent};{more}"

    def good() -> Iterator[str]:
        for place in range(GOOD):
            if place < NO_CONSENT:
                yield row(phone(next(numbers)), consent=";")
                continue
            language = "es" if place % 4 == 0 else None if place % 7 == 0 else "en"
            languages[language] += 1
            written = {"es": ("es", "Español"), "en": ("en", "English"), None: ("",)}[language]
            yield row(phone(next(numbers)), chance.choice(written))

    rows = list(good())
    doubled = [row(phone(chance.randrange(GOOD))) for _ in range(DOUBLED)]
    slips = [
        *(row(f"4.{chance.randrange(10_000, 99_999)}E+12") for _ in range(ROUNDED)),
        *(row(chance.choice(("", "ask her", "555 0100", "12"))) for _ in range(NO_PHONE)),
        *(row(phone(next(numbers)), zone="Mars/Olympus") for _ in range(BAD_ZONE)),
        *(row(phone(next(numbers)), language="Klingon") for _ in range(BAD_LANGUAGE)),
        *(row(phone(next(numbers)), consent="2036-05-31;form") for _ in range(FUTURE)),
        *(row(phone(next(numbers)), consent=chance.choice(("2026-05-31;", ";form"))) for _ in range(HALF)),
    ]
    chance.shuffle(rows)
    lines = [*rows, *doubled, *slips]  # A doubled row comes after the first, which counts.
    for _ in range(EMPTY_LINES):
        lines.insert(chance.randrange(len(lines)), chance.choice((";;;;;;;;;", "  ;", "")))
    return Messy(("\ufeff" + "\r\n".join([HEADER, *lines]) + "\r\n").encode("utf-8"), languages)
