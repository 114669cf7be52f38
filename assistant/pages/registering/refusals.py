"""Looks at a registration as a carrier's reviewer would, by the reasons they publish (`refusals.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from assistant.pages.registering.registration import FOLDER, Registration

SAMPLES: Final = 5
SHORTEST_SAMPLE, LONGEST_SAMPLE = 20, 1024
USUAL_NAME: Final = "Circle"
"""What the service is called as long as nobody has named it."""
FOREIGN_WORDS: Final = 2
_EDGE: Final = re.compile(r"^\{\{\d+\}\}|\{\{\d+\}\}\W*$|\}\}\s*\{\{")
_WORD: Final = re.compile(r"[^\W\d_]+")

Fetch = Callable[[str], str | None]
"""Address -> what is answered there; None: nothing, or an error."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one look."""

    name: str
    codes: Sequence[str]
    """Of the refusals that it guards against."""
    wrong: Sequence[str]
    """What is missing or must not be there; empty: all is well."""
    mend: str


@cache
def refusals_file() -> Mapping[str, Any]:
    """`flows/registration/refusals.toml`."""
    return tomllib.loads((FOLDER / "refusals.toml").read_text("utf-8"))


def examine(registration: Registration, fetch: Fetch | None = None) -> list[Verdict]:
    """Return a verdict for every reason to refuse that is on the list.

    Args:
        registration: As it would be sent in.
        fetch: Looks whether the pages are there for everyone; None: that is not looked at.
    """
    return [
        Verdict(
            each["name"],
            each["codes"],
            list(_RULES[each["rule"]](registration, fetch) if "rule" in each else _field(registration, each)),
            each["mend"],
        )
        for each in refusals_file()["check"]
    ]


def _field(registration: Registration, check: Mapping[str, Any]) -> Iterator[str]:
    text: str = getattr(registration, check["field"])
    if len(text) < check.get("least", 1):
        yield f"it has {len(text)} characters, and needs {check.get('least', 1)}"
    if len(text) > check.get("most", len(text)):
        yield f"it has {len(text)} characters, and may have {check['most']}"
    yield from _lacking(text, check["has"], registration)


def _lacking(text: str, wanted: Sequence[str], registration: Registration) -> Iterator[str]:
    for each in wanted:
        choices = [choice.format(**registration.facts) for choice in each.split("|")]
        # What nobody has set is missing, however well an empty word stands in any text.
        if not any(choice and choice.casefold() in text.casefold() for choice in choices):
            yield f"it does not say {' or '.join(repr(choice) for choice in choices if choice) or each}"


def _sender(registration: Registration, _: Fetch | None) -> Iterator[str]:
    if registration.service == USUAL_NAME:
        yield f"the service is still called {USUAL_NAME!r}"
    if not registration.contact:
        yield "there is no contact"
    if not registration.number:
        yield "it is not known which number people text"


def _samples(registration: Registration, _: Fetch | None) -> Iterator[str]:
    samples = registration.samples
    if len({each.text for each in samples}) < SAMPLES:
        yield f"there are {len({each.text for each in samples})} different samples, not {SAMPLES}"
    for each in samples:
        if not SHORTEST_SAMPLE <= len(each.text) <= LONGEST_SAMPLE:
            yield f"{each.source} has {len(each.text)} characters"
        for language, template in each.templates.items():
            if _EDGE.search(template):
                yield f"{each.source} ({language}) begins or ends with a variable, or has two in a row"
    if not any(registration.service in each.text and "STOP" in each.text for each in samples):
        yield "none of them has both the service's name and STOP"


def _addresses(registration: Registration, fetch: Fetch | None) -> Iterator[str]:
    pages = refusals_file()["pages"]
    for name, wanted in pages.items():
        for wrong in _lacking(registration.pages[name], wanted, registration):
            yield f"{name}: {wrong}"
    for name, address in registration.addresses.items():
        if not is_public(address):
            yield f"{name}: {address} is no public https address"
        elif fetch is not None:
            answer = fetch(address)
            if answer is None or registration.service not in answer:
                yield f"{name}: {address} does not answer with our page"


def is_public(address: str) -> bool:
    """Whether an address may be one that everyone reaches, over TLS."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        return parts.scheme == "https" and ip_address(host).is_global
    except ValueError:
        return parts.scheme == "https" and "." in host and not host.endswith((".local", ".localhost"))


def _english(registration: Registration, _: Fetch | None) -> Iterator[str]:
    foreign = set(refusals_file()["foreign"]["words"])
    for name, text in registration.said.items():
        # What the service is called is its own business.
        words = _WORD.findall(text.replace(registration.service, "").casefold())
        found = sorted(foreign & set(words))
        if len(found) >= FOREIGN_WORDS:
            yield f"{name} is not in English: {', '.join(found)}"


def _content(registration: Registration, _: Fetch | None) -> Iterator[str]:
    for code, words in refusals_file()["forbidden"].items():
        for name, text in registration.said.items():
            for word in words:
                if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text.casefold()):
                    yield f"{name} speaks of {word!r} ({code})"


_RULES: Final[Mapping[str, Callable[[Registration, Fetch | None], Iterator[str]]]] = {
    "sender": _sender,
    "samples": _samples,
    "addresses": _addresses,
    "english": _english,
    "content": _content,
}
