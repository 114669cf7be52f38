"""How a conversation moves: from stop to stop, through calls and silences, never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.engine import (
    Ask,
    Caller,
    Do,
    EngineError,
    Flow,
    FlowBook,
    Option,
    Place,
    Say,
    Silence,
    Step,
    Turn,
    UnknownVersion,
    Wait,
    advance,
    begin,
    repeat,
    silence,
)
from assistant.engine.versions import build_flow, source_of
from tests.engine.flow_folder import FlowFolder

CHECK_IN = """\
    flow = "check_in"
    title = "Check-in"
    start = "hello"

    [hello]
    say = { en = "Hi.", es = "Hola." }
    go = "how"

    [how]
    say = { en = "How are you?", es = "¿Cómo estás?" }
    expect = "yes_no"
    visible_to = "host"
    unclear = { en = "Yes or no?", es = "¿Sí o no?" }
    go = { yes = "glad", no = "help" }

    [[how.silence]]
    after = "48 hours"
    say = { en = "Still there?", es = "¿Sigues ahí?" }

    [[how.silence]]
    after = "4 days"
    say = { en = "Until next week.", es = "Hasta la próxima." }
    go = "rest"

    [glad]
    say = { en = "Glad.", es = "Qué bien." }
    go = "look"

    [look]
    do = "look_again"
    go = { yes = "how", else = "end" }

    [help]
    call = "help"
    go = "glad"

    [rest]
    wait = "next day, her hour"
    go = "how"
"""
HELP = """\
    flow = "help"
    title = "Help"
    start = "line"

    [line]
    say = { en = "Call 988.", es = "Llama al 988." }
    go = "safe"

    [safe]
    say = { en = "Are you safe?", es = "¿Estás a salvo?" }
    expect = "yes_no"
    visible_to = "host"
    unclear = { en = "Yes or no?", es = "¿Sí o no?" }
    go = "bye"

    [bye]
    say = { en = "Thank you.", es = "Gracias." }
