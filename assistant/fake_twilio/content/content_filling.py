"""Fills a content template's variables, and says what a channel shows of it: words, buttons, a list."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.fake_twilio.content.content_rules import VARIABLE, richest, variables_in
from assistant.fake_twilio.records import Button, Template
from assistant.fake_twilio.twilio_rules import Refusal

_BROKEN = re.compile(r"[\n\t]| {5}")


@dataclass(frozen=True, slots=True)
class Filled:
    """A template as it is shown on a channel; `kind` is the content type, "" where the channel shows none."""

    kind: str
    body: str
    buttons: tuple[Button, ...] = ()
    list_button: str = ""


def read_variables(text: str, template: Template) -> dict[str, str]:
    """Read ContentVariables: a value for each variable of the template, its sample where none was given.

    Raises:
        Refusal: 21656, it is not JSON, or a variable has no value.
    """
    try:
        given = json.loads(text) if text else {}
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refusal(21656)
    # https://www.twilio.com/docs/api/errors/21656: a value is never null or empty.
    if any(not isinstance(value, str) or not value for value in given.values()):
        raise Refusal(21656)
    values = {**template.variables, **given}
    if any(not values.get(name) for name in variables_in(template.types)):
        raise Refusal(21656)
    return values


def breaks_a_template(values: Mapping[str, str], template: Template) -> bool:
    """Whether WhatsApp refuses values for what is in them: line breaks, tabs, more than four spaces."""
    return any(_BROKEN.search(values[name]) for name in variables_in(template.types) if name in values)


def fill(template: Template, values: Mapping[str, str], channel: str) -> Filled:
    """Return what a channel shows of a template with these values."""
    kind = richest(template.types, channel)
    if not kind:
        return Filled("", _filled(next(iter(template.types.values())).get("body", ""), values))
    content: dict[str, Any] = _filled(template.types[kind], values)
    if kind == "twilio/card":
        lines = (content.get(part) for part in ("title", "body", "subtitle"))
        body = "\n".join(line for line in lines if line)
    else:
        body = content["body"]
    return Filled(
        kind,
        body,
        buttons=tuple(_button(row) for row in content.get("items") or content.get("actions") or ()),
        list_button=content.get("button", "") if kind == "twilio/list-picker" else "",
    )


def _button(row: Mapping[str, Any]) -> Button:
    if "item" in row:
        return Button(
            row["item"], str(row.get("id") or row["item"]), "item", str(row.get("description") or "")
        )
    kind = {"URL": "url", "PHONE_NUMBER": "phone"}.get(str(row.get("type") or "QUICK_REPLY"), "reply")
    return Button(row["title"], str(row.get("id") or row["title"]), kind)


def _filled(content: Any, values: Mapping[str, str]) -> Any:
    if isinstance(content, str):
        return VARIABLE.sub(lambda found: values.get(found[1], found[0]), content)
    if isinstance(content, Mapping):
        return {name: _filled(each, values) for name, each in content.items()}
    return [_filled(each, values) for each in content] if isinstance(content, list) else content
