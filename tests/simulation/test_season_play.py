"""A season in short keeps every promise and is the same each time; what is broken on purpose is seen."""

from __future__ import annotations

import datetime as dt
import random
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from assistant.carriers.twilio_addresses import to_uri
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import ACTIONS, Action
from assistant.circles.people.addresses import address_for
from assistant.circles.sharing.second_halves import HALF
from assistant.conversations.action_catalogue import all_actions
from assistant.delivery import verdicts
from assistant.delivery.outbox import Draft, put
from assistant.engine.book import FlowBook
from assistant.fake_twilio.fake_carrier import LOCAL_SERVICE_SID
from assistant.fake_twilio.records import Block
from assistant.safety import first_response
from assistant.schedule.local_time import allowed
from assistant.simulation.acting import Company
from assistant.simulation.channel_checks import check_channels, give_phones
from assistant.simulation.habits import Written
from assistant.simulation.invariants import PROMISES, Score
from assistant.simulation.personas import PHOTO, Asked, Voice, awake, read_cast
from assistant.simulation.season_play import simulate
from assistant.simulation.story import Story
from assistant.simulation.text_checks import Passed, Watcher
from assistant.simulation.word_ledger import Secret, WordLedger
from assistant.simulation.world import World
from assistant.simulation.world_phones import approve_templates
from assistant.store.tables import Circle, Conversation, Member, Pair, PairMember, Person, Round
from tests.circles.town import Town
from tests.simulation.conftest import CHICAGO, HELD_TO, NOON, Stage, reads_nothing

AT_NIGHT = dt.datetime(2026, 9, 16, 3, 0, tzinfo=CHICAGO)


@pytest.fixture(scope="module")
def story(book: FlowBook) -> Story:
    """A week of two circles on phones of every kind: the least in which every promise is looked at.

    `make season` plays long ones.
    """
    return simulate(book, members=4, weeks=1, seed=1, phones="mixed")


def test_a_week_of_two_circles_keeps_every_promise(story: Story) -> None:
    assert not story.broken, story.text()[story.text().index("Promises\n") :]
    looked_at = {name for name in PROMISES if story.score.checks[name]}
    # Whether somebody says no in so short a season is chance; test_exchange_play has hundreds of them.
    assert set(PROMISES) - looked_at - {"unseen", "thirds", "names", "now", "hours"} == {
        "erased",
        "forgotten",
    }
    ways = ("in words", "with buttons", "by template", "by rcs", "by sms")
    assert all(story.told[f"texts {way}"] for way in ways)
    assert {"left", "active"} <= {state for _, _, state in story.seats}


def test_a_story_reads_as_weeks_and_days_in_each_persons_own_time(story: Story) -> None:
    told = story.text()
    assert told.startswith("Bold Moves and River Walk: 4 members, 1 weeks, seed 1\n")
    for piece in ("---- Before the season", "---- Week 1", "  Monday, September 14", "to Rosa: Circle: "):
        assert piece in told
    assert "The season in numbers" in told
    for sentence in PROMISES.values():
        assert sentence in told


@pytest.mark.parametrize(("members", "weeks", "circles"), [(3, 8, 2), (13, 8, 2), (8, 9, 2), (8, 8, 7)])
def test_an_impossible_season_is_explained(book: FlowBook, members: int, weeks: int, circles: int) -> None:
    with pytest.raises(ValueError, match=r"is none of that|can be played"):
        simulate(book, members=members, weeks=weeks, circles=circles)
    with pytest.raises(ValueError, match="none of that"):
        simulate(book, phones="pigeons")


# The watcher can fail: each promise is broken on purpose, and seen.


def _arrives(world: World, name: str, words: str) -> None:
    """A text that no row stands for: straight from the carrier."""
    world.local.create(to=world.number(name), body=words, messaging_service_sid=LOCAL_SERVICE_SID)


def _queue(world: World, name: str, words: str, *, times: int = 1) -> None:
    now = world.clock.now()
    with world.database.write() as session:
        address = address_for(session, [to_uri(world.number(name))], now)
        for _ in range(times):
            draft = Draft(
                address.person_id, address.id, address.uri, words, "notice", wording="notices/relay"
            )
            put(session, [draft], world.services.identity.sender, now)


def _broken(score: Score) -> set[str]:
    return {each.promise for each in score.broken}


def test_a_sound_season_breaks_no_promise(stage: Stage) -> None:
    world, watcher, reckoner, score = stage
    world.start("ana", "weekly_reflection", {"week": 1, "theme": 1, "weeks": 8}, "MAPLE")
    world.text("ana", "a new job")
    watcher.look()
    reckoner.look()
    reckoner.close(watcher.passed)
    assert score.checks["asleep"] > 1
    assert not score.broken


