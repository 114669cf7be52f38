"""Checks that flows hold together: every way leads somewhere, every text fits, no ring goes for ever."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from assistant.engine.flow_model import ANY, END, OPENING, Command, Flow, Step, Texts
from assistant.engine.known import Known
from assistant.engine.problems import Measured, Notes, did_you_mean
from assistant.engine.shared_texts import Shared
from assistant.engine.wording import FULL, PLAIN

_BRACES = re.compile(r"\{([^{}]*)\}")
_TAKES = {"name": ("{who}",), "person": ("{who}",), "text": ("{who}", "{what}")}
"""What the words for a slot may be, of others ("{what}"): names stand apart from codes, numbers, days."""
FIRST = "paged"
"""Whose commands may be in the words of others: they are read before them."""
_MOST_SEGMENTS = 2
_GSM7 = "GSM-7"
_ALWAYS = frozenset({"skip", "unclear"})
"""What any question can come to; where `go` does not name them, the question says its `unclear` text."""


def check_flow(flow: Flow, flows: Mapping[str, Flow], known: Known, notes: Notes, shared: Shared) -> None:
    """Note what is wrong within one flow, and with what it says of others; `shared` texts apart."""
    if flow.start and flow.start not in flow.steps:
        notes.problem(
            None, "start", f'there is no step "{flow.start}".{did_you_mean(flow.start, flow.steps)}'
        )
    for step in flow.steps.values():
        _check_names(step, flow, flows, known, notes)
        _check_times(step, known, notes)
        if step.kind == "ask":
            _check_question(step, known, notes)
        elif step.do is not None and step.do in known.actions:
            _check_ways(step, known.actions[step.do], frozenset(), notes)
        for key, texts in _texts(step):
            if not shared.holds(texts):
                check_texts(texts, step.name, key, known, notes)
    _check_saved(flow, notes)
    _check_reached(flow, notes)


def _check_names(step: Step, flow: Flow, flows: Mapping[str, Flow], known: Known, notes: Notes) -> None:
    """Steps, actions and flows that the step names."""
    targets = [("go" if outcome == ANY else f"go.{outcome}", target) for outcome, target in step.go.items()]
    targets += [(f"silence.{n}.go", silence.go) for n, silence in enumerate(step.silence) if silence.go]
    targets += [("taken_back", step.taken_back)] if step.taken_back else []
    for key, target in targets:
        if target != END and target not in flow.steps:
            notes.problem(
                step.name, key, f'there is no step "{target}".{did_you_mean(target, [*flow.steps, END])}'
            )
    if step.do is not None and step.do not in known.actions:
        notes.problem(
            step.name, "do", f'there is no action "{step.do}".{did_you_mean(step.do, known.actions)}'
        )
    if step.call is not None and step.call not in flows:
        notes.problem(step.name, "call", f'there is no flow "{step.call}".{did_you_mean(step.call, flows)}')


def _check_times(step: Step, known: Known, notes: Notes) -> None:
    """How long it waits, and what it does when nobody answers."""
    specs = {"wait": step.wait} | {f"silence.{n}.after": kept.after for n, kept in enumerate(step.silence)}
    for key, spec in specs.items():
        try:
            if spec:
                known.waits(spec)
        except ValueError as error:
            notes.problem(step.name, key, str(error))
    for n, kept in enumerate(step.silence[:-1], start=1):
        if kept.go is not None:
            notes.problem(step.name, f"silence.{n}", "it never comes: the silence before it goes elsewhere.")


def _check_question(step: Step, known: Known, notes: Notes) -> None:
    needed = (
        ("say", step.say, "what is asked"),
        ("visible_to", step.visible_to, "who will see the answer"),
        ("unclear", step.unclear, "what a reply nobody understood gets"),
    )
    for key, given, meaning in needed:
        if not given:
            notes.problem(step.name, key, f"a question needs `{key}`: {meaning}.")
    said = {variant for variants in (step.say or {}).values() for variant in variants}
    for variant in sorted(step.visible_to.keys() - said - {FULL}):
        notes.problem(
            step.name,
            f"visible_to.{variant}",
            f"who sees it changes, but no text is named {variant} to say so.",
        )
    if step.expect is not None:
        outcomes = _outcomes(step, step.expect, known, notes)
        if outcomes is not None:
            _check_ways(step, outcomes, _ALWAYS, notes)
            _check_sure(step, step.expect, outcomes, known, notes)


def _check_sure(step: Step, expect: str, outcomes: frozenset[str], known: Known, notes: Notes) -> None:
    """How sure an answer must be: only of what can be answered, and only where the reader can tell."""
    degrees = known.degrees(expect)
    for outcome, degree in step.sure.items():
        key = "sure" if outcome == ANY else f"sure.{outcome}"
        if outcome != ANY and outcome not in outcomes:
            hint = did_you_mean(outcome, outcomes)
            notes.problem(step.name, key, f'the step never comes to "{outcome}".{hint}')
        elif degree not in (OPENING, *degrees):
            kind = expect.split()[0]
            notes.problem(step.name, key, f'"{degree}" cannot be asked of a {kind}; leave it out.')


def _outcomes(step: Step, expect: str, known: Known, notes: Notes) -> frozenset[str] | None:
    try:
        outcomes = known.outcomes(expect)
    except ValueError as error:
        notes.problem(step.name, "expect", str(error))
        return None
    if step.may_change and expect == "text":
        notes.problem(
            step.name, "may_change", "any words would be another answer; not where text is expected."
        )
    chooses = expect.split()[0] == "choice"
    if not chooses:
        for key, given in (("choices", step.options), ("choices_from", step.choices_from)):
            if given:
                notes.problem(step.name, key, 'only a step with expect = "choice" has it.')
        return outcomes
    if bool(step.options) == bool(step.choices_from):
        notes.problem(step.name, "choices", "a choice needs either `choices` or `choices_from`.")
        return None
    _check_options(step, known, notes)
    return frozenset({"chosen"}) if step.choices_from else frozenset(option.key for option in step.options)


def _check_options(step: Step, known: Known, notes: Notes) -> None:
    """Two options that are said the same way cannot be told apart; who chooses a language chooses of all."""
    keys = {option.key for option in step.options}
    if len(keys & set(known.languages)) > 1:
        for language in sorted(set(known.languages) - keys):
            message = f'the languages can be chosen, but "{language}" is not among them.'
            notes.problem(step.name, "choices", message)
    _check_titles(step, known, notes)
    seen: dict[tuple[str, str], str] = {}
    for option in step.options:
        for language, ways in option.words.items():
            for way in ways:
                other = seen.setdefault((language, way.casefold().strip()), option.key)
                if other != option.key:
                    notes.problem(
                        step.name, f"choices.{option.key}", f'"{way}" is a word of "{other}" as well.'
                    )


def _check_titles(step: Step, known: Known, notes: Notes) -> None:
    """The first way of saying an option is its label, and has to fit on a button, where a phone shows one."""
    longest = known.longest_title(len(step.options))
    for option in step.options:
        for language, (label, *_) in option.words.items():
            key = f"choices.{option.key}.{language}"
            if len(label) > longest:
                message = f'"{label}" is too long for a button ({len(label)} of {longest} characters): put a '
                notes.problem(step.name, key, f"{message}shorter way of saying it first.")
            if known.keyword(label):
                notes.problem(step.name, key, f'"{label}" on a button would be taken for a keyword.')


def _check_ways(step: Step, outcomes: frozenset[str], always: frozenset[str], notes: Notes) -> None:
    """Every outcome needs a way, and every way an outcome that can happen."""
    can = outcomes | always
    for outcome in step.go:
        if outcome != ANY and outcome not in can:
            hint = did_you_mean(outcome, can)
            notes.problem(step.name, f"go.{outcome}", f'the step never comes to "{outcome}".{hint}')
    if step.go and ANY not in step.go:
        for outcome in sorted(outcomes - always - step.go.keys()):
            notes.problem(step.name, "go", f'there is no way on for "{outcome}"; name it, or add `else`.')


def _check_saved(flow: Flow, notes: Notes) -> None:
    """One name for an answer means one kind of answer, and never the list that a choice is made from."""
    lists = {step.choices_from: step for step in flow.steps.values() if step.choices_from}
    seen: dict[str, Step] = {}
    for step in flow.steps.values():
        if step.save_as is None:
            continue
        if step.save_as in lists:
            chooser = lists[step.save_as].name
            notes.problem(
                step.name, "save_as", f'"{step.save_as}" is what {chooser} offers: use another name.'
            )
        first = seen.setdefault(step.save_as, step)
        if first.expect != step.expect:
            notes.problem(
                step.name,
                "save_as",
                f'"{step.save_as}" is what {first.name} saves, and expects {first.expect}: use another name.',
            )


def _check_reached(flow: Flow, notes: Notes) -> None:
    if flow.start not in flow.steps:
        return
    reached, ahead = {flow.start}, [flow.start]
    while ahead:
        for target in _targets(flow.steps[ahead.pop()]):
            if target in flow.steps and target not in reached:
                reached.add(target)
                ahead.append(target)
    for name in flow.steps:
        if name not in reached:
            notes.problem(name, None, "nothing leads to this step.")


def _targets(step: Step) -> list[str]:
    gone = [step.taken_back] if step.taken_back else []
    return [*step.go.values(), *(silence.go for silence in step.silence if silence.go), *gone]


def _texts(step: Step) -> Iterator[tuple[str, Texts]]:
    if step.say:
        yield "say", step.say
    if step.unclear:
        yield "unclear", step.unclear
    if step.again:
        yield "again", step.again
    if step.example:
        yield "example", step.example
    if step.because:
        yield "because", step.because
    for n, silence in enumerate(step.silence):
        if silence.say:
            yield f"silence.{n}.say", silence.say


def check_texts(texts: Texts, step: str, key: str, known: Known, notes: Notes) -> None:
    """Note unknown placeholders, texts that are too long with each at its longest, and costly characters."""
    for language, variants in texts.items():
        for variant, text in variants.items():
            place = f"{key}.{language}" + ("" if variants.keys() == {FULL} else f".{variant}")
            _check_text(text, step, place, known, notes)
            for name in sorted(_named(text) & known.only_in.keys()):
                needed = known.only_in[name]
                if variant not in (needed, f"{needed}_{PLAIN}"):
                    message = f"{{{name}}} may stand only in the variant {needed}: elsewhere it may be empty."
                    notes.problem(step, place, message)


def _named(text: str) -> set[str]:
    # Doubled braces are to be read as braces.
    return set(_BRACES.findall(text.replace("{{", "").replace("}}", "")))


def _check_text(text: str, step: str, place: str, known: Known, notes: Notes) -> None:
    unknown = sorted(_named(text) - set(known.placeholders))
    for name in unknown:
        notes.problem(step, place, f"nothing fills {{{name}}}.{did_you_mean(name, known.placeholders)}")
    if unknown:
        return
    try:
        worst = known.worst(text)
    except ValueError as error:
        notes.problem(step, place, str(error))
        return
    encoding, segments = known.segments(worst)
    notes.measured.append(Measured(notes.file, step, place, encoding, segments))
    if encoding != _GSM7:
        costly = sorted({char for char in text if not char.isascii() and known.segments(char)[0] != _GSM7})
        cause = " ".join(f'"{char}"' for char in costly) or "a fill"
        notes.warn(step, place, f"{cause} makes it UCS-2: 70 characters a segment instead of 160.")
    if segments > _MOST_SEGMENTS:
        notes.problem(step, place, f"too long: {segments} segments at worst, {_MOST_SEGMENTS} at most.")
    elif segments > 1:
        notes.warn(step, place, f"{segments} segments at worst: costs double for everyone.")


def check_commands(
    commands: Iterable[Command], flows: Mapping[str, Flow], known: Known, notes: Notes
) -> None:
    """Note commands that start nothing, and words that two commands share."""
    seen: dict[tuple[str, str, bool], str] = {}
    for command in commands:
        # What whoever is paged says stands before what else the words may be.
        first = command.who == FIRST
        if command.starts and command.starts not in flows:
            hint = did_you_mean(command.starts, flows)
            notes.problem(command.name, "starts", f'there is no flow "{command.starts}".{hint}')
        for language, patterns in command.words.items():
            for pattern in patterns:
                try:
                    known.phrase(pattern)
                except ValueError as error:
                    notes.problem(command.name, f"words.{language}", str(error))
                slot = next(iter(_BRACES.findall(pattern)), "")
                others = {
                    seen.setdefault(
                        (language, _BRACES.sub(takes, pattern.casefold()).strip(), first), command.name
                    )
                    for takes in _TAKES.get(slot, ("{what}",))
                }
                for other in sorted(others - {command.name}):
                    notes.problem(
                        command.name, f"words.{language}", f'"{pattern}" is what "{other}" listens to.'
                    )
