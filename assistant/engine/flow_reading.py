"""Reads the tables of one flow file into steps, noting every key that is unknown, missing or misshapen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from assistant.engine.flow_model import (
    ANY,
    ASKED,
    AUDIENCES,
    CAPITALS,
    END,
    SURE,
    TOGETHER,
    UNLESS_ANSWER,
    Command,
    Flow,
    Option,
    Silence,
    Step,
    Texts,
)
from assistant.engine.problems import Notes, did_you_mean
from assistant.engine.shared_texts import Shared
from assistant.engine.versions import build_flow
from assistant.engine.wording import FULL, PLAIN

KEYS: Mapping[str, frozenset[str]] = {
    "say": frozenset({"say", "go"}),
    "ask": frozenset(
        {
            *("say", "expect", "sure", "visible_to", "save_as", "unclear", "again", "example", "because"),
            *("taken_back", "choices", "choices_from", "silence", "may_change", "go"),
        }
    ),
    "do": frozenset({"do", "go"}),
    "wait": frozenset({"wait", "say", "go"}),
    "call": frozenset({"call", "go"}),
}
"""What each kind of step may hold."""

_MARKS: Mapping[str, str] = {"expect": "ask", "do": "do", "wait": "wait", "call": "call"}
_ALL_KEYS = frozenset().union(*KEYS.values())
_TOP = frozenset({"flow", "title", "start", "about", "safety", "urgent", "because", "taken_back"})
_INTERRUPTS = (CAPITALS, ASKED, UNLESS_ANSWER, TOGETHER)
_COMMAND = frozenset({"words", "who", "starts", "interrupts", "names_subject"})
WHO = ("anyone", "member", "host", "organizer", "on_call", "offered", "paged")

NAME = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_NAME = 64
_LONGEST_SAVE_AS = 40
_VARIANT = re.compile(r"[a-z][a-z0-9_]*_[A-Za-z0-9_]+")
_SLOT = re.compile(r"\{([^{}]*)\}")


@dataclass(slots=True)
class Reader:
    """Reads one file, for these languages, into notes; texts may be named that are shared."""

    notes: Notes
    languages: tuple[str, ...]
    shared: Shared

    def read_flow(self, raw: Mapping[str, Any], stem: str) -> Flow:
        """A flow as far as it could be understood; named as its file (`stem`) where it does not say."""
        steps = {}
        for name, table in self.tables(raw):
            if name == END:
                self.notes.problem(name, None, '"end" means the end of a flow; give the step another name.')
            steps[name] = self._step(name, table)
        because = self.read_texts(raw["because"], None, "because") if "because" in raw else None
        gone = self._string(raw, None, "taken_back")
        steps = {name: _question_of(step, because, gone) for name, step in steps.items()}
        title, start = self._string(raw, None, "title"), self._string(raw, None, "start")
        self._string(raw, None, "about")
        if title is None and "title" not in raw:
            self.notes.problem(
                None, "title", "the flow has no title; give it one that a host will understand."
            )
        if start is None and "start" not in raw:
            self.notes.problem(None, "start", "nothing says which step comes first.")
        marks = {}
        for mark in ("safety", "urgent"):
            marks[mark] = raw.get(mark, False)
            if not isinstance(marks[mark], bool):
                self.notes.problem(None, mark, "it is true or false, without quotes.")
        name = self._string(raw, None, "flow") or stem
        return build_flow(
            name, title or "", start or "", steps, **{mark: given is True for mark, given in marks.items()}
        )

    def read_notices(self, raw: Mapping[str, Any]) -> dict[str, Texts]:
        """The texts outside conversations, or those that are shared: each table only says."""
        notices = {}
        for name, table in self.tables(raw):
            self.check_keys(name, table, frozenset({"say"}))
            if "say" not in table:
                self.notes.problem(name, "say", "it has to say something.")
            texts = self.read_texts(table.get("say"), name, "say")
            if texts:
                notices[name] = texts
        return notices

    def read_commands(self, raw: Mapping[str, Any]) -> list[Command]:
        """The words that start a flow at any time."""
        commands = []
        for name, table in self.tables(raw):
            self.check_keys(name, table, _COMMAND)
            who, starts = self._string(table, name, "who"), self._string(table, name, "starts")
            for key in ("words", "who", "starts"):
                if key not in table:
                    self.notes.problem(name, key, f"a command needs `{key}`.")
            if who is not None and who not in WHO:
                self.notes.problem(name, "who", f'nobody is called "{who}".{did_you_mean(who, WHO)}')
            interrupts = table.get("interrupts", False)
            if not isinstance(interrupts, bool) and interrupts not in _INTERRUPTS:
                named = ", ".join(f'"{each}"' for each in _INTERRUPTS)
                self.notes.problem(name, "interrupts", f"it is true or false, without quotes, or {named}.")
                interrupts = False
            words = self.read_words(table.get("words", {}), name, "words") if "words" in table else {}
            self._check_slots(name, words)
            subject = self._flag(name, table, "names_subject")
            commands.append(Command(name, words, who or "anyone", starts or "", interrupts, subject))
        return commands

    def _check_slots(self, name: str, words: Mapping[str, tuple[str, ...]]) -> None:
        slots = {slot for patterns in words.values() for text in patterns for slot in _SLOT.findall(text)}
        for slot in sorted(slots):
            if not NAME.fullmatch(slot):
                message = f'"{{{slot}}}" is no name for a slot: small letters, digits and _ only.'
                self.notes.problem(name, "words", message)
        if len(slots) > 1:
            listed = ", ".join(f"{{{slot}}}" for slot in sorted(slots))
            self.notes.problem(name, "words", f"a command has one slot, of one name; here are {listed}.")

    def tables(self, raw: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
        """The tables of a file, which are its steps; any other key at its top has to be a known one."""
        found = []
        for key, value in raw.items():
            if key in _TOP:
                continue
            if isinstance(value, Mapping):
                if not NAME.fullmatch(key) or len(key) > LONGEST_NAME:
                    self.notes.problem(
                        key,
                        None,
                        "a name begins with a small letter and goes on with small letters, digits and _.",
                    )
                found.append((key, value))
            else:
                self.notes.problem(None, key, f'a file has no key "{key}".{did_you_mean(key, _TOP)}')
        return found

    def _step(self, name: str, table: Mapping[str, Any]) -> Step:
        kind = self._kind(name, table)
        self.check_keys(name, table, _ALL_KEYS)
        for key in sorted((table.keys() & _ALL_KEYS) - KEYS[kind]):
            home = " or ".join(sorted(other for other, keys in KEYS.items() if key in keys))
            hint = " A step that asks has `expect`." if home == "ask" else ""
            self.notes.problem(
                name, key, f"`{key}` belongs in a step that can {home}; this one can {kind}.{hint}"
            )
        say = self.read_texts(table["say"], name, "say") if "say" in table else None
        return Step(
            name=name,
            kind=kind,
            go=self._go(name, table, kind),
            say=say,
            unclear=self.read_texts(table["unclear"], name, "unclear") if "unclear" in table else None,
            again=self.read_texts(table["again"], name, "again") if "again" in table else None,
            example=self.read_texts(table["example"], name, "example") if "example" in table else None,
            because=self.read_texts(table["because"], name, "because") if "because" in table else None,
            taken_back=self._string(table, name, "taken_back"),
            expect=self._string(table, name, "expect"),
            sure=self._sure(name, table["sure"]) if "sure" in table else {},
            visible_to=self._visible_to(name, table["visible_to"]) if "visible_to" in table else {},
            save_as=self._save_as(name, table),
            may_change=self._flag(name, table, "may_change"),
            options=self._options(name, table["choices"]) if "choices" in table else (),
            choices_from=self._string(table, name, "choices_from"),
            silence=self._silence(name, table["silence"]) if "silence" in table else (),
            do=self._string(table, name, "do"),
            wait=self._string(table, name, "wait"),
            call=self._string(table, name, "call"),
        )

    def _flag(self, name: str, table: Mapping[str, Any], key: str) -> bool:
        if not isinstance(table.get(key, False), bool):
            self.notes.problem(name, key, "it is true or false.")
        return table.get(key) is True

    def _kind(self, name: str, table: Mapping[str, Any]) -> str:
        marks = [key for key in _MARKS if key in table]
        if len(marks) > 1:
            both = " and ".join(f"`{key}`" for key in marks)
            self.notes.problem(name, marks[1], f"{both} do not go together: make them two steps.")
        if not marks and "say" not in table:
            self.notes.problem(
                name,
                None,
                "the step does nothing: give it `say`, `expect` (with `say`), `do`, `wait` or `call`.",
            )
        return _MARKS[marks[0]] if marks else "say"

    def _go(self, name: str, table: Mapping[str, Any], kind: str) -> dict[str, str]:
        go = table.get("go")
        if go is None and kind == "say":
            return {ANY: END}
        if go is None:
            self.notes.problem(name, "go", 'nothing says where it goes on; `go = "end"` ends the flow.')
            return {}
        if isinstance(go, str):
            return {ANY: go}
        if not isinstance(go, Mapping) or not all(isinstance(target, str) for target in go.values()):
            self.notes.problem(
                name, "go", 'it is the name of a step, or { outcome = "step", else = "step" }.'
            )
            return {}
        if kind in ("say", "wait", "call"):
            self.notes.problem(
                name, "go", f"there is one way on from a step that can {kind}: give only its name."
            )
            return {ANY: next(iter(go.values()), END)}
        if not go:
            self.notes.problem(name, "go", "it names no way on.")
        return {ANY if outcome == "else" else outcome: target for outcome, target in go.items()}

    def _sure(self, name: str, value: Any) -> dict[str, str]:
        degrees = value if isinstance(value, Mapping) else {"else": value}
        for outcome, degree in degrees.items():
            key = f"sure.{outcome}" if isinstance(value, Mapping) else "sure"
            if not isinstance(degree, str) or degree not in SURE:
                hint = did_you_mean(str(degree), SURE)
                self.notes.problem(name, key, f'a reply cannot be sure "{degree}".{hint}')
        return {
            ANY if outcome == "else" else outcome: degree
            for outcome, degree in degrees.items()
            if isinstance(degree, str) and degree in SURE
        }

    def _visible_to(self, name: str, value: Any) -> dict[str, str]:
        variants = value if isinstance(value, Mapping) else {FULL: value}
        for variant, audience in variants.items():
            key = "visible_to" if variant == FULL else f"visible_to.{variant}"
            if not isinstance(audience, str) or audience not in AUDIENCES:
                hint = did_you_mean(str(audience), AUDIENCES)
                self.notes.problem(name, key, f'nobody is called "{audience}".{hint}')
        self._variants(name, "visible_to", variants)
        return {variant: audience for variant, audience in variants.items() if audience in AUDIENCES}

    def _save_as(self, name: str, table: Mapping[str, Any]) -> str | None:
        save_as = self._string(table, name, "save_as")
        if save_as is not None and (not NAME.fullmatch(save_as) or len(save_as) > _LONGEST_SAVE_AS):
            self.notes.problem(
                name,
                "save_as",
                f"small letters, digits and _ only, {_LONGEST_SAVE_AS} at most, a letter first.",
            )
        return save_as

    def _options(self, name: str, value: Any) -> tuple[Option, ...]:
        if not isinstance(value, Mapping) or not value:
            self.notes.problem(
                name, "choices", 'write each as  key = { en = ["word", "another"], es = ["..."] }.'
            )
            return ()
        for key in value:
            if not NAME.fullmatch(key) or key in ("else", "skip", "unclear", "chosen"):
                self.notes.problem(name, f"choices.{key}", f'"{key}" cannot be the name of a choice.')
        return tuple(
            Option(key, self.read_words(words, name, f"choices.{key}")) for key, words in value.items()
        )

    def read_words(self, value: Any, name: str, key: str) -> dict[str, tuple[str, ...]]:
        """Ways of saying something: language -> one string or a list of them."""
        words: dict[str, tuple[str, ...]] = {}
        for language, ways in self._languages(value, name, key).items():
            listed = [ways] if isinstance(ways, str) else ways
            if (
                not isinstance(listed, list)
                or not listed
                or not all(isinstance(w, str) and w.strip() for w in listed)
            ):
                self.notes.problem(
                    name, f"{key}.{language}", "it is a text, or a list of texts, and not empty."
                )
            else:
                words[language] = tuple(listed)
        return words

    def _silence(self, name: str, value: Any) -> tuple[Silence, ...]:
        """The silences of a question; a mere time, such as "24 hours", ends the flow after it."""
        if isinstance(value, str):
            return (Silence(value, None, END),)
        kept = []
        for n, entry in enumerate(value if isinstance(value, list) else [value]):
            key = f"silence.{n}"
            if not isinstance(entry, Mapping):
                message = 'write it as  silence = "24 hours", or [{ after = "48 hours", go = "step" }].'
                self.notes.problem(name, key, message)
                continue
            self.check_keys(name, entry, frozenset({"after", "say", "go"}), f"{key}.")
            after, go = (
                self._string(entry, name, "after", f"{key}."),
                self._string(entry, name, "go", f"{key}."),
            )
            if after is None:
                self.notes.problem(name, key, 'it needs `after`, such as after = "48 hours".')
            if "say" not in entry and go is None:
                self.notes.problem(name, key, "it neither says anything nor goes anywhere.")
            say = self.read_texts(entry["say"], name, f"{key}.say") if "say" in entry else None
            kept.append(Silence(after or "", say, go))
        return tuple(kept)

    def read_texts(self, value: Any, name: str | None, key: str) -> Texts:
        """What is said, by language and variant; a mere name stands for a shared text."""
        if isinstance(value, str):
            return self._shared(value, name, key)
        texts: dict[str, dict[str, str]] = {}
        for language, said in self._languages(value, name, key).items():
            variants = {FULL: said} if isinstance(said, str) else said
            place = f"{key}.{language}"
            if not isinstance(variants, Mapping) or not all(
                isinstance(text, str) for text in variants.values()
            ):
                self.notes.problem(
                    name, place, "it is a text, or texts named full, plain, week_2, week_2_plain ..."
                )
                continue
            for variant, text in variants.items():
                if not text.strip():
                    self.notes.problem(
                        name, place if variant == FULL else f"{place}.{variant}", "the text is empty."
                    )
            self._variants(name, place, variants)
            texts[language] = dict(variants)
        everywhere = {variant for variants in texts.values() for variant in variants}
        for language, variants in texts.items():
            for variant in sorted(everywhere - variants.keys() - {FULL}):
                self.notes.problem(name, f"{key}.{language}.{variant}", "this variant is not translated.")
        return texts

    def _shared(self, wanted: str, name: str | None, key: str) -> Texts:
        texts = self.shared.find(wanted)
        if texts is None and not self.shared.unread:
            each = " and ".join(f"{key.split('.')[-1]}.{language}" for language in self.languages)
            message = f"{self.shared.hint(wanted)} A text of its own is given once for each language: {each}."
            self.notes.problem(name, key, message)
        # Something stands in for it, or the step would be blamed for saying nothing as well.
        return texts or {language: {FULL: wanted} for language in self.languages}

    def _languages(self, value: Any, name: str | None, key: str) -> dict[str, Any]:
        """What stands under each language, once every language was seen to be there."""
        if not isinstance(value, Mapping):
            wanted = " and ".join(f"{key.split('.')[-1]}.{language}" for language in self.languages)
            self.notes.problem(name, key, f"it is given once for each language: {wanted}.")
            return {}
        for language in value.keys() - set(self.languages):
            self.notes.problem(
                name,
                f"{key}.{language}",
                f'no language "{language}".{did_you_mean(language, self.languages)}',
            )
        for language in self.languages:
            if language not in value:
                self.notes.problem(name, f"{key}.{language}", f'there is no translation to "{language}".')
        return {language: value[language] for language in self.languages if language in value}

    def _variants(self, name: str | None, key: str, variants: Mapping[str, Any]) -> None:
        if FULL not in variants:
            self.notes.problem(name, key, f"there is no `{FULL}`, the one that holds when no other does.")
        for variant in variants:
            if variant not in (FULL, PLAIN) and not _VARIANT.fullmatch(variant):
                hint = did_you_mean(variant, (FULL, PLAIN)) or " Like week_2: the value's name, _, the value."
                self.notes.problem(name, f"{key}.{variant}", f'"{variant}" is no variant.{hint}')

    def check_keys(
        self, name: str, table: Mapping[str, Any], known: frozenset[str], prefix: str = ""
    ) -> None:
        for key in table:
            if key not in known:
                self.notes.problem(
                    name, f"{prefix}{key}", f'no key is called "{key}".{did_you_mean(key, known)}'
                )

    def _string(self, table: Mapping[str, Any], name: str | None, key: str, prefix: str = "") -> str | None:
        value = table.get(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self.notes.problem(name, f"{prefix}{key}", "it has to be a text in quotes, and not empty.")
        return None


def _question_of(step: Step, because: Texts | None, gone: str | None) -> Step:
    """The step with what its whole flow says of its questions, where it says nothing itself."""
    asked = replace(step, because=step.because or because, taken_back=step.taken_back or gone)
    return asked if step.kind == "ask" else step