def test_a_prompt_at_three_in_the_morning_is_seen(book: FlowBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "allowed", lambda *_: True)
    with World(book, start=AT_NIGHT, zone=str(CHICAGO)) as world:
        world.circle("MAPLE", "Bold Moves", state="running")
        world.member("ana", "MAPLE")
        score = Score()
        watcher = Watcher(world, score, ("Ana",), WordLedger(world, {}), {"ana": str(CHICAGO)})
        world.start("ana", "weekly_reflection", {"week": 1, "theme": 1, "weeks": 8}, "MAPLE")
        watcher.look()
    assert _broken(score) == {"asleep"}
    assert score.broken[0].what.startswith("at 03:00: ")


def test_a_season_fails_when_prompts_go_out_at_night_and_danger_goes_unheard_the_same_way_each_time(
    book: FlowBook, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same seed tells the same story, byte for byte, on WhatsApp, SMS and RCS."""
    monkeypatch.setattr(verdicts, "allowed", lambda *seen: not allowed(*seen))
    monkeypatch.setattr(verdicts, "next_allowed", lambda now, *_: _night_after(now))
    monkeypatch.setattr(first_response, "read_danger", reads_nothing)
    first, again = (simulate(book, members=4, weeks=1, seed=2, circles=1, phones="mixed") for _ in range(2))
    assert {"asleep", "heard"} <= _broken(first.score)
    assert "BROKEN: Nobody is woken" in first.text()
    assert first.text() == again.text()
    assert first.as_data() == again.as_data()
    assert first.texts[10:] != story.texts[10 : len(first.texts)]


def _night_after(now: dt.datetime) -> dt.datetime:
    """Three in the morning in Chicago, earlier to the west."""
    return now.astimezone(dt.UTC).replace(hour=8, minute=0) + dt.timedelta(days=1)


def test_a_text_that_comes_twice_is_seen(stage: Stage) -> None:
    world, watcher, _, score = stage
    _queue(world, "ana", "Hello there", times=2)
    world.settle()
    watcher.look()
    assert _broken(score) == {"doubled"}


def test_a_text_that_no_row_stands_for_is_seen(stage: Stage) -> None:
    world, watcher, _, score = stage
    _arrives(world, "ana", "Hello there")
    watcher.look()
    assert _broken(score) == {"doubled"}


def test_a_text_that_never_left_is_seen(stage: Stage) -> None:
    world, watcher, reckoner, score = stage
    _queue(world, "ana", "Hello there")
    reckoner.close(watcher.look())
    assert _broken(score) == {"lost"}


def test_a_text_after_stop_is_seen_but_not_the_one_confirmation(
    stage: Stage,
) -> None:
    world, watcher, _, score = stage
    world.text("ana", "STOP")
    watcher.look()
    assert not score.broken
    world.local.restore(Block(world.number("ana"), LOCAL_SERVICE_SID, False))
    _arrives(world, "ana", "One more thing")
    watcher.look()
    assert "stop" in _broken(score)


@pytest.mark.parametrize(
    ("visible_to", "reader", "seen"),
    [
        ("us", "rosa", True),
        ("us", "ana", False),
        ("host", "rosa", True),
        ("host", "luz", False),
        ("buddy", "rosa", True),
        ("circle", "omar", True),
        ("circle", "rosa", False),
    ],
)
def test_words_before_the_wrong_eyes_are_seen(stage: Stage, visible_to: str, reader: str, seen: bool) -> None:
    world, watcher, _, score = stage
    watcher.ledger.secrets.append(Secret("green ladder", "ana", visible_to, "MAPLE"))
    _queue(world, reader, "Ana: my Green ladder fell")
    world.settle()
    watcher.look()
    assert ("eyes" in _broken(score)) is seen


@pytest.mark.parametrize(("says", "seen"), [("1", False), ("2", True), ("hmm", True)])
def test_a_goal_is_for_the_circle_from_a_yes_on_and_its_plan_never(
    stage: Stage, company: Company, says: str, seen: bool
) -> None:
    world, watcher, _, score = stage
    ana = company.actors["ana"]
    world.member("mia", "MAPLE")
    watcher.walls["mia"] = str(CHICAGO)
    watcher.ledger.seats["mia"].add("MAPLE")
    world.start("ana", "goal", {}, "MAPLE")
    for words, image in (("a green ladder", "green ladder"), ("if a silver kite, then go", "silver kite")):
        _, visible_to, code = company._asked(ana)
        company._write(ana, Written(words, image, visible_to, code))
    asked, visible_to, code = company._asked(ana)
    assert asked is not None
    assert (asked.flow, asked.step) == ("goal", "tell")
    company._reply(ana, asked, Written(says))
    _arrives(world, "mia", "Ana's goal: a green ladder")
    watcher.look()
    assert ("eyes" in _broken(score)) is seen
    score.broken.clear()
    _arrives(world, "mia", "Ana's plan: if a silver kite, then go")
    watcher.look()
    assert "eyes" in _broken(score)


def test_words_that_answer_a_writer_are_for_that_writer_alone(stage: Stage) -> None:
    world, watcher, _, score = stage
    world.member("mia", "MAPLE")
    watcher.walls["mia"] = str(CHICAGO)
    watcher.ledger.secrets.append(Secret("green ladder", "ana", "circle", "MAPLE", "Luz", NOON))
    # They came in two halves, so that they were held a moment before the question came.
    with world.database.write() as session:
        ana, rosa = session.scalars(select(Member).order_by(Member.id)).all()[:2]
        town = Town(session, NOON.astimezone(dt.UTC) + HALF)
        question = town.question(session.get_one(Person, ana.person_id), ana)
        conversation = session.get_one(Conversation, question.conversation_id)
        conversation.values = {"held": "thanks for the green ladder"}
        asked, seat = question.id, rosa.id
    watcher.ledger.give("ana", asked, f"writer:{seat}", "MAPLE")
    _arrives(world, "rosa", "Ana: thanks for the green ladder")
    watcher.look()
    assert "eyes" not in _broken(score)
    _arrives(world, "mia", "Ana: thanks for the green ladder")
    watcher.look()
    assert "eyes" in _broken(score)


def test_a_number_is_seen_until_its_owner_says_yes(stage: Stage) -> None:
    world, watcher, _, score = stage
    _queue(world, "ana", "Rosa: call me, (210) 555-0147")
    world.settle()
    watcher.look()
    assert _broken(score) == {"numbers"}
    score.broken.clear()
    watcher.given.add("2105550147")
    _queue(world, "ana", "Rosa: as I said, 210-555-0147")
    world.settle()
    watcher.look()
    assert not score.broken


def test_a_name_on_a_shared_phone_and_a_text_too_long_are_seen(
    stage: Stage,
) -> None:
    world, watcher, _, score = stage
    world.member("mia", "MAPLE", plain=True)
    watcher.walls["mia"] = str(CHICAGO)
    _arrives(world, "mia", "Rosa says hi. " * 30)
    watcher.look()
    assert _broken(score) >= {"plain", "length"}


@pytest.mark.parametrize("prepared", [True, False])
def test_a_chat_that_nothing_may_open_is_seen(book: FlowBook, prepared: bool) -> None:
    with World(book, start=NOON, zone=str(CHICAGO)) as world:
        world.circle("MAPLE", "Bold Moves", state="running")
        give_phones(world, ["ana"], "whatsapp")
        world.member("ana", "MAPLE")
        if prepared:
            approve_templates(world)
        score = Score()
        ledger = WordLedger(world, {}, HELD_TO)
        watcher = Watcher(world, score, ("Ana",), ledger, {"ana": str(CHICAGO)}, HELD_TO)
        world.start("ana", "weekly_reflection", {"week": 2, "theme": 2, "weeks": 8}, "MAPLE")
        watcher.look()
        ways = check_channels(world, score, watcher)
    assert score.checks["opened"]
    assert _broken(score) == (set() if prepared else {"opened"})
    assert ways == ({"by template": 1} if prepared else {})


def test_an_action_that_fails_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(ctx: ActionContext) -> ActionResult:
        raise RuntimeError("on purpose")

    world, watcher, reckoner, score = stage
    broken = Action("how_are_things", all_actions()["how_are_things"].outcomes, fail)
    monkeypatch.setitem(ACTIONS, "how_are_things", broken)
    world.start("ana", "weekly_reflection", {"week": 1, "theme": 1, "weeks": 8}, "MAPLE")
    reckoner.close(watcher.look())
    assert _broken(score) == {"sound"}


def test_a_fifth_planned_text_in_a_week_is_seen(stage: Stage) -> None:
    world, _, reckoner, score = stage
    monday = dt.date(2026, 9, 14)
    with world.database.write() as session:
        session.scalars(select(Circle).where(Circle.code == "MAPLE")).one().starts_on = monday
        seat = session.scalars(select(Member.id).order_by(Member.id)).all()[0]
    begins = dt.datetime.combine(monday, dt.time(10), CHICAGO)
    flows = ("weekly_reflection", "buddy_meet", "circle_close", "buddy_did", "group_check_in")
    rows = [SimpleNamespace(purpose="prompt", member_id=seat, wording=f"{flow}/ask/say") for flow in flows]
    texts = [
        Passed(begins + dt.timedelta(days=day), "ana", "Hi", False, str(CHICAGO), row)
        for day, row in enumerate(rows)
    ]
    reckoner.close(texts[:4])
    assert not score.broken
    reckoner.close(texts)
    assert _broken(score) == {"rhythm"}


def test_a_third_nudge_in_a_week_is_seen(stage: Stage) -> None:
    world, _, reckoner, score = stage
    monday = dt.date(2026, 9, 14)
    with world.database.write() as session:
        session.scalars(select(Circle).where(Circle.code == "MAPLE")).one().starts_on = monday
        seat = session.scalars(select(Member.id).order_by(Member.id)).all()[0]
    begins = dt.datetime.combine(monday, dt.time(10), CHICAGO)
    row = SimpleNamespace(purpose="prompt", member_id=seat, wording="weekly_reflection/open/silence.0")
    days = [begins + dt.timedelta(days=day) for day in range(3)]
    reckoner.close([Passed(day, "ana", "Your spot is saved", False, str(CHICAGO), row) for day in days])
    assert _broken(score) == {"rhythm"}


def test_a_prompt_that_never_came_is_seen(stage: Stage) -> None:
    world, _, reckoner, score = stage
    monday = dt.date(2026, 9, 14)
    with world.database.write() as session:
        session.scalars(select(Circle).where(Circle.code == "MAPLE")).one().starts_on = monday
        seat = session.scalars(select(Member.id).order_by(Member.id)).all()[0]
    reckoner.here[seat] = {monday + dt.timedelta(days=day) for day in (-1, 0, 1)}
    reckoner.close([])
    assert _broken(score) == {"once"}
    assert "week 1 weekly_reflection" in score.broken[0].what


@pytest.mark.parametrize(
    ("groups", "broken"),
    [([(1, 3), (2, 4)], set()), ([(1, 2), (3, 4)], {"pairs"}), ([(1, 3)], {"group"})],
)
def test_a_repeat_without_need_and_someone_left_out_are_seen(
    stage: Stage,
    groups: list[tuple[int, ...]],
    broken: set[str],
) -> None:
    world, _, reckoner, score = stage
    with world.database.write() as session:
        circle = session.scalars(select(Circle.id).where(Circle.code == "MAPLE")).one()
    for name in ("eva", "mia"):
        world.member(name, "MAPLE")
    with world.database.read() as session:
        seats = session.scalars(select(Member.id).where(Member.circle_id == circle).order_by(Member.id)).all()
    for week, made in ((1, [(1, 2), (3, 4)]), (2, groups)):
        with world.database.write() as session:
            round_ = Round(circle_id=circle, week=week, made_at=NOON)
            session.add(round_)
            session.flush()
            for group in made:
                pair = Pair(round_id=round_.id, why="first_time", made_at=NOON)
                session.add(pair)
                session.flush()
                session.add_all(PairMember(pair_id=pair.id, member_id=seats[each - 1]) for each in group)
        reckoner.look()
    assert _broken(score) == broken


def test_words_that_were_to_be_erased_are_found(stage: Stage) -> None:
    world, _, reckoner, score = stage
    world.text("ana", "my green ladder")
    reckoner.check_erased(["silver kite"])
    assert not score.broken
    reckoner.check_erased(["green ladder"])
    assert _broken(score) == {"erased"}


# Who plays.


def test_people_look_at_their_phones_when_they_are_awake() -> None:
    chance = random.Random(1)
    for zone in ("America/Chicago", "Europe/Madrid", "Pacific/Honolulu"):
        for hour in range(48):
            moment = dt.datetime(2026, 10, 31, tzinfo=dt.UTC) + dt.timedelta(hours=hour)
            looks = awake(moment, ZoneInfo(zone), chance)
            assert looks >= moment
            assert 8 <= looks.astimezone(ZoneInfo(zone)).hour < 22


def test_no_two_texts_carry_the_same_two_words() -> None:
    voice = Voice(read_cast(), random.Random(1))
    for who in read_cast().members[:2]:
        images = [voice.fill(who, "a {image}")[1] for _ in range(400)]
        assert len(set(images)) == len(images)


def test_someone_odd_sometimes_sends_what_is_no_answer() -> None:
    voice = Voice(read_cast(), random.Random(1))
    nadia = next(who for who in read_cast().members if who.style == "odd")
    asked = Asked("buddy_did", "did", "choice", ("yes", "not_yet", "new"))
    said = {voice.answer(nadia, asked, "Ana", "MAPLE", "Hi")[0] for _ in range(80)}
    assert {"kinda??", PHOTO, "Liked “Hi”", "1"} <= said
