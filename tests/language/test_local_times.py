"""A moment is said as the clock on the wall shows it."""

from datetime import UTC, datetime

import pytest

from assistant.language.times.local_times import local_time_words
from tests.case_tables import each_case


@each_case(
    ("zone", "hour", "en", "es"),
    [
        ("America/Chicago", 20, "3:15 pm", "las 3:15 de la tarde"),
        ("America/Chicago", 18, "1:15 pm", "la 1:15 de la tarde"),
        ("America/Chicago", 17, "12:15 pm", "las 12:15 de la tarde"),
        ("America/Chicago", 5, "12:15 am", "las 12:15 de la noche"),
        ("America/Chicago", 6, "1:15 am", "la 1:15 de la madrugada"),
        ("America/Chicago", 14, "9:15 am", "las 9:15 de la mañana"),
        ("America/Chicago", 3, "10:15 pm", "las 10:15 de la noche"),
        ("Asia/Kathmandu", 12, "6:00 pm", "las 6:00 de la tarde"),
        ("Etc/GMT+6", 12, "6:15 am", "las 6:15 de la mañana"),
    ],
)
def test_the_time_is_said_as_people_say_it(zone: str, hour: int, en: str, es: str) -> None:
    now = datetime(2026, 6, 1, hour, 15, tzinfo=UTC)
    assert local_time_words(zone, now, "en") == en
    assert local_time_words(zone, now, "es") == es


def test_a_naive_moment_or_another_language_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="names no time zone"):
        local_time_words("UTC", datetime(2026, 6, 1), "en")
    with pytest.raises(ValueError, match="no words"):
        local_time_words("UTC", datetime(2026, 6, 1, tzinfo=UTC), "fr")
