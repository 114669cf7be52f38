"""Logs carry ids: no words, no numbers, whoever writes the line."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from assistant.logs import WITHHELD, get_log, keep_ids_only, set_up_logs


class Lines(io.StringIO):
    """A stream that reads back what was logged."""

    def read_back(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    import sys
    import threading

    hooks = sys.excepthook, threading.excepthook
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = Lines()
    set_up_logs("web", stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], sys.excepthook, threading.excepthook = handlers, *hooks
    root.setLevel(level)


def test_ids_stay_and_words_go(lines: Lines) -> None:
    get_log("inbox").info("text handled", inbox_id=7, body="I am scared", to="sms:+14155550102")
    (line,) = lines.read_back()
    assert line["event"] == "text handled"
    assert line["inbox_id"] == 7
    assert line["process"] == "web"
    assert line["body"] == line["to"] == WITHHELD


def test_numbers_go_wherever_they_stand(lines: Lines) -> None:
    logging.getLogger("somebody.else").warning("could not reach %s", "+1 (415) 555-0102")
    get_log("inbox").warning("sms:+14155550102 failed", seen={"why": "415-555-0102"}, also=["4155550102"])
    # The time of day may well hold those digits.
    assert not [line for line in lines.read_back() if "555" in str(line | {"timestamp": ""})]


def test_an_exception_says_what_and_where_but_not_what_it_quotes(lines: Lines) -> None:
    try:
        raise KeyError("what Ana wrote")
    except KeyError:
        get_log("inbox").exception("failed", inbox_id=7)
        logging.getLogger("flask.app").exception("failed as well")
    ours, theirs = lines.read_back()
    assert ours["trouble"] == theirs["trouble"] == "KeyError"
    assert "test_logs.py" in ours["at"][-1]
    assert "Ana" not in lines.getvalue()


def test_message_ids_and_moments_are_no_numbers() -> None:
    line = {"event": "x", "sid": "SM12345678901234567890123456789012", "at": "2027-03-01 15:00:00"}
    assert keep_ids_only(None, "info", dict(line)) == line


@given(
    st.integers(2_000_000_000, 9_999_999_999),
    st.sampled_from(["+1{}", "sms:+1{}", "{}", "call +1{} now", "1{}"]),
)
def test_no_american_number_is_logged(number: int, written: str) -> None:
    shown = keep_ids_only(None, "info", {"event": written.format(number)})
    assert str(number) not in str(shown)
