"""Says a moment as the clock on the wall shows it, in words by which people check a time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

# When each part of the day begins, as Spanish speakers count it.
_PARTS_IN_SPANISH = (
    (0, "de la noche"),
    (1, "de la madrugada"),
    (6, "de la mañana"),
    (12, "de la tarde"),
    (19, "de la noche"),
)


def local_time_words(zone: str, now: datetime, language: str) -> str:
    """Return the time that it is in a zone: "3:15 pm", "las 3:15 de la tarde", "la 1:05 de la tarde".

    Args:
        zone: an IANA zone.
        now: this moment, aware.
        language: "en" or "es".

    Raises:
        ValueError: when there are no words for the language, or ``now`` is naive.
        zoneinfo.ZoneInfoNotFoundError: when there is no such zone.
    """
    if now.tzinfo is None:
        raise ValueError('"now" names no time zone')
    local = now.astimezone(ZoneInfo(zone))
    clock = f"{local.hour % 12 or 12}:{local.minute:02}"
    match language:
        case "en":
            return f"{clock} {'am' if local.hour < 12 else 'pm'}"
        case "es":
            part = [name for begins, name in _PARTS_IN_SPANISH if local.hour >= begins][-1]
            return f"{'la' if local.hour % 12 == 1 else 'las'} {clock} {part}"
        case _:
            raise ValueError(f"there are no words for the time in {language!r}")
