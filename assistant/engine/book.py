"""Holds every flow of today, the older versions that conversations still run on, and whose wording holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import Any

from transitions import Machine

from assistant.engine.answer_book import AnswerEntry
from assistant.engine.flow_model import END, Command, Flow, Option, Step, Texts
from assistant.engine.machines import compile_machine, follow
from assistant.engine.problems import EngineError, Measured, Problem, UnknownVersion, did_you_mean
from assistant.engine.versions import flow_from_source

_REMEMBERED = 256
"""Older versions kept in memory; the store has them all."""


class _Running:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.ways: dict[tuple[str, str], str] = {}
        """Step and trigger -> where the machine led from there: it leads everyone the same way."""

    @cached_property
    def machine(self) -> Machine:
        """Made when somebody first moves on the flow: most are rarely moved on, and all take 3 MB."""
        return compile_machine(self.flow)


class FlowBook:
    """All that is read from the folder of flows; shared by every conversation and thread of a process."""

    def __init__(
        self,
        flows: Iterable[Flow],
        notices: Mapping[str, Texts] | None = None,
        commands: Iterable[Command] = (),
        warnings: Iterable[Problem] = (),
        measured: Iterable[Measured] = (),
        answers: Mapping[str, AnswerEntry] | None = None,
    ) -> None:
        self.flows: Mapping[str, Flow] = {flow.name: flow for flow in flows}
        self.notices: Mapping[str, Texts] = notices or {}
        self.commands: Mapping[str, Command] = {command.name: command for command in commands}
        self.answers: Mapping[str, AnswerEntry] = answers or {}
        self.warnings = tuple(warnings)
        self.measured = tuple(measured)
        """Every text with what it costs at worst."""
        self._today = {_key(flow): _Running(flow) for flow in self.flows.values()}
        self._older: OrderedDict[tuple[str, str], _Running] = OrderedDict()
        self._lock = Lock()

    def flow(self, name: str) -> Flow:
        """Today's flow of that name; EngineError when there is none."""
        try:
            return self.flows[name]
        except KeyError:
            raise EngineError(f'there is no flow "{name}".{did_you_mean(name, self.flows)}') from None

    def is_safety(self, name: str) -> bool:
        """Whether today's flow of that name is for someone who may be in danger."""
        found = self.flows.get(name)
        return found is not None and found.safety

    def is_urgent(self, name: str) -> bool:
        """Whether what today's flow of that name says was asked for just now, or agreed to for this hour."""
        found = self.flows.get(name)
        return found is not None and found.urgent

    def notice(self, name: str) -> Texts:
        """The texts of a notice; EngineError when there is none."""
        try:
            return self.notices[name]
        except KeyError:
            raise EngineError(f'there is no notice "{name}".{did_you_mean(name, self.notices)}') from None

    def pinned(self, name: str, version: str) -> Flow:
        """The version a conversation began with: today's when it still moves the same, else one remembered.

        Raises:
            UnknownVersion: It was not handed to `remember` (or so long ago that it was forgotten).
        """
        return self._find(name, version).flow

    def remember(self, source: Mapping[str, Any]) -> Flow:
        """Takes in the stored source of an older version; the least used of 256 is forgotten."""
        flow = flow_from_source(source)
        key = _key(flow)
        if key in self._today:
            return self._today[key].flow
        running = _Running(flow)
        with self._lock:
            running = self._older.setdefault(key, running)
            self._older.move_to_end(key)
            while len(self._older) > _REMEMBERED:
                self._older.popitem(last=False)
        return running.flow

    def follow(self, flow: Flow, step: str, trigger: str) -> str:
        """Where a trigger leads from a step of this flow, by its machine."""
        running = self._find(flow.name, flow.version)
        led = running.ways.get((step, trigger))
        if led is None:
            led = running.ways[step, trigger] = follow(running.machine, step, trigger)
        return led

    def today(self, flow: str, step: str) -> Step | None:
        """The step as today's file has it; None when the flow or the step is gone."""
        found = self.flows.get(flow)
        return None if found is None else found.steps.get(step)

    def texts(self, flow: str, step: str, part: str, version: str) -> Texts:
        """What a step says: always in today's words; in those of the version where today's file has none.

        Args:
            flow: The flow's name.
            step: The step's name.
            part: "say", "unclear" or "silence.N".
            version: The version the conversation runs on.

        Raises:
            UnknownVersion: Only the version has the text, and it is not loaded.
            EngineError: Neither has it.
        """
        today = self.today(flow, step)
        texts = None if today is None else _part(today, part)
        if texts is None:
            old = self.pinned(flow, version).steps.get(step)
            texts = None if old is None else _part(old, part)
        if texts is None:
            raise EngineError(f'the flow "{flow}" has no text "{part}" at the step "{step}"')
        return texts

    def options(self, flow: str, step: str, version: str) -> tuple[Option, ...]:
        """The options of the version a conversation runs on, in today's words where today's file has them."""
        today = self.today(flow, step)
        words = {} if today is None else {option.key: option.words for option in today.options}
        pinned = self.pinned(flow, version).steps[step].options
        return tuple(replace(option, words=words.get(option.key, option.words)) for option in pinned)

    def sure(self, flow: str, step: str, version: str) -> Mapping[str, str]:
        """How sure a reply must be, by outcome: as today's file asks, whatever version someone runs on.

        It says how a reply is heard, as wording says how a question is put: nobody is led down another road.
        Where today's step is gone, or waits for another kind of answer, the version's own holds.
        """
        pinned = self.pinned(flow, version).steps[step]
        today = self.today(flow, step)
        return today.sure if today is not None and today.expect == pinned.expect else pinned.sure

    def taken_back(self, flow: str, step: str, version: str) -> str | None:
        """Where a question goes when what was gathered is taken back, as today's file says.

        None: there is no such way, or the version on which a conversation runs has no such step.
        """
        today, pinned = self.today(flow, step), self.pinned(flow, version).steps
        way = today.taken_back if today is not None else None
        return way if way == END or way in pinned else None

    def _find(self, name: str, version: str) -> _Running:
        key = (name, version)
        running = self._today.get(key)
        if running is None:
            with self._lock:
                running = self._older.get(key)
                if running is None:
                    raise UnknownVersion(name, version)
                self._older.move_to_end(key)
        return running


def _key(flow: Flow) -> tuple[str, str]:
    return (flow.name, flow.version)


def _part(step: Step, part: str) -> Texts | None:
    if part == "say":
        return step.say
    if part == "unclear":
        return step.unclear
    kind, _, number = part.partition(".")
    if kind != "silence" or not number.isdecimal():
        raise EngineError(f'a step has no part "{part}": it can be say, unclear or silence.N')
    return step.silence[int(number)].say if int(number) < len(step.silence) else None
