"""Turns a text of ours into the wording of a template that WhatsApp can approve, and finds it again in words.

Rules of wording (Twilio, "Using variables with content templates"; WhatsApp, template guidelines): a variable
stands neither first nor last nor beside another, each has a sample, and there is more text than variables.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from assistant.language.rendering import placeholders

LONGEST_BODY: Final = 1024
LONGEST_VALUE: Final = 250
LABEL: Final = "circle"
"""The placeholder whose sample stands for the name of a circle before a text."""
WORDS_A_VARIABLE: Final = 2
"""So many words of our own there have to be for each variable; WhatsApp refuses what is mostly variables."""
_VARIABLE: Final = re.compile(r"\{\{(\d+)\}\}")
_BROKEN: Final = re.compile(r"[\n\r\t]| {5}")
"""What WhatsApp takes in no variable: several lines, tabs, more than four spaces running."""
_NEIGHBOURS: Final = re.compile(r"\{\{\d+\}\}[\s]*\{\{\d+\}\}")


class NoTemplate(ValueError):  # noqa: N818 - it says what the text cannot be
    """A text can be no template; the message says why."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What WhatsApp approves of one text in one language: its words with variables, samples, and buttons."""

    language: str
    body: str
    """With {{1}}, {{2}} ... for what changes; what stands around our own words is a part of it."""
    samples: tuple[str, ...]
    titles: tuple[str, ...] = ()
    """What is read on its buttons, in their order; what they bring back are variables, too."""
    lead: str = ""
    """Stands before our own words where they begin with what changes."""
    tail: str = ""
    """Stands after them where they end with it."""

    @property
    def key(self) -> str:
        """A hash of all that is approved: another word is another template."""
        said = json.dumps([self.language, self.body, list(self.titles)], ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def types(self) -> dict[str, Any]:
        """Its content types, as Twilio's Content API takes them."""
        if not self.titles:
            return {"twilio/text": {"body": self.body}}
        first = len(self.samples) + 1
        actions = [
            {"type": "QUICK_REPLY", "title": title, "id": f"{{{{{number}}}}}"}
            for number, title in enumerate(self.titles, first)
        ]
        return {"twilio/quick-reply": {"body": self.body, "actions": actions}}

    @property
    def variables(self) -> dict[str, str]:
        """A sample for each variable."""
        samples = [*self.samples, *(f"ask:1:{number}" for number in range(1, len(self.titles) + 1))]
        return {str(number): sample for number, sample in enumerate(samples, 1)}


def worded(
    text: str,
    language: str,
    samples: Mapping[str, str],
    fixed: Mapping[str, str],
    titles: Sequence[str] = (),
    *,
    lead: str = "",
    tail: str = "",
) -> Wording:
    """Return the template that says a text of a flow.

    Args:
        text: With its {placeholders}, in one language and variant.
        samples: Placeholder -> an example of it in that language.
        fixed: Placeholders that never change here, such as our own name: they become part of the wording.
        lead: What may stand before the text, should it begin with something that changes.
        tail: What may stand after it, should it end with something that changes.

    Raises:
        NoTemplate: WhatsApp would refuse it.
    """
    names: list[str] = []
    given = {}
    for name in dict.fromkeys(placeholders(text)):
        if name in fixed:
            given[name] = fixed[name]
        else:
            names.append(name)
            given[name] = f"{{{{{len(names)}}}}}"
    body = text.replace("{{", "\x00").replace("}}", "\x01")
    for name, value in given.items():
        body = body.replace(f"{{{name}}}", value)
    body = body.replace("\x00", "{").replace("\x01", "}").strip()
    found = list(_VARIABLE.finditer(body))
    lead = lead if found and not re.search(r"\w", body[: found[0].start()]) else ""
    tail = tail if found and not re.search(r"\w", body[found[-1].end() :]) else ""
    body = f"{lead}{body}{tail}"
    _check(body, len(names))
    given_samples = tuple(samples.get(name) or name for name in names)
    return Wording(language, body, given_samples, tuple(titles), lead, tail)


def labelled(
    text: str,
    language: str,
    samples: Mapping[str, str],
    fixed: Mapping[str, str],
    titles: Sequence[str] = (),
    *,
    lead: str,
    tail: str = "",
) -> Wording:
    """Return the template that says a text with its circle's name before it, as whoever sits in two reads it.

    Args:
        lead: What stands before the name, which changes and so cannot come first.

    Raises:
        NoTemplate: WhatsApp would refuse it.
    """
    if not re.match(r"\w", text.lstrip("¿¡\"'(")):
        raise NoTemplate("two things that change stand side by side")
    return worded(f"{{{LABEL}}}: {text}", language, samples, fixed, titles, lead=lead, tail=tail)


def _check(body: str, variables: int) -> None:
    found = list(_VARIABLE.finditer(body))
    if found and not re.search(r"\w", body[: found[0].start()]):
        raise NoTemplate("it begins with something that changes")
    if found and not re.search(r"\w", body[found[-1].end() :]):
        raise NoTemplate("it ends with something that changes")
    if _NEIGHBOURS.search(body):
        raise NoTemplate("two things that change stand side by side")
    own = len(_VARIABLE.sub(" ", body).split())
    if variables and own < WORDS_A_VARIABLE * variables + 1:
        raise NoTemplate("too much of it changes")
    if len(body) > LONGEST_BODY:
        raise NoTemplate("it is too long")


def fit(body: str, words: str) -> dict[str, str] | None:
    """Return the variables with which a template's body says these very words; None: it cannot."""
    found = _pattern(body).fullmatch(words)
    if found is None:
        return None
    values = {name[1:]: value for name, value in found.groupdict().items()}
    if any(
        not value.strip() or len(value) > LONGEST_VALUE or _BROKEN.search(value) for value in values.values()
    ):
        return None  # Twilio takes no empty variable; WhatsApp refuses these with 63013.
    return values


def filled(body: str, values: Mapping[str, str]) -> str:
    """Return what is read of a body with these variables."""
    return _VARIABLE.sub(lambda found: values[found[1]], body)


@lru_cache(maxsize=4096)
def _pattern(body: str) -> re.Pattern[str]:
    pieces, at, seen = [], 0, set()
    for found in _VARIABLE.finditer(body):
        number = found[1]
        pieces.append(re.escape(body[at : found.start()]))
        # The same name twice says the same twice.
        pieces.append(f"(?P=v{number})" if number in seen else f"(?P<v{number}>.+?)")
        seen.add(number)
        at = found.end()
    return re.compile("".join([*pieces, re.escape(body[at:])]), re.DOTALL)
