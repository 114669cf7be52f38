"""What people read in the flows of this room keeps our promises."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from assistant.circles.actions.placeholders import PLACEHOLDERS
from assistant.engine.book import FlowBook
from assistant.engine.wording import choose_text
from assistant.language.folding import plain_words
from assistant.language.rendering import placeholders, render
from assistant.runtime import read_flows

RESERVED = {
    *("stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout"),
    *("start", "yes", "unstop", "help", "info"),
}
"""Single words on which the carrier itself acts (its default opt-out keywords)."""


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


def every_text(book: FlowBook) -> Iterator[tuple[str, str, str, str]]:
    """(where, language, variant, text) of everything that is said."""
    texts = [(f"notices/{name}", said) for name, said in book.notices.items()]
    for flow in book.flows.values():
        for step in flow.steps.values():
            where = f"{flow.name}/{step.name}"
            texts += [(where, said) for said in (step.say, step.unclear) if said]
            texts += [(where, silence.say) for silence in step.silence if silence.say]
    for where, said in texts:
        for language, variants in said.items():
            for variant, text in variants.items():
                yield where, language, variant, text


def test_no_command_is_a_word_of_the_carriers(book: FlowBook) -> None:
    for command in book.commands.values():
        for patterns in command.words.values():
            assert not {pattern.casefold() for pattern in patterns} & RESERVED, command.name


def test_nobody_reads_a_word_for_lovers(book: FlowBook) -> None:
    """On a shared phone "partner", "pareja" and "trio" read as romance."""
    for where, _, _, text in every_text(book):
        assert not {"partner", "pareja", "trio", "trios"} & set(plain_words(text)), where


def test_whatever_is_said_on_a_shared_phone_hides_names_and_topics(book: FlowBook) -> None:
    hidden = {name: f"<{name}>" for name in PLACEHOLDERS}
    for flow in book.flows.values():
        for step in flow.steps.values():
            for language in step.say or {}:
                values = {"named": "yes", "placed": "yes"}
                text = choose_text(step.say or {}, language, values, plain=True)
                placeholders = hidden | {
                    name: placeholder.plain[language]
                    for name, placeholder in PLACEHOLDERS.items()
                    if placeholder.plain
                }
                assert not re.search(
                    "<(name|other_name|host|circle|cohort|goal)>", render(text, placeholders)
                ), step.name


def test_every_question_says_who_sees_the_answer(book: FlowBook) -> None:
    # Variants say whether it is today's buddy, the next one, or nobody, as `visible_to` has it.
    to_buddies = {
        "en": r"\(Your (buddy|next buddy|next buddies) sees? (this|it)\.\)",
        "es": r"\((Tu|Tus) (dupla|pr\u00f3xima dupla|pr\u00f3ximas duplas) lo (ve|ven)\.\)",
    }
    said: Mapping[tuple[str, str], str] = {
        ("us", "en"): r"\((Just us|They see nothing of it unless you say yes)\.\)",
        ("us", "es"): r"\((Queda aqu\u00ed|No ven nada si no dices que s\u00ed)\.\)",
        ("circle", "en"): r"\(The circle sees this\.\)",
        ("circle", "es"): r"\(El c\u00edrculo lo ve\.\)",
        **{("buddy", language): ends for language, ends in to_buddies.items()},
    }
    for flow in (
        "onboarding",
        "settle_place",
        "goal",
        "join",
        "host",
        "leave",
        "about_me",
        "rename",
        "language",
        "new_circle",
        "handoff",
        "backup",
        "backup_named",
    ):
        for step in book.flows[flow].steps.values():
            if step.kind == "ask" and step.say:
                for language, variants in step.say.items():
                    for variant, text in variants.items():
                        seen_by = step.visible_to.get(variant, step.visible_to["full"])
                        assert re.search(f"{said[seen_by, language]}$", text), (flow, step.name, text)


def test_the_legal_texts_hold_what_the_law_asks(book: FlowBook) -> None:
    """CTIA 5.1.2.1: who, how often, what it may cost, HELP and STOP."""
    legal = [
        book.flows[flow].steps[step].say
        for flow, step in (("onboarding", "confirm"), ("another_circle", "confirm"), ("join", "back"))
    ]
    for texts in [*legal, book.notices["opted_in"]]:
        assert texts is not None
        assert {"service"} <= set(placeholders(texts["en"]["full"]))
        for word in ("msgs a week", "Msg & data rates may apply", "HELP", "STOP"):
            assert word in texts["en"]["full"]
        for word in ("{service}", "msjs por semana", "tarifas", "AYUDA", "STOP"):
            assert word in texts["es"]["full"]
