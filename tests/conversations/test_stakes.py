"""What people reply to this project's own questions is understood, or asked about, and never guessed."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from assistant.conversations.action_catalogue import all_actions
from assistant.conversations.helping.misunderstandings import offers_numbers
from assistant.engine.flow_model import ANY, WHOLE, Flow, Step
from assistant.language.replies.reply_reading import DEGREES, Choice, Expect, parse_expect, read
from assistant.runtime import read_flows
from tests.case_tables import each_case

CASES: Final = tomllib.loads((Path(__file__).parent / "cases" / "stakes.toml").read_text(encoding="utf-8"))
BOOK: Final = read_flows()
NOW: Final = dt.datetime(2026, 11, 23, 15, tzinfo=dt.UTC)
LISTED: Final = {
    "readers": {"circle": "the whole circle", "rosa": "Rosa", "luz": "Luz", "save": "just save it"},
    "seats": {"bold": "Bold Moves", "moms": "New Moms", "all": "all texts"},
    "people": {"rosa": "Rosa", "mia": "Mia"},
}
"""What an action would have listed for a choice."""


def asked(place: str) -> Expect:
    """What the question waits for, as sure as its flow says."""
    flow, _, step = place.partition(".")
    return expected(BOOK.flow(flow).steps[step])


def expected(step: Step) -> Expect:
    expect = replace(parse_expect(step.expect or "text"), sure=step.sure)
    if step.choices_from:
        listed = LISTED.get(step.choices_from, {"one": "One", "two": "Two"}).items()
        choices = tuple(Choice(key, {"en": (label,), "es": (label,)}) for key, label in listed)
        return replace(expect, choices=choices, named=True)
    choices = tuple(Choice(option.key, option.words) for option in step.options)
    return replace(expect, choices=choices, numbered=offers_numbers(step))


def rows(table: str) -> Iterator[tuple[str, str, str]]:
    for place, tables in CASES.items():
        for outcome, replies in tables.get(table, {}).items():
            yield from ((place, "unclear" if table == "asked" else outcome, reply) for reply in replies)


@each_case("language", ["en", "es"])
@each_case(("place", "outcome", "reply"), [*rows("heard"), *rows("asked")])
def test_a_reply_is_heard_or_asked_about_as_it_should_be(
    place: str, outcome: str, reply: str, language: str
) -> None:
    assert read(asked(place), reply, language).outcome == outcome


@each_case(("place", "outcome", "reply"), list(rows("or_asked")))
def test_a_reply_that_is_hard_to_read_is_never_taken_for_another(
    place: str, outcome: str, reply: str
) -> None:
    assert read(asked(place), reply, "en").outcome in {outcome, "unclear"}


RISKY: Final = frozenset({
    # Consent, a seat, a promise.
    "keep_promise", "take_invitation", "take_offer", "set_shared_phone", "ask_to_keep", "accept_role",
    # Words and names that others get to read.
    "share_with_circle", "share_without_name", "set_sharing_name", "give_to_circle", "give_to_host",
    "choose_reader",
    "hand_over_words", "relay", "relay_without", "pass_on", "let_keep", "send_previewed", "pass_note",
    "hold_note",
    # What is shown on a phone that others may see.
    "read_circle", "show_asks", "send_copy", "hand_keepsake", "read_answers",
    # Leaving, blocking, removing, pausing.
    "hold_leave", "leave_everything", "give_up_seats", "hold_block", "remove_member",
    "pause_member", "pause", "only_read",
    # Words that are gone for good.
    "take_back_older",
    # Someone may be in danger.
    "hold_alert", "send_reply", "pass_whole_to_paged", "pass_on_silence", "leave_contacts_out",
    "give_number_for_call",
    "pass_on_safe", "close_alert", "call_backup", "take_alert", "who_is_told", "tell_host_not_ok", "count_in",
    # Who hosts, whom a host means, who is called.
    "offer_seat", "take_hosted", "take_member", "take_seat", "take_one", "give_number", "hold_call",
    "hold_swap", "open_again",
    "find_recipient", "find_noted", "find_to_block", "link_also", "pair_again",
    # What is taken back, and words between someone in danger and whoever looks after them.
    "join_second_half", "pass_to_paged",
    # Forgetting a person for good; contact that is cut, and what a review decides.
    "hold_erasing", "cut_contact", "decide_report", "show_reported", "ask_for_review",
})  # fmt: skip
"""Actions that harm someone when they follow from words that meant something else."""

SAFE_SIDE: Final = {
    ("onboarding.shared_phone", "shared"): "texts stay plain",
    ("group_check_in.ask", "not_ok"): "a person looks after the member",
    ("group_check_in.ask_alone", "not_ok"): "the member is told where to turn",
    ("kind_line.number", "no"): "nothing is sent",
}
"""Answers that lead to a risky action, and to the safe side of it."""


def questions() -> Iterator[tuple[str, Step]]:
    for flow in BOOK.flows.values():
        for step in flow.steps.values():
            if step.kind == "ask" and (step.expect or "text") != "text":
                yield f"{flow.name}.{step.name}", step


def actions_after(flow: Flow, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> set[str]:
    """Every action that may follow before anything more is asked or waited for."""
    step = flow.steps.get(name)
    if step is None or (flow.name, name) in seen or step.kind in ("ask", "wait"):
        return set()
    seen |= {(flow.name, name)}
    found = {step.do} if step.do else set()
    if step.call:
        called = BOOK.flow(step.call)
        found |= actions_after(called, called.start, seen)
    return found.union(*(actions_after(flow, target, seen) for target in step.go.values()))


def risky_answers() -> list[tuple[str, str, Step]]:
    found = []
    for place, step in questions():
        flow = BOOK.flow(place.partition(".")[0])
        for outcome, target in step.go.items():
            risks = actions_after(flow, target) & RISKY
            if risks and outcome not in ("skip", "unclear") and (place, outcome) not in SAFE_SIDE:
                found.append((place, outcome, step))
    return found


@each_case(("place", "outcome", "step"), risky_answers())
def test_whatever_may_harm_follows_only_from_a_reply_understood_whole(
    place: str, outcome: str, step: Step
) -> None:
    kind = parse_expect(step.expect or "text").kind
    if kind in DEGREES:
        assert step.sure.get(outcome, step.sure.get(ANY)) == WHOLE, f"{place} needs sure for {outcome}"


def test_there_are_answers_that_may_harm() -> None:
    assert set(all_actions()) >= RISKY
    places = {place for place, _, _ in risky_answers()}
    assert {
        "safe.ask",
        "promise.ask",
        "leave.which",
        "block.which",
        "share.name",
        "route.ask",
        "show.one",
    } <= places


@each_case(
    "asking", ["{}?", "¿{}?", "{} what does that mean", "{} y quien ve eso", "{}, can I ask something first"]
)
@each_case(("place", "step"), questions())
def test_a_question_is_no_answer_where_it_may_harm(place: str, step: Step, asking: str) -> None:
    for word in ("yes", "ok", "sí", "claro", "1", "2"):
        reading = read(expected(step), asking.format(word), "en", now=NOW)
        assert (
            reading.outcome in ("unclear", "skip")
            or step.sure.get(reading.outcome, step.sure.get(ANY)) != WHOLE
        )


STARTERS: Final = (
    "I am", "I have", "I will", "I do", "it is", "it was", "si", "y", "exactly", "sure", "right", "ok so",
    "no one", "not",
    "never", "1", "2", "3", "yes if", "no unless", "sí pero", "nada", "ya", "un", "one", "claro que",
)  # fmt: skip
REST: Final = (
    "worried about my rent",
    "la luz se fue otra vez",
    "kids at home with fever",
    "ayer en el mercado",
    "jobs to apply for",
)


def different_questions() -> list[tuple[str, Step]]:
    """One of those that wait for just the same, and are as sure of it.

    What could be a name is looked up; nothing follows from one that nobody has.
    """
    some = {repr(expected(step)): (place, step) for place, step in questions() if step.expect != "name"}
    return list(some.values())


@each_case(("place", "step"), different_questions())
def test_the_start_of_a_sentence_answers_nothing_that_may_harm(place: str, step: Step) -> None:
    expect = expected(step)
    for start in STARTERS:
        for rest in REST:
            outcome = read(expect, f"{start} {rest}", "es", now=NOW).outcome
            sure = step.sure.get(outcome, step.sure.get(ANY))
            assert outcome in ("unclear", "skip") or sure != WHOLE, f"{start} {rest}: {outcome}"
