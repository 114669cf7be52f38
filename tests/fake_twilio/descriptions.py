"""Holds answers of the local carrier against Twilio's own descriptions of its answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_FILE = Path(__file__).parent.parent / "payloads" / "twilio_api" / "answers.json"
DESCRIPTIONS: dict[str, dict[str, Any]] = json.loads(_FILE.read_text("utf-8"))["schemas"]
_TYPES: dict[str, type] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
    "any": object,
}
_PARTS_OF_MORE = ("page_of_2010",)


def differences(answer: Mapping[str, Any], name: str) -> list[str]:
    """Say in what an answer is not as it is described; nothing when it is."""
    described = DESCRIPTIONS[name]
    found = [f"{key} is missing" for key in described if key not in answer]
    if name not in _PARTS_OF_MORE:
        found += [f"{key} is not described" for key in answer if key not in described]
    for key in described.keys() & answer.keys():
        if answer[key] is not None and (wrong := _wrong(answer[key], described[key])):
            found.append(f"{key} {wrong}: {answer[key]!r}")
    return sorted(found)


def _wrong(value: Any, described: Mapping[str, Any]) -> str:
    kind: type = _TYPES[described["type"]]
    if not issubclass(type(value), kind) or (kind is int and isinstance(value, bool)):
        return f"is no {described['type']}"
    if "pattern" in described and not re.search(described["pattern"], value):
        return f"does not match {described['pattern']}"
    if "enum" in described and value not in described["enum"]:
        return f"is none of {described['enum']}"
    if "items" in described and not all(isinstance(each, _TYPES[described["items"]]) for each in value):
        return f"does not hold {described['items']}s"
    return "" if _has_form(value, described.get("format")) else f"is no {described['format']}"


def _has_form(value: Any, form: str | None) -> bool:
    if form == "date-time-rfc-2822":
        return parsedate_to_datetime(value).tzinfo is not None
    if form == "date-time":
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value))
    return bool(urlsplit(value).scheme) if form == "uri" else True
