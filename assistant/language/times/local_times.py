"""Says a moment as the clock on the wall shows it, in words by which people check a time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from assistant.language.languages import LANGUAGES


def local_time_words(zone: str, now: datetime, language: str) -> str:
    """Return the time that it is in a zone: "3:15 pm", "las 3:15 de la tarde", "la 1:05 de la tarde".

    Args:
        zone: an IANA zone.
        now: this moment, aware.
        language: a code of languages.toml.

    Raises:
        ValueError: when there is no such language, or ``now`` is naive.
        zoneinfo.ZoneInfoNotFoundError: when there is no such zone.
    """
    if now.tzinfo is None:
        raise ValueError('"now" names no time zone')
    if language not in LANGUAGES:
        raise ValueError(f"there are no words for the time in {language!r}")
    local, spoken = now.astimezone(ZoneInfo(zone)), LANGUAGES[language]
    hour = local.hour % 12 or 12 if spoken.clock == 12 else local.hour
    said = spoken.time_at_one if hour == 1 else spoken.time_format
    return said.format(clock=f"{hour}:{local.minute:02}", part=spoken.day_parts[local.hour])