"""


@pytest.fixture
def book(folder: FlowFolder) -> FlowBook:
    folder.write("check_in", CHECK_IN)
    folder.write("help", HELP)
    return folder.load()


def version(book: FlowBook, flow: str) -> str:
    return book.flow(flow).version


def place(book: FlowBook, step: str, flow: str = "check_in", *callers: Caller) -> Place:
    return Place(flow, version(book, flow), step, callers)


def said(turn: Turn) -> list[str]:
    return [
        f"{effect.flow}.{effect.step}.{effect.part}" for effect in turn.effects if isinstance(effect, Say)
    ]


def test_a_flow_begins_with_what_it_says_and_stops_at_the_first_question(book: FlowBook) -> None:
    turn = begin(book, "check_in")

    assert turn.place == place(book, "how")
    assert said(turn) == ["check_in.hello.say", "check_in.how.say"]
    assert turn.effects[-1] == Ask("check_in", "how")


def test_an_answer_moves_on_to_the_action_that_follows(book: FlowBook) -> None:
    turn = advance(book, place(book, "how"), "yes")

    assert turn.place == place(book, "look")
    assert turn.effects[-1] == Do("look_again")


def test_an_action_chooses_the_way_by_its_outcome(book: FlowBook) -> None:
    assert advance(book, place(book, "look"), "yes").place == place(book, "how")
    assert advance(book, place(book, "look"), "no") == Turn(None, ())


@pytest.mark.parametrize("outcome", ["unclear", "skip", "something of tomorrow"])
def test_an_outcome_without_a_way_stays_and_says_so(book: FlowBook, outcome: str) -> None:
    here = place(book, "how")

    turn = advance(book, here, outcome)

    assert turn == Turn(here, (Say("check_in", "how", "unclear", version(book, "check_in")),))


def test_an_unclear_reply_does_not_follow_the_way_for_everything(book: FlowBook) -> None:
    here = place(book, "safe", "help")

    assert advance(book, here, "unclear").place == here
    assert advance(book, here, "skip").place is None


def test_a_called_flow_comes_back_to_where_it_was_called(book: FlowBook) -> None:
    turn = advance(book, place(book, "how"), "no")

    assert turn.place == place(book, "safe", "help", Caller("check_in", version(book, "check_in"), "help"))
    assert said(turn) == ["help.line.say", "help.safe.say"]

    assert turn.place is not None
    back = advance(book, turn.place, "yes")

    assert back.place == place(book, "look")
    assert said(back) == ["help.bye.say", "check_in.glad.say"]


def test_a_silence_may_only_say_something(book: FlowBook) -> None:
    here = place(book, "how")

    assert silence(book, here, 0) == Turn(
        here, (Say("check_in", "how", "silence.0", version(book, "check_in")),)
    )


def test_a_silence_may_say_something_and_move_on(book: FlowBook) -> None:
    turn = silence(book, place(book, "how"), 1)

    assert said(turn) == ["check_in.how.silence.1"]
    assert turn.effects[-1] == Wait("next day, her hour")
    assert turn.place == place(book, "rest")


def test_a_silence_that_comes_too_late_changes_nothing(book: FlowBook) -> None:
    here = place(book, "look")

    assert silence(book, here, 1) == Turn(here, ())


def test_a_wait_that_is_over_moves_on(book: FlowBook) -> None:
    assert advance(book, place(book, "rest"), "waited").place == place(book, "how")


def test_a_question_that_was_set_aside_is_asked_again(book: FlowBook) -> None:
    here = place(book, "how")

    turn = repeat(book, here)

    assert turn.place == here
    assert said(turn) == ["check_in.how.say"]
    assert turn.effects[-1] == Ask("check_in", "how")


def test_a_wait_is_repeated_without_a_word(book: FlowBook) -> None:
    assert repeat(book, place(book, "rest")).effects == (Wait("next day, her hour"),)


def test_a_flow_that_is_not_there_is_our_mistake(book: FlowBook) -> None:
    with pytest.raises(EngineError, match='Did you mean "check_in"'):
        begin(book, "chek_in")


def test_a_step_that_is_not_there_is_our_mistake(book: FlowBook) -> None:
    with pytest.raises(EngineError, match="no step nowhere"):
        advance(book, place(book, "nowhere"), "yes")


def test_an_outcome_that_an_action_never_declared_is_our_mistake(book: FlowBook) -> None:
    step = Step("look", "do", {"yes": "end"}, do="look_again")
    book = FlowBook([build_flow("f", "F", "look", {"look": step})])

    with pytest.raises(EngineError, match='"look_again" came to "maybe"'):
        advance(book, place(book, "look", "f"), "maybe")


def test_an_old_version_without_a_way_for_a_new_outcome_ends_kindly(book: FlowBook) -> None:
    old = build_flow("check_in", "C", "look", {"look": Step("look", "do", {"yes": "end"}, do="look_again")})
    book.remember(source_of(old))

    assert advance(book, Place("check_in", old.version, "look"), "maybe") == Turn(None, ())


def test_an_old_version_that_calls_a_flow_that_is_gone_goes_on(book: FlowBook) -> None:
    steps = {
        "a": Step("a", "do", {"*": "b"}, do="look_again"),
        "b": Step("b", "call", {"*": "c"}, call="gone"),
        "c": Step("c", "wait", {"*": "end"}, wait="2 days"),
    }
    old = build_flow("check_in", "C", "a", steps)
    book.remember(source_of(old))

    turn = advance(book, Place("check_in", old.version, "a"), "yes")

    assert turn.place == Place("check_in", old.version, "c")


def test_versions_of_different_days_that_go_round_are_stopped() -> None:
    calling = {"a": Step("a", "call", {"*": "end"}, call="round")}
    book = FlowBook([build_flow("round", "R", "a", calling)])

    with pytest.raises(EngineError, match="without ever waiting"):
        begin(book, "round")


def test_a_caller_whose_version_is_not_loaded_is_asked_for(book: FlowBook) -> None:
    here = place(book, "safe", "help", Caller("check_in", "0123456789abcdef", "help"))

    with pytest.raises(UnknownVersion) as raised:
        advance(book, here, "yes")

    assert (raised.value.flow, raised.value.version) == ("check_in", "0123456789abcdef")


def test_names_of_files_are_never_run_as_callbacks() -> None:
    ask = Step(
        "os.abort",
        "ask",
        {"os.abort": "before", "state": "before", "*": "on_enter_before"},
        visible_to={"full": "us"},
    )
    steps = {
        "os.abort": ask,
        "before": Step("before", "wait", {"*": "end"}, wait="2 days"),
        "on_enter_before": Step("on_enter_before", "say", {"*": "end"}),
    }
    book = FlowBook([build_flow("odd", "Odd", "os.abort", steps)])

    assert advance(book, place(book, "os.abort", "odd"), "os.abort").place == place(book, "before", "odd")
    assert advance(book, place(book, "os.abort", "odd"), "state").place == place(book, "before", "odd")
    assert advance(book, place(book, "os.abort", "odd"), "other").place is None


def test_many_threads_share_one_machine(book: FlowBook) -> None:
    def walk(turns: int) -> list[Place | None]:
        here = begin(book, "check_in").place
        seen = []
        for turn in range(turns):
            assert here is not None
            outcome = {"how": "no", "safe": "yes", "look": "yes"}[here.step] if turn % 5 else "unclear"
            # An action cannot be unclear; its `else` takes that to the end.
            here = advance(book, here, outcome).place or begin(book, "check_in").place
            seen.append(here)
        return seen

    with ThreadPoolExecutor(8) as pool:
        walks = list(pool.map(walk, [300] * 16))

    assert all(seen == walks[0] for seen in walks)


NAMES = st.sampled_from(["a", "b", "c", "d"])
TARGETS = st.sampled_from(["a", "b", "c", "d", "end"])
WAYS = st.dictionaries(st.sampled_from(["yes", "no", "skip", "unclear", "*"]), TARGETS, min_size=1)
SILENCES = st.lists(st.builds(Silence, after=st.just("2 days"), go=st.none() | TARGETS), max_size=2).map(
    tuple
)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Flows of questions, waits and actions; they always stop, so they may go any way."""
    steps = {}
    for name in ("a", "b", "c", "d"):
        kind = draw(st.sampled_from(["ask", "wait", "do"]))
        steps[name] = Step(
            name,
            kind,
            draw(WAYS),
            say={"en": {"full": name}} if kind == "ask" else None,
            expect="yes_no" if kind == "ask" else None,
            options=(Option("yes", {"en": ("yes",)}),) if kind == "ask" else (),
            silence=draw(SILENCES) if kind == "ask" else (),
        )
    return build_flow("any", "Any", draw(NAMES), steps)


@settings(max_examples=100)
@given(
    flow=flows(),
    replies=st.lists(st.sampled_from(["yes", "no", "skip", "unclear", "waited", "?", "silence"])),
)
def test_whatever_is_replied_an_older_version_never_fails(flow: Flow, replies: list[str]) -> None:
    book = FlowBook([build_flow("any", "Any", "a", {"a": Step("a", "wait", {"*": "end"}, wait="2 days")})])
    book.remember(source_of(flow))
    here: Place | None = Place("any", flow.version, flow.start)
    for reply in replies:
        if here is None:
            break
        turn = silence(book, here, 0) if reply == "silence" else advance(book, here, reply)
        assert turn.place is None or turn.place.step in flow.steps
        if turn.place is not None and turn.place != here:
            assert isinstance(turn.effects[-1], Ask | Do | Wait)
        here = turn.place
