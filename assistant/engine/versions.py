"""Turns a flow into plain data and back, and tells one version of its movement from another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from assistant.engine.flow_model import Flow, Option, Silence, Step


def build_flow(
    name: str,
    title: str,
    start: str,
    steps: Mapping[str, Step],
    *,
    safety: bool = False,
    urgent: bool = False,
) -> Flow:
    """A flow with its version."""
    return Flow(
        name=name,
        title=title,
        start=start,
        steps=dict(steps),
        version=hash_movement(name, start, steps),
        safety=safety,
        urgent=urgent,
    )


def source_of(flow: Flow) -> dict[str, Any]:
    """A flow as plain data, which is what a version is stored as."""
    return {
        "flow": flow.name,
        "title": flow.title,
        "start": flow.start,
        "version": flow.version,
        "steps": {step.name: _dump_step(step) for step in flow.steps.values()},
    }


def hash_movement(name: str, start: str, steps: Mapping[str, Step]) -> str:
    """First 16 hex digits of the SHA-256 of where a flow goes and what it does, without wording and title."""
    movement = {
        "flow": name,
        "start": start,
        "steps": {step.name: _movement(step) for step in steps.values()},
    }
    canonical = json.dumps(movement, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _movement(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "says": step.say is not None,
        "go": dict(step.go),
        "expect": step.expect,
        # The name under which versions in use were hashed: a new one would make every flow a new version.
        "sees": dict(step.visible_to),
        "save_as": step.save_as,
        "options": [option.key for option in step.options],
        "choices_from": step.choices_from,
        "silence": [[silence.after, silence.say is not None, silence.go] for silence in step.silence],
        "do": step.do,
        "wait": step.wait,
        "call": step.call,
    }


def _dump_step(step: Step) -> dict[str, Any]:
    whole = {
        "kind": step.kind,
        "go": dict(step.go),
        "say": _dump_words(step.say),
        "unclear": _dump_words(step.unclear),
        "expect": step.expect,
        "sure": dict(step.sure),
        "visible_to": dict(step.visible_to),
        "save_as": step.save_as,
        "options": [
            [option.key, {lang: list(words) for lang, words in option.words.items()}]
            for option in step.options
        ],
        "choices_from": step.choices_from,
        "silence": [
            {"after": silence.after, "say": _dump_words(silence.say), "go": silence.go}
            for silence in step.silence
        ],
        "do": step.do,
        "wait": step.wait,
        "call": step.call,
    }
    return {key: value for key, value in whole.items() if value}


def _dump_words(texts: Mapping[str, Mapping[str, str]] | None) -> dict[str, dict[str, str]] | None:
    return None if texts is None else {language: dict(variants) for language, variants in texts.items()}


def flow_from_source(source: Mapping[str, Any]) -> Flow:
    """A stored version as a flow. It was checked when it was stored, so today's rules are not asked again."""
    steps = {name: _load_step(name, stored) for name, stored in source["steps"].items()}
    return Flow(
        name=source["flow"],
        title=source["title"],
        start=source["start"],
        steps=steps,
        # As stored: how a version is counted may change, the conversations that name it do not.
        version=source["version"],
    )


def _load_step(name: str, stored: Mapping[str, Any]) -> Step:
    return Step(
        name=name,
        kind=stored["kind"],
        go=stored.get("go", {}),
        say=stored.get("say"),
        unclear=stored.get("unclear"),
        expect=stored.get("expect"),
        sure=stored.get("sure", {}),
        visible_to=stored.get("visible_to", {}),
        save_as=stored.get("save_as"),
        options=tuple(
            Option(key, {language: tuple(ways) for language, ways in words.items()})
            for key, words in stored.get("options", ())
        ),
        choices_from=stored.get("choices_from"),
        silence=tuple(
            Silence(silence["after"], silence.get("say"), silence.get("go"))
            for silence in stored.get("silence", ())
        ),
        do=stored.get("do"),
        wait=stored.get("wait"),
        call=stored.get("call"),
    )
