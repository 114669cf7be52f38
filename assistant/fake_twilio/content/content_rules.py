"""Says what a content template may be: its types, their limits, and what WhatsApp's review sends back.

https://www.twilio.com/docs/content/content-types-overview and the pages of each type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.fake_twilio.twilio_rules import Refusal

VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")
_NAME = re.compile(r"[A-Za-z0-9_]{1,16}")
_LANGUAGE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")
_TEMPLATE_NAME = re.compile(r"[a-z0-9_]{1,512}")
MOST_VARIABLES = 100
LONGEST_SAMPLE = 255
LONGEST_BODY = 1024
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")

# The richest comes first: a channel shows the first of a template's types that it can.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "whatsapp": ("twilio/list-picker", "twilio/quick-reply", "twilio/card", "twilio/text"),
    "rcs": ("twilio/card", "twilio/quick-reply", "twilio/text"),
    "": ("twilio/text",),
}
TYPES = SHOWN["whatsapp"]
IN_SESSION_ONLY = ("twilio/list-picker",)

# type → (where its buttons stand, how many, longest title, longest id)
_BUTTONS: Mapping[str, tuple[str, int, int, int]] = {
    "twilio/quick-reply": ("actions", 10, 20, 200),
    "twilio/list-picker": ("items", 10, 24, 200),
    "twilio/card": ("actions", 11, 25, 200),
}


def check_template(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a new template's types and variables as they are kept.

    Raises:
        Refusal: 20001, and what is wrong with it.
    """
    if not _LANGUAGE.fullmatch(str(given.get("language"))):
        raise _wrong("language must be a language code such as en or es_MX")
    types = given.get("types")
    # Twilio's own clients write every type there is, those that were not given as null.
    types = (
        {name: _without_nulls(each) for name, each in types.items() if each}
        if isinstance(types, dict)
        else {}
    )
    if not types:
        raise _wrong("types must hold at least one content type")
    for name, content in types.items():
        if name not in TYPES:
            raise _wrong(f"types: {name} is not a content type that this carrier knows")
        _check_type(name, content)
    variables = given.get("variables") or {}
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise _wrong("variables must map names to samples")
    names = {*variables, *(name for content in types.values() for name in variables_in(content))}
    if len(names) > MOST_VARIABLES or not all(_NAME.fullmatch(name) for name in names):
        raise _wrong(
            "variables: a name has 1 to 16 letters, digits or underscores, and there are at most 100"
        )
    if any(len(sample) > LONGEST_SAMPLE for sample in variables.values()):
        raise _wrong("variables: a sample has at most 255 characters")
    return types, dict(variables)


def check_submission(name: str, category: str, types: Mapping[str, Any]) -> None:
    """Refuse what cannot be handed in for review.

    Raises:
        Refusal: 20001, and what is wrong with it.
    """
    if not _TEMPLATE_NAME.fullmatch(name):
        raise _wrong("name must have lower-case letters, digits and underscores only")
    if category not in CATEGORIES:
        raise _wrong(f"category must be one of {', '.join(CATEGORIES)}")
    if (kind := richest(types, "whatsapp")) in IN_SESSION_ONLY:
        raise _wrong(f"{kind} cannot be submitted for approval on WhatsApp")


def fault_of(types: Mapping[str, Any], variables: Mapping[str, str]) -> str:
    """Say why WhatsApp's review would reject a template for its form; "" when it would not."""
    content = types[richest(types, "whatsapp")]
    body = str(content.get("body") or content.get("title") or "").strip()
    if VARIABLE.match(body) or re.search(r"\{\{[^{}]*\}\}\W*$", body):
        return "INVALID_FORMAT: Variables can't be at the start or end of the template."
    if re.search(r"\}\}\s*\{\{", body):
        return "INVALID_FORMAT: Variables can't be next to each other."
    if missing := [name for name in variables_in(content) if not variables.get(name, "").strip()]:
        return f"INVALID_FORMAT: A sample is missing for variable {missing[0]}."
    used = [name for name in dict.fromkeys(VARIABLE.findall(body)) if name.isdecimal()]
    if used and used != [str(place) for place in range(1, len(used) + 1)]:
        return "INVALID_FORMAT: Variables must be numbered in sequence, beginning with 1."
    words = len(VARIABLE.sub(" ", body).split())
    # 2x + 1 words for x variables:
    # https://www.twilio.com/docs/whatsapp/tutorial/message-template-approvals-statuses
    if used and words < 2 * len(used) + 1:
        return "INVALID_FORMAT: This template has too many variables for its length."
    return ""


def richest(types: Mapping[str, Any], channel: str) -> str:
    """Name the type that a channel shows of a template; "" when it can show none of them."""
    return next((name for name in SHOWN[channel] if name in types), "")


def variables_in(content: Any) -> list[str]:
    """List the names of variables in all strings of a content, in order, each once."""
    return list(dict.fromkeys(name for text in _strings(content) for name in VARIABLE.findall(text)))


def _check_type(kind: str, content: Any) -> None:
    if not isinstance(content, dict):
        raise _wrong(f"{kind} must be an object")
    body = content.get("body") or (content.get("title") if kind == "twilio/card" else None)
    if not isinstance(body, str) or not body.strip():
        raise _wrong(f"{kind}.body is required")
    if len(body) > (1600 if kind == "twilio/text" else LONGEST_BODY):
        raise _wrong(f"{kind}.body is too long")
    if content.get("media"):
        raise _wrong(f"{kind}.media is nothing that this carrier knows")
    if kind == "twilio/list-picker":
        button = content.get("button")
        if not isinstance(button, str) or not 1 <= len(button) <= 20:
            raise _wrong("twilio/list-picker.button must have 1 to 20 characters")
    if kind not in _BUTTONS:
        return
    where, most, longest, longest_id = _BUTTONS[kind]
    rows = content.get(where) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _wrong(f"{kind}.{where} must be a list of objects")
    if not (0 if kind == "twilio/card" else 1) <= len(rows) <= most:
        raise _wrong(f"{kind}.{where} must hold 1 to {most} entries")
    titles = [str(row.get("item" if where == "items" else "title") or "") for row in rows]
    for title, row in zip(titles, rows, strict=True):
        if not 1 <= len(title) <= longest:
            raise _wrong(f"{kind}.{where}: a title must have 1 to {longest} characters")
        if len(str(row.get("id") or "")) > longest_id:
            raise _wrong(f"{kind}.{where}: an id must have at most {longest_id} characters")
        if len(str(row.get("description") or "")) > 72:
            raise _wrong(f"{kind}.{where}: a description must have at most 72 characters")
    if len(set(titles)) != len(titles):
        raise _wrong(f"{kind}.{where}: titles must differ")


def _without_nulls(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _without_nulls(each) for name, each in content.items() if each is not None}
    return [_without_nulls(each) for each in content] if isinstance(content, list) else content


def _strings(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping | list):
        for each in content.values() if isinstance(content, Mapping) else content:
            yield from _strings(each)


def _wrong(what: str) -> Refusal:
    return Refusal(20001, what=what)
