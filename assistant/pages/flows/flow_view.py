"""What is shown of a flow: its wording in every language, what it costs, and how it differs from before."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.reports.flow_counts import by_version
from assistant.engine.flow_model import Flow, Step, Texts
from assistant.engine.versions import source_of
from assistant.language.languages import LANGUAGES
from assistant.language.sms.segments import measure
from assistant.pages.flows.flow_diagram import in_reading_order, ways_of
from assistant.store.tables import FlowVersion

MOST_LINES: Final = 400


@dataclass(frozen=True, slots=True)
class Wording:
    """One text of a step, in each language."""

    part: str
    """say, unclear, or silence."""
    variant: str
    """"full", or when it is said instead."""
    texts: Mapping[str, tuple[str, int]]
    """Language -> (text, segments as it stands in the file)."""


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step in words."""

    name: str
    kind: str
    does: str | None
    expect: str | None
    visible_to: Sequence[str]
    wordings: Sequence[Wording]
    ways: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class VersionShown:
    """A stored version, and how many conversations stand on it; None: too few to be told, or not to tell."""

    version: str
    today: bool
    conversations: int | None


def steps_of(flow: Flow) -> list[StepShown]:
    """Return the steps as one comes to them."""
    return [_shown(flow.steps[name]) for name in in_reading_order(flow) if name in flow.steps]


def versions_of(session: Session, flow: Flow, fewest: int | None) -> list[VersionShown]:
    """Return the versions that are stored, today's first; counts below `fewest` are hidden, None: all are."""
    stored = session.scalars(
        select(FlowVersion.version).where(FlowVersion.flow == flow.name).order_by(FlowVersion.id.desc())
    ).all()
    counts = by_version(session) if fewest is not None else {}

    def shown(version: str) -> VersionShown:
        count = counts.get((flow.name, version), 0)
        told = count if fewest is not None and count >= fewest else None
        return VersionShown(version, version == flow.version, told)

    return sorted(map(shown, dict.fromkeys([flow.version, *stored])), key=lambda each: not each.today)


def difference(session: Session, flow: Flow, version: str) -> list[tuple[str, str]] | None:
    """Return (sign, line) of what changed from a stored version to today; None: it is not stored."""
    found = select(FlowVersion.source).where(FlowVersion.flow == flow.name, FlowVersion.version == version)
    before = session.scalar(found)
    if before is None:
        return None
    lines = difflib.unified_diff(list(_lines(before)), list(_lines(source_of(flow))), lineterm="", n=2)
    changed = [line for line in lines if not line.startswith(("---", "+++"))]
    return [(line[:1], line[1:]) for line in changed[:MOST_LINES]]


def _lines(source: Mapping[str, Any]) -> Iterator[str]:
    """A version as an author would read it: a line a fact."""
    for name, step in source["steps"].items():
        yield f"[{name}]"
        for key, value in step.items():
            if isinstance(value, dict):
                for inner, deep in value.items():
                    yield f"{key}.{inner} = {json.dumps(deep, ensure_ascii=False)}"
            else:
                yield f"{key} = {json.dumps(value, ensure_ascii=False)}"


def _shown(step: Step) -> StepShown:
    texts = [("say", step.say), ("unclear", step.unclear)]
    texts += [(f"silence, {each.after}", each.say) for each in step.silence]
    return StepShown(
        step.name,
        step.kind,
        step.do or step.call or step.wait,
        step.expect,
        sorted(set(step.visible_to.values())),
        [wording for part, said in texts if said for wording in _wordings(part, said)],
        ways_of(step),
    )


def _wordings(part: str, texts: Texts) -> Iterator[Wording]:
    variants = dict.fromkeys(variant for said in texts.values() for variant in said)
    for variant in variants:
        found = {code: texts.get(code, {}).get(variant) for code in LANGUAGES}
        yield Wording(
            part, variant, {code: (text, measure(text).segments) for code, text in found.items() if text}
        )
