"""Words between buddies: to whom they go, when they wait, and what is held back."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.buddies.groups import bonds_of, buddies_of
from assistant.circles.buddies.rematching import keep_apart
from assistant.circles.buddies.rounds import round_of
from assistant.store.database import Database
from assistant.store.tables import Member, Note, Outbox, Person, Timer
from tests.circles.buddies.test_rounds import begin, name, seated, tell_all, told
from tests.circles.town import NOW, SENDER, Town


def person(town: Town, member: Member) -> Person:
    return town.session.get_one(Person, member.person_id)


def say(town: Town, member: Member, line: str) -> ActionResult:
    return town.do("relay", person(town, member), member, line=line)


def find(town: Town, member: Member, text: str) -> ActionResult:
    return town.do("find_buddy", person(town, member), member, text=text)


def starts(done: ActionResult) -> dict[tuple[int, str], dt.datetime | None]:
    return {(each.person_id, each.flow): each.due_at for each in done.effects if isinstance(each, Start)}


def plan(town: Town, done: ActionResult) -> None:
    """Set the timers that an action asks for, as conversations do."""
    for start in done.effects:
        if isinstance(start, Start):
            timer = Timer(
                kind="prompt", person_id=start.person_id, member_id=start.member_id, flow=start.flow
            )
            timer.values, timer.due_at = dict(start.values), start.due_at or town.now
            town.session.add(timer)
    town.session.flush()


def test_words_go_to_the_buddy_to_the_letter_under_the_senders_first_name(town: Town) -> None:
    _, (ana, rosa), _ = begin(town, 2)
    done = say(town, ana, "“hi”\n  Rosa 🙂")
    (tell,) = [each for each in done.effects if isinstance(each, Tell)]
    (note,) = town.session.scalars(select(Note))
    assert tell == Tell(
        rosa.person_id,
        "relay",
        {"words": "“hi”\n  Rosa 🙂", "buddy": "Ana"},
        purpose="relay",
        circle_id=ana.circle_id,
        verbatim=("words",),
        member_id=rosa.id,
        carries=f"note:{note.id}",
    )
    assert (done.outcome, done.values["buddies"], done.values["line"]) == ("first", "Rosa", "")
    assert (note.kind, note.from_member_id, note.to_member_id, note.words) == (
        "buddy",
        ana.id,
        rosa.id,
        "“hi”\n  Rosa 🙂",
    )


def test_the_sender_hears_once_a_round_that_words_are_on_their_way(town: Town) -> None:
    _, (ana, _), _ = begin(town, 2)
    assert [say(town, ana, words).outcome for words in ("one", "two", "three")] == ["first", "sent", "sent"]


def test_of_three_the_other_two_read_it(town: Town) -> None:
    _, (ana, *_), _ = begin(town, 3)
    assert set(told(say(town, ana, "hi").effects, town)) == {"Rosa", "Mia"}


def by_name(town: Town, member: Member, text: str) -> ActionResult:
    """What a text that begins with @ and a name comes to, from the finding to the carrying."""
    found = find(town, member, text)
    assert found.outcome == "one"
    values = {key: found.values[key] for key in ("line", "to")}
    assert town.do("check_buddy", person(town, member), member, to=values["to"]).outcome == "known"
    return town.do("relay", person(town, member), member, **values)


def test_of_three_whoever_is_named_reads_it_alone_and_is_told_so(town: Town) -> None:
    _, (ana, rosa, _), _ = begin(town, 3)
    done = by_name(town, ana, "rosa, between us")
    tells = [each for each in done.effects if isinstance(each, Tell)]
    assert [(each.person_id, each.notice) for each in tells] == [(rosa.person_id, "relay_to_one")]
    assert [each.to_member_id for each in town.session.scalars(select(Note))] == [rosa.id]
    assert done.values["buddies"] == "Rosa"
    both = say(town, ana, "to all")
    assert {each.notice for each in both.effects if isinstance(each, Tell)} == {"relay"}


def test_of_three_the_sender_hears_whenever_others_read_it_than_the_last_time(town: Town) -> None:
    _, (ana, _, mia), _ = begin(town, 3)
    lines = ["hi", "Rosa hi", "rosa and you?", "both again", "Mia hi"]
    said = []
    for at, line in enumerate(lines):
        town.now = NOW + dt.timedelta(minutes=at)
        done = by_name(town, ana, line)
        said.append((done.outcome, done.values["buddies"]))
    alone, both = "Rosa", "Rosa and Mia"
    assert said == [("first", both), ("first", alone), ("sent", alone), ("first", both), ("first", "Mia")]
    mia.state = "left"
    town.session.flush()
    assert (say(town, ana, "bye").outcome, say(town, ana, "Mia?").values["buddies"]) == ("first", "Rosa")


def test_a_name_that_both_buddies_have_is_asked_about(town: Town) -> None:
    _, (ana, rosa, mia), _ = begin(town, 3)
    person(town, mia).name = name(town, rosa)
    town.session.flush()
    found = find(town, ana, "Rosa hi")
    checked = town.do("check_buddy", person(town, ana), ana, to=found.values["to"])
    assert (checked.outcome, checked.values["buddies"]) == ("changed", "Rosa and Rosa")


def test_of_three_an_answer_to_one_alone_leaves_the_other_waiting(town: Town) -> None:
    _, (ana, rosa, mia), _ = begin(town, 3)
    say(town, ana, "hi both")
    say(town, mia, "hi both")
    town.now = NOW + dt.timedelta(hours=1)
    by_name(town, rosa, "mia I am here")
    town.now = NOW + dt.timedelta(hours=25)
    waits = town.do("is_waited_for", person(town, rosa), rosa, pair=bonds_of(town.session, rosa)[0].pair.id)
    assert (waits.outcome, waits.values["buddy"]) == ("yes", "Ana")


def test_at_and_the_name_of_someone_who_has_left_reaches_nobody(town: Town) -> None:
    _, members, _ = begin(town, 4)
    ana = members[0]
    other = next(each for each in members[1:] if each not in buddies_of(town.session, ana))
    other.state = "left"
    town.session.flush()
    assert find(town, ana, f"{name(town, other)} hi").outcome == "other"


@pytest.mark.parametrize("state", ["left", "paused", "unreachable"])
def test_of_three_who_is_named_and_away_gets_nothing_and_nobody_else_does(town: Town, state: str) -> None:
    _, (ana, rosa, _), _ = begin(town, 3)
    rosa.state = state
    town.session.flush()
    found = find(town, ana, "rosa hi")
    checked = town.do("check_buddy", person(town, ana), ana, to=found.values["to"])
    assert (checked.outcome, checked.values["buddy"]) == ("away", "Rosa")


@pytest.mark.parametrize("state", ["left", "paused", "unreachable"])
def test_whoever_is_away_gets_nothing_and_the_sender_hears_so(town: Town, state: str) -> None:
    _, (ana, rosa), _ = begin(town, 2)
    rosa.state = state
    town.session.flush()
    done = town.do("check_buddy", person(town, ana), ana, line="hi")
    assert (done.outcome, done.values["line"], done.values["buddy"]) == ("away", "", "Rosa")
    assert say(town, ana, "hi").outcome == "away"
    assert town.session.scalars(select(Note)).all() == []


def test_nothing_goes_to_whom_the_sender_is_kept_apart_from(town: Town) -> None:
    circle, members, _ = begin(town, 4)
    ana = members[0]
    (rosa,) = buddies_of(town.session, ana)
    # A later round that neither was told about: this one still stands for both.
    round_of(town.session, circle, 2, SENDER, NOW)
    keep_apart(town.session, person(town, ana), person(town, rosa), SENDER, NOW)
    assert name(town, rosa) not in told(say(town, ana, "hi").effects, town)


def test_words_wait_until_the_buddy_knows_of_the_pair(town: Town) -> None:
    circle, (ana, rosa) = seated(town, 2)
    town.do("meet_buddy", person(town, ana), ana, week=1)
    done = say(town, ana, "good morning")
    assert not any(isinstance(each, Tell) for each in done.effects)
    town.do("meet_buddy", person(town, rosa), rosa, week=1)
    passed = town.do("pass_held_lines", person(town, rosa), rosa)
    assert told(passed.effects, town) == {"Rosa": ("relay", {"words": "good morning", "buddy": "Ana"})}
    assert circle.id == ana.circle_id


def test_two_days_on_the_words_themselves_introduce_the_sender(town: Town) -> None:
    _, (ana, rosa) = seated(town, 2)
    town.do("meet_buddy", person(town, ana), ana, week=1)
    town.now = NOW + dt.timedelta(days=3)
    notices = [each.notice for each in say(town, ana, "hello?").effects if isinstance(each, Tell)]
    assert notices == ["buddy_now_one", "relay"]
    assert buddies_of(town.session, rosa) == [ana]


def test_on_a_shared_phone_words_wait_for_read_unless_it_is_in_hand(town: Town) -> None:
    _, (ana, rosa), _ = begin(town, 2)
    reader = person(town, rosa)
    reader.plain = True
    assert told(say(town, ana, "hi").effects, town)["Rosa"][0] == "relay_waits"
    reader.heard_at = NOW - dt.timedelta(minutes=5)
    assert told(say(town, ana, "hi").effects, town)["Rosa"][0] == "relay"


def test_an_unanswered_line_brings_one_nudge_and_one_choice(town: Town) -> None:
    _, (ana, rosa), _ = begin(town, 2)
    first = say(town, ana, "hi")
    assert starts(first) == {
        (rosa.person_id, "buddy_nudge"): NOW + dt.timedelta(days=1),
        (ana.person_id, "buddy_quiet"): NOW + dt.timedelta(days=3),
    }
    plan(town, first)
    assert starts(say(town, ana, "still there?")) == {}


def test_of_three_each_quiet_one_is_nudged_and_the_one_who_waits_chooses_once(town: Town) -> None:
    _, (ana, rosa, mia), _ = begin(town, 3)
    done = say(town, ana, "hi")
    planned = sorted((each.person_id, each.flow) for each in done.effects if isinstance(each, Start))
    quiet = [(other.person_id, "buddy_nudge") for other in (rosa, mia)]
    assert planned == sorted([*quiet, (ana.person_id, "buddy_quiet")])


def test_the_middle_comes_to_all_once_all_have_written(town: Town) -> None:
    town.now = NOW + dt.timedelta(days=1)  # Tuesday
    _, members, _ = begin(town, 3)
    for member in members[:-1]:
        done = say(town, member, "hi")
        assert not [flow for _, flow in starts(done) if flow == "buddy_middle"]
        plan(town, done)
    done = say(town, members[-1], "hi")
    middles = {whose: due for (whose, flow), due in starts(done).items() if flow == "buddy_middle"}
    assert middles == dict.fromkeys((m.person_id for m in members), town.now + dt.timedelta(days=1))
    plan(town, done)
    assert not [flow for _, flow in starts(say(town, members[0], "more")) if flow == "buddy_middle"]


def test_there_is_no_middle_when_the_week_is_nearly_over(town: Town) -> None:
    town.now = NOW + dt.timedelta(days=4)  # Friday
    _, (ana, rosa), _ = begin(town, 2)
    say(town, ana, "hi")
    assert not [flow for _, flow in starts(say(town, rosa, "hi")) if flow == "buddy_middle"]


def test_what_is_timed_comes_by_day(town: Town) -> None:
    town.now = dt.datetime(2026, 6, 2, 4, 30, tzinfo=dt.UTC)  # 23:30 in Chicago
    _, (ana, rosa), _ = begin(town, 2)
    due = starts(say(town, ana, "can't sleep"))[rosa.person_id, "buddy_nudge"]
    assert due == dt.datetime(2026, 6, 3, 14, 0, tzinfo=dt.UTC)


def test_with_a_buddy_in_each_of_two_circles_the_sender_is_asked_which(town: Town) -> None:
    _, (ana, _), _ = begin(town, 2)
    cedar = town.circle(code="CEDAR", name="New Moms", state="running")
    here, omar = town.seat(person(town, ana), cedar), town.seat(town.person("Omar"), cedar)
    round_, _ = round_of(town.session, cedar, 1, SENDER, NOW)
    tell_all(town, round_)
    done = find(town, ana, " I got the job!")
    assert (done.outcome, done.values["options"]) == ("several", "1 Rosa, 2 Omar")
    assert [each["key"] for each in done.values["seats"]] == [str(ana.id), str(here.id)]
    assert done.values["line"] == "I got the job!"
    by_name = find(town, ana, "omar, I got the job!")
    assert (by_name.outcome, by_name.member, by_name.values["line"]) == ("one", here, "I got the job!")
    assert buddies_of(town.session, here) == [omar]


def test_at_and_the_name_of_someone_else_reaches_nobody(town: Town) -> None:
    circle, members, _ = begin(town, 4)
    town.role(town.person("Luz"), "host", circle)
    ana = members[0]
    buddies = {name(town, each) for each in buddies_of(town.session, ana)}
    other = next(each for each in members[1:] if name(town, each) not in buddies)
    assert find(town, ana, f"{name(town, other)} hi").outcome == "other"
    assert find(town, ana, "luz: hi").outcome == "other"
    # After a space it is the beginning of what she says.
    assert find(town, ana, f" {name(town, other)} is nice").outcome == "one"
    assert find(town, ana, "hello").values["line"] == "hello"


@pytest.mark.parametrize(
    "words",
    [
        "Annie hi! how are you?",
        "annie hi",
        "Annie",
        "ANNIE: call me",
        "Beto, gracias",
        "yolanda ven",
        "Xóchitl hola",
    ],
)
def test_at_and_a_name_that_nobody_has_is_asked_about(town: Town, words: str) -> None:
    _, (ana, _), _ = begin(town, 2)
    done = find(town, ana, words)
    assert (done.outcome, done.values["options"]) == ("several", "1 Rosa")
    assert done.values["line"] == words


@pytest.mark.parametrize(
    "words",
    [
        "hello",
        "hi there",
        "good morning",
        "I got it",
        "I'm late",
        "thanks!",
        "gracias",
        "running late",
        "can you talk",
    ],
)
def test_at_and_an_ordinary_word_is_for_the_senders_buddy(town: Town, words: str) -> None:
    _, (ana, _), _ = begin(town, 2)
    assert find(town, ana, words).outcome == "one"


@pytest.mark.parametrize(("text", "outcome"), [(" hi", "nobody"), ("", "nobody")])
def test_without_a_buddy_nobody_gets_it(town: Town, text: str, outcome: str) -> None:
    _, (ana, _) = seated(town, 2)
    assert find(town, ana, text).outcome == outcome


def test_nothing_is_carried_in_a_circle_that_has_closed(town: Town) -> None:
    circle, (ana, _), _ = begin(town, 2)
    circle.state = "closed"
    town.session.flush()
    assert find(town, ana, " hi").outcome == "nobody"


def test_a_name_without_words_is_empty(town: Town) -> None:
    _, (ana, _), _ = begin(town, 2)
    assert find(town, ana, "rosa").outcome == "empty"


@pytest.mark.parametrize(("line", "outcome"), [("call 512-555-0188", "number"), ("see you at 6", "clean")])
def test_a_number_is_held_back(town: Town, line: str, outcome: str) -> None:
    _, (ana, _), _ = begin(town, 2)
    assert town.do("check_words", person(town, ana), ana, line=line).outcome == outcome


def test_without_it_the_rest_goes_and_nothing_goes_if_there_is_no_rest(town: Town) -> None:
    _, (ana, _), _ = begin(town, 2)
    done = town.do("relay_without", person(town, ana), ana, line="call 512-555-0188 now")
    assert told(done.effects, town)["Rosa"][1]["words"] == "call ... now"
    assert town.do("relay_without", person(town, ana), ana, line="512-555-0188").outcome == "empty"


def test_a_yes_that_comes_after_the_words_were_let_go_sends_nothing(town: Town) -> None:
    _, (ana, _), _ = begin(town, 2)
    assert town.do("keep_line_back", person(town, ana), ana, line="x").values == {"line": ""}
    assert say(town, ana, "").outcome == "forgotten"
    assert town.do("relay_without", person(town, ana), ana, line="").outcome == "forgotten"


def test_unread_news_of_a_buddy_is_told_before_words_go(town: Town) -> None:
    _, (ana, _), _ = begin(town, 2)
    check = lambda **values: town.do("check_buddy", person(town, ana), ana, line="hi", **values)  # noqa: E731
    assert check().outcome == "known"
    ctx = town.ctx(person(town, ana), ana)
    news = Outbox(
        person_id=ana.person_id,
        circle_id=ana.circle_id,
        address_id=ctx.address_id,
        to_uri="sms:+15125550001",
        sender=SENDER,
        body="A change",
        segments=1,
        purpose="notice",
        priority=2,
        wording="notices/buddy_left_one",
        created_at=NOW,
        not_before=NOW + dt.timedelta(hours=9),
        state="queued",
    )
    town.session.add(news)
    town.session.flush()
    assert check().outcome == "changed"
    assert check(to="Rosa").outcome == "known"
    news.state = "done"
    town.session.flush()
    assert check().outcome == "known"


def test_after_words_of_last_weeks_buddy_the_sender_is_asked_whom(town: Town) -> None:
    circle, members, _ = begin(town, 4)
    ana = members[0]
    (before,) = buddies_of(town.session, ana)
    town.now = NOW + dt.timedelta(weeks=1)
    town.do("meet_buddy", person(town, ana), ana, week=2)
    say(town, before, "one more thing")  # who has not been told of the new round yet
    assert town.do("check_buddy", person(town, ana), ana, line="thanks").outcome == "changed"
    say(town, ana, "hi, you")
    assert town.do("check_buddy", person(town, ana), ana, line="and").outcome == "known"
    assert circle.id == before.circle_id


def test_the_nudge_counts_from_the_oldest_line_that_waits(town: Town) -> None:
    _, (ana, rosa), _ = begin(town, 2)
    (bond,) = bonds_of(town.session, rosa)
    say(town, ana, "hi")
    wait = lambda: town.do("is_waited_for", person(town, rosa), rosa, pair=bond.pair.id)  # noqa: E731
    assert wait().outcome == "no"
    town.now = NOW + dt.timedelta(days=1)
    say(town, ana, "are you there?")
    done = wait()
    assert (done.outcome, done.values) == ("yes", {"day": "Monday", "buddy": "Ana"})
    say(town, rosa, "here!")
    assert wait().outcome == "no"


def test_the_choice_comes_only_while_nobody_has_answered(town: Town) -> None:
    _, members, _ = begin(town, 4)
    ana = members[0]
    (rosa,) = buddies_of(town.session, ana)
    (bond,) = bonds_of(town.session, ana)
    say(town, ana, "hi")
    town.now = NOW + dt.timedelta(days=3)
    asked = town.do("is_waiting", person(town, ana), ana, pair=bond.pair.id)
    assert (asked.outcome, asked.values["buddy"]) == ("ask", name(town, rosa))
    linked = town.do("link_also", person(town, ana), ana, other=asked.values["other"])
    assert linked.outcome == "linked"
    assert len(buddies_of(town.session, ana)) == 3
    assert town.do("link_also", person(town, ana), ana, other=asked.values["other"]).outcome == "gone"
    say(town, rosa, "sorry!")
    assert town.do("is_waiting", person(town, ana), ana, pair=bond.pair.id).outcome == "no"
    assert town.do("is_waiting", person(town, ana), ana, pair=0).outcome == "no"


def test_with_nobody_else_there_is_nothing_to_choose(town: Town) -> None:
    _, (ana, _), _ = begin(town, 2)
    (bond,) = bonds_of(town.session, ana)
    say(town, ana, "hi")
    town.now = NOW + dt.timedelta(days=3)
    done = town.do("is_waiting", person(town, ana), ana, pair=bond.pair.id)
    assert (done.outcome, done.values["buddy"]) == ("wait", "Rosa")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_who_write_to_each_other_at_once_do_not_wait_for_each_other(database: Database) -> None:
    with database.write() as session:
        _, pair, _ = begin(Town(session), 2)
        ids = [member.id for member in pair]
    both_hold = threading.Barrier(2, timeout=20)
    outcomes: list[str] = []

    def write(mine: int) -> None:
        with database.write() as session:
            town = Town(session)
            member = session.get_one(Member, mine)
            # As the inbox does: each person is locked while a text of theirs is handled.
            session.scalars(
                select(Person).where(Person.id == member.person_id).with_for_update(key_share=True)
            ).one()
            both_hold.wait()
            done = say(town, member, "hi")
            plan(town, done)
            outcomes.append(done.outcome)

    writing = [threading.Thread(target=write, args=(mine,)) for mine in ids]
    for thread in writing:
        thread.start()
    for thread in writing:
        thread.join()
    assert outcomes == ["first", "first"]
