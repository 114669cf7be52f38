"""Says how the local carrier misbehaves: late, lost and refused answers, callbacks doubled or disordered."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any


class FaultError(ValueError):
    """A fault that does not exist or cannot take this value; the message says which and what it takes."""


@dataclasses.dataclass(slots=True)
class Faults:
    """Everything that can be turned while the carrier runs. Times are milliseconds, rates are 0.0 to 1.0.

    Attributes:
        latency_ms: How long create() takes.
        step_ms: How long a message stays in each status before the next.
        refuse_next, refuse_rate: Answer 503 without taking the message.
        lose_next, lose_rate: Take the message, but lose the answer.
        lose_how: "drop" closes the connection, "500" answers an error.
        callback_delay_ms: Status callbacks come this late.
        callback_double: Each status callback comes twice.
        callback_shuffle: A message's status callbacks wait for its last status and come in any order.
        callback_early: Status callbacks come before the answer to create().
        callback_lose_rate: Status callbacks that never come.
        inbound_double: Each inbound webhook comes twice (the same message id, another idempotency token).
        inbound_lose_rate: Inbound messages whose webhook is never called; they stand in the log only.
        requests_per_second: More API requests than this in one second are answered 429; 0 is no limit.
        segments_per_second: How fast the sender's numbers together send; the rest queues; 0 is no limit.
        queue_hours: A queue longer than this is full: 21611 for a number, 30001 for a messaging service.
        fail_endings: Numbers ending so never get their messages, with the error code they end with; 0
            leaves them "sent" for ever, as WhatsApp does with somebody who has blocked us.
        opt_out_late: 21610 on a messaging service comes as a failed status rather than as a refusal.
        advanced_opt_out: Inbound keywords carry OptOutType, as with Twilio's Advanced Opt-Out.
        approval_minutes: How long WhatsApp's review of a template takes, in the service's time.
        refuse_templates: Names of templates, or words in them, that the review rejects, with its reason.
        marketing_words: Names of templates, or words in them, that it takes for marketing.
        rcs_fails_rate: Messages that RCS cannot bring after all, which a messaging service sends as SMS.
        call_answer: Who answers a call at once: "" whoever plays the phone, else human, machine, busy, none.
        call_digits: The keys that are pressed then, one after the other, each where one is asked for.
    """

    latency_ms: float = 0
    step_ms: float = 250
    refuse_next: int = 0
    refuse_rate: float = 0.0
    lose_next: int = 0
    lose_rate: float = 0.0
    lose_how: str = "drop"
    callback_delay_ms: float = 0
    callback_double: bool = False
    callback_shuffle: bool = False
    callback_early: bool = False
    callback_lose_rate: float = 0.0
    inbound_double: bool = False
    inbound_lose_rate: float = 0.0
    requests_per_second: int = 0
    segments_per_second: float = 0
    queue_hours: float = 10
    fail_endings: dict[str, int] = dataclasses.field(default_factory=dict)
    opt_out_late: bool = False
    advanced_opt_out: bool = False
    approval_minutes: float = 2
    refuse_templates: dict[str, str] = dataclasses.field(default_factory=dict)
    marketing_words: list[str] = dataclasses.field(default_factory=lambda: ["discount", "promo", "% off"])
    rcs_fails_rate: float = 0.0
    call_answer: str = ""
    call_digits: str = ""

    def turn(self, changes: Mapping[str, Any]) -> None:
        """Set the named faults; all of them or, when one is wrong, none.

        Raises:
            FaultError: No such fault, or it does not take this value.
        """
        checked = {name: _check(name, value) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)


def read_faults(environment: Mapping[str, str]) -> Faults:
    """Read `CARRIER_KNOBS`, a JSON object such as {"latency_ms": 80}; without it nothing misbehaves.

    Raises:
        FaultError: It is not a JSON object, or names a fault that does not exist.
    """
    faults = Faults()
    text = environment.get("CARRIER_KNOBS", "").strip()
    if not text:
        return faults
    try:
        changes = json.loads(text)
    except ValueError as error:
        raise FaultError(f'CARRIER_KNOBS is not JSON ({error}); write e.g. {{"latency_ms": 80}}') from error
    if not isinstance(changes, dict):
        raise FaultError('CARRIER_KNOBS must be a JSON object, e.g. {"latency_ms": 80}')
    faults.turn(changes)
    return faults


_DEFAULTS = Faults()
_WORDS = {"lose_how": ("drop", "500"), "call_answer": ("", "human", "machine", "busy", "none")}


def _check(name: str, value: Any) -> Any:
    if name not in Faults.__slots__:
        raise FaultError(f"no fault is called {name!r}; there are: {', '.join(Faults.__slots__)}")
    default = getattr(_DEFAULTS, name)
    if name in _WORDS:
        if value not in _WORDS[name]:
            raise FaultError(f"{name} is {_either(_WORDS[name])}")
        return value
    if isinstance(default, str):
        if not isinstance(value, str):
            raise FaultError(f"{name} is text")
        return value
    if isinstance(default, list):
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise FaultError(f'{name} is a list of words, e.g. ["discount"]')
        return list(value)
    if name == "refuse_templates":
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise FaultError(f'{name} maps words to reasons, e.g. {{"lottery": "ABUSIVE_CONTENT"}}')
        return {str(key): each for key, each in value.items() if key}
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise FaultError(f"{name} is true or false")
        return value
    if isinstance(default, dict):
        if not isinstance(value, dict) or not all(str(key).isdigit() for key in value):
            raise FaultError(f'{name} maps endings of numbers to error codes, e.g. {{"99": 30003}}')
        return {str(key): int(code) for key, code in value.items()}
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise FaultError(f"{name} is a number, 0 or more")
    if name.endswith("_rate") and value > 1:
        raise FaultError(f"{name} is a share from 0.0 to 1.0")
    return value


def _either(words: Sequence[str]) -> str:
    return " or ".join(f'"{word}"' for word in words)
