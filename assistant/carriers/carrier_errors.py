"""What each of Twilio's error codes means for us, as data.

Source: Twilio's error dictionary and message resource pages, and "List of corresponding Twilio and WhatsApp
error codes", 2026-11. Twilio says that codes may change, so a code that is not listed is never retried: it is
shown to the operator.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.carriers.carrier import CarrierError, Trouble

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """What to do about a code, and for `RETRY` how long to wait (seconds) and how often to try again."""

    trouble: Trouble
    meaning: str
    wait: float | None = None
    tries: int = 0


def _suppress(meaning: str) -> ErrorClass:
    return ErrorClass(Trouble.SUPPRESS, meaning)


def _fix(meaning: str) -> ErrorClass:
    return ErrorClass(Trouble.FIX, meaning)


def _retry(meaning: str, wait: float, tries: int) -> ErrorClass:
    return ErrorClass(Trouble.RETRY, meaning, wait, tries)


CLOSED_WINDOW = 63016
TEMPLATE_GONE = frozenset({21655, 21656, 63027, 63028, 63029, 63040, 63041, 63042})
"""What was sent as a content goes another way: the carrier, or WhatsApp, does not take it any more."""

ERRORS: dict[int, ErrorClass] = {
    21610: ErrorClass(Trouble.OPTED_OUT, "the recipient has opted out"),
    # The recipient.
    21211: _suppress("not a valid number"),
    21614: _suppress("not a mobile number"),
    21635: _suppress("a landline"),
    30005: _suppress("unknown handset"),
    30006: _suppress("a landline or a carrier that cannot be reached"),
    63003: _suppress("not a valid WhatsApp recipient"),
    63014: _suppress("the recipient has blocked us there"),
    63024: _suppress("not a valid WhatsApp recipient"),
    63033: _suppress("the recipient has blocked us there"),
    # The recipient, for this text only: others may arrive.
    63032: ErrorClass(Trouble.REFUSED, "a limit of WhatsApp's for this person"),
    63050: ErrorClass(Trouble.REFUSED, "marketing that the recipient has opted out of"),
    63049: ErrorClass(Trouble.REFUSED, "marketing that WhatsApp does not bring to this person"),
    # Our sender, content or set-up.
    20003: _fix("account or token is wrong"),
    20404: _fix("account or address of the API is wrong"),
    21212: _fix("the sender is not a valid number"),
    21408: _fix("sending to that country is not switched on"),
    21606: _fix("the sender is not ours or cannot text"),
    21612: _fix("there is no route from this sender to that number"),
    21617: _fix("longer than 1600 characters"),
    21703: _fix("the messaging service has no usable sender"),
    30002: _fix("the account is suspended"),
    30004: _fix("blocked"),
    30007: _fix("filtered by a carrier"),
    30032: _fix("the toll-free number is not verified"),
    30034: _fix("the number is not registered for 10DLC"),
    30450: _fix("stopped as possible pumping"),
    30610: _fix("quiet hours of the carrier"),
    35114: _fix("the time to send at is not allowed"),
    35115: _fix("the time to send at is not allowed"),
    63005: _fix("the channel shows none of the content's types"),
    63013: _fix("against the channel's policy"),
    63015: _fix("the recipient has not joined the sandbox"),
    63020: _fix("Meta's business manager has not accepted Twilio"),
    63021: _fix("content that the channel does not take"),
    63058: _fix("WhatsApp does not let this business write to that country"),
    63051: _fix("the WhatsApp account is locked"),
    # Certainly not taken, or not delivered: worth another try, later.
    14107: _retry("too many replies between two numbers", 1 * MINUTE, 3),
    20429: _retry("too many requests", 1.0, 10),
    21611: _retry("the sender's queue is full", 1 * MINUTE, 10),
    30001: _retry("the queue is full", 1 * MINUTE, 10),
    30003: _retry("the handset is off or out of reach", 3 * HOUR, 3),
    30008: _retry("no reason was given", 5 * MINUTE, 1),
    30022: _retry("over the 10DLC rate", 1 * MINUTE, 5),
    30023: _retry("over the daily cap", 1 * DAY, 2),
    30500: _retry("an error inside the carrier", 1 * MINUTE, 3),
    63012: _retry("an error inside WhatsApp", 5 * MINUTE, 3),
    63038: _retry("the account's limit for a day", 1 * DAY, 2),
    63017: _retry("a channel's rate limit", 1 * MINUTE, 5),
    63018: _retry("a channel's or sender's limit", 1 * DAY, 1),
    # Our own words came as the chat's window had closed: the next try is a template, or the opener.
    CLOSED_WINDOW: _retry("outside the 24-hour window: a template is needed", 1.0, 2),
    21655: _retry("there is no such content", 1.0, 2),
    21656: _retry("the content's variables are wrong", 1.0, 2),
    63027: _retry("there is no such template", 1.0, 2),
    63028: _retry("the template wants other variables", 1.0, 2),
    63029: _retry("the phone could not fetch the template", 1.0, 2),
    63040: _retry("the template was refused", 1.0, 2),
    63041: _retry("the template is paused", 1.0, 2),
    63042: _retry("the template is switched off", 1.0, 2),
    # It may have gone out: Twilio did not try again "to avoid duplicates".
    30410: ErrorClass(Trouble.UNSURE, "the provider did not answer in time"),
}

UNKNOWN = ErrorClass(Trouble.FIX, "an error code that we do not know")


def classify(code: int | None) -> ErrorClass:
    """Return what the carrier's error `code` means; an unlisted one is for the operator, not for a retry."""
    return ERRORS.get(code, UNKNOWN) if code is not None else UNKNOWN


def is_known(code: int | None) -> bool:
    return code in ERRORS


def error_for(status: int, code: int | None, retry_after: float | None = None) -> CarrierError:
    """Return the trouble behind an HTTP answer to a send.

    Args:
        status: HTTP status of the answer.
        code: Twilio's error code in its body, if there was one.
        retry_after: seconds, from the answer's Retry-After header.
    """
    if status == 429:
        # "Requests that are answered 429 are not processed and are safe to retry."
        known = classify(code) if is_known(code) else classify(20429)
        return CarrierError(Trouble.RETRY, code or 20429, retry_after=retry_after or known.wait)
    if is_known(code):
        known = classify(code)
        return CarrierError(known.trouble, code, retry_after=retry_after or known.wait)
    if status >= 500:
        return CarrierError(Trouble.UNSURE, code, answered=True)
    return CarrierError(Trouble.FIX, code)
