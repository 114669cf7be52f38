"""What a host sends to her circle: shown first, sent by SEND, and undone for a minute."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Lines, Preview, Start, Tell
from assistant.circles.actions.pending_actions import HELD_FOR, previewed, take_back
from assistant.language.sms.segments import measure
from assistant.store.tables import Address, Apart, Circle, Member, PendingAction, Person, Role
from tests.circles.town import NOW, Town


class Maple:
    """Luz hosts and has a seat; Ana and Rosa are there; the others are not, each in her own way."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.circle: Circle = town.circle()
        self.luz = town.person("Luz")
        self.role: Role = town.role(self.luz, "host", self.circle)
        town.consent(self.luz)
        town.seat(self.luz, self.circle)
        self.seats: dict[str, Member] = {}
        for name in ("Ana", "Rosa"):
            self.add(name)

    def add(self, name: str, state: str = "active", *, opted: str | None = "in") -> Member:
        person = self.town.person(name)
        if opted:
            self.town.consent(person, opted)
        self.seats[name] = self.town.seat(person, self.circle, state)
        return self.seats[name]

    def person(self, name: str) -> Person:
        return self.town.session.get_one(Person, self.seats[name].person_id)

    def show(self, text: str = "", kind: str = "check_in") -> ActionResult:
        return self.town.hosting("show_preview", self.luz, self.circle, broadcast=kind, text=text)

    def send(self, text: str = "", kind: str = "check_in") -> PendingAction:
        assert self.show(text, kind).outcome == "some"
        assert self.town.do("send_previewed", self.luz).outcome == kind
        return self.town.session.query(PendingAction).order_by(PendingAction.id.desc()).first()  # type: ignore[return-value]


@pytest.fixture
def maple(town: Town) -> Maple:
    return Maple(town)


def left_out(done: ActionResult) -> dict[str, str]:
    lines = [line for effect in done.effects if isinstance(effect, Lines) for line in effect.lines]
    return {str(line.placeholders["reason"]): str(line.placeholders["names"]) for line in lines}


def test_the_preview_says_how_many_get_it_and_who_does_not_and_why(maple: Maple) -> None:
    maple.add("Kim", "paused")
    maple.add("Pia", "reading")
    maple.add("Joy", "joining")
    maple.add("Omar", "left", opted="out")
    maple.add("Gone", "left")
    maple.add("Noa", "unreachable")
    maple.add("Ivy")
    address = maple.town.session.query(Address).filter_by(person_id=maple.seats["Ivy"].person_id).one()
    address.unreachable_at = NOW
    maple.add("Bea")
    pair = sorted((maple.luz.id, maple.seats["Bea"].person_id))
    maple.town.session.add(Apart(one_id=pair[0], other_id=pair[1], since=NOW))
    done = maple.show("How was the week?")
    assert (done.outcome, done.values) == ("some", {"count": "2", "shows": ""})
    preview = done.effects[0]
    assert isinstance(preview, Preview)
    assert preview.people == tuple(maple.seats[name].person_id for name in ("Ana", "Rosa"))
    assert preview.wording == "group_check_in/ask_own"
    assert preview.values == {"host": "Luz", "question": "How was the week?"}
    # Whom she does not reach because they are kept apart looks like a pause, and nobody not yet in is named.
    assert left_out(done) == {
        "away": "Kim, Bea",
        "reading": "Pia",
        "new": "Joy",
        "stopped": "Omar",
        "unreachable": "Noa, Ivy",
    }


def test_who_only_reads_along_hears_what_is_said_but_is_not_asked(maple: Maple) -> None:
    maple.add("Pia", "reading")
    assert maple.show("Hello", "say").values["count"] == "3"
    assert maple.show("Hello", "check_in").values["count"] == "2"


def test_whoever_is_asleep_gets_it_when_the_day_begins_there(maple: Maple) -> None:
    maple.person("Rosa").zone = "Asia/Tokyo"
    done = maple.show()
    (lines,) = [effect for effect in done.effects if isinstance(effect, Lines)]
    assert dict(lines.lines[0].placeholders) == {
        "reason": "asleep",
        "time": "9am",
        "names": "Rosa",
        "count": "1",
    }
    starts = [each for each in maple.town.do("send_previewed", maple.luz).effects if isinstance(each, Start)]
    assert [(each.flow, each.due_at) for each in starts] == [
        ("group_check_in", NOW + HELD_FOR),
        ("group_check_in", dt.datetime(2026, 6, 2, 0, 0, tzinfo=dt.UTC)),
        ("check_in_digest", NOW + HELD_FOR + dt.timedelta(hours=48)),
    ]


def test_the_names_that_do_not_fit_are_counted(maple: Maple) -> None:
    for number in range(10):
        maple.add(f"Maximiliana{number}", "paused")
    names = left_out(maple.show())["away"]
    assert names.endswith(" +5")
    assert len(names) <= 80


def test_a_broadcast_goes_to_nobody_whom_the_preview_did_not_count_nor_to_who_paused_since(
    maple: Maple,
) -> None:
    maple.show()
    maple.add("New")
    maple.seats["Rosa"].state = "paused"
    maple.town.session.flush()
    done = maple.town.do("send_previewed", maple.luz)
    starts = [each for each in done.effects if isinstance(each, Start) and each.flow == "group_check_in"]
    assert (done.outcome, done.values) == ("check_in", {"count": "1"})
    assert [each.member_id for each in starts] == [maple.seats["Ana"].id]


def test_nobody_to_send_to(maple: Maple) -> None:
    maple.show()
    for seat in maple.seats.values():
        seat.state = "paused"
    maple.town.session.flush()
    assert maple.town.do("send_previewed", maple.luz).outcome == "nobody"
    assert maple.show().outcome == "nobody"


def test_send_counts_for_ten_minutes(maple: Maple) -> None:
    town = maple.town
    assert town.do("is_fresh", maple.luz).outcome == "gone"
    maple.show()
    town.now = NOW + dt.timedelta(minutes=10) - dt.timedelta(seconds=1)
    assert town.do("is_fresh", maple.luz).outcome == "fresh"
    town.now = NOW + dt.timedelta(minutes=10)
    assert town.do("is_fresh", maple.luz).outcome == "late"
    assert town.do("send_previewed", maple.luz).outcome == "nothing"


def test_who_is_no_host_any_more_sends_nothing(maple: Maple) -> None:
    maple.show()
    maple.role.ended_at = NOW
    maple.town.session.flush()
    assert maple.town.do("send_previewed", maple.luz).outcome == "nothing"
    assert maple.show().outcome == "none"
    assert maple.town.hosting("word_say", maple.luz, maple.circle, text="hi").outcome == "none"
    assert previewed(maple.town.ctx(maple.person("Ana"))) is None


def test_a_question_that_does_not_fit_is_never_cut(maple: Maple) -> None:
    town = maple.town
    assert town.hosting("word_check_in", maple.luz, maple.circle, text="x" * 100).outcome == "ready"
    done = town.hosting("word_check_in", maple.luz, maple.circle, text="x" * 104)
    assert (done.outcome, done.values) == ("too_long", {"longest": "100", "length": "104"})
    assert previewed(town.ctx(maple.luz)) is None


def test_who_is_away_asks_nothing_since_nobody_could_be_promised_a_reader(maple: Maple) -> None:
    maple.role.away_until = NOW + dt.timedelta(days=1)
    maple.town.session.flush()
    assert maple.town.hosting("word_check_in", maple.luz, maple.circle).outcome == "away"
    assert maple.town.hosting("word_say", maple.luz, maple.circle, text="I'm off").outcome == "ready"


@pytest.mark.parametrize("sign", ["x", "ñ", "é", "💛", "語"])
def test_what_a_host_says_fits_into_two_sms_with_all_that_stands_around_it(maple: Maple, sign: str) -> None:
    def outcome(length: int) -> str:
        return maple.town.hosting("word_say", maple.luz, maple.circle, text=sign * length).outcome

    longest = max(length for length in range(1, 320) if outcome(length) == "ready")
    writer = "W" * 12
    for text in (
        f"From {writer}, your host: {sign * longest}",
        f"De {writer}, tu guia: {sign * longest}",
        f"In Spanish (2 SMS): From {writer}, your host: {sign * longest}",
    ):
        assert measure(text).segments <= 2
    too_long = maple.town.hosting("word_say", maple.luz, maple.circle, text=sign * (longest + 7))
    assert too_long.values == {"count": "7"}


def test_a_number_in_it_is_pointed_out(maple: Maple) -> None:
    assert maple.show("call 512-555-0188").values["shows"] == "number"
    assert maple.show("write ana@example.org", "say").values["shows"] == "number"


def test_a_member_hears_what_was_said_once_its_minute_is_over(maple: Maple) -> None:
    town, ana = maple.town, maple.person("Ana")
    pending = maple.send("Tea on Friday?", "say")
    assert town.do("host_says", ana, maple.seats["Ana"], pending_action=pending.id).outcome == "none"
    town.now = NOW + HELD_FOR
    done = town.do("host_says", ana, maple.seats["Ana"], pending_action=pending.id)
    assert done.effects == (
        Tell(
            ana.id,
            "host_says",
            {"writer": "Luz", "words": "Tea on Friday?"},
            circle_id=maple.circle.id,
            verbatim=("words",),
            member_id=maple.seats["Ana"].id,
            carries=f"said:{pending.id}",
        ),
    )


def test_what_was_undone_or_is_not_for_the_member_any_more_never_comes(maple: Maple) -> None:
    town, ana, seat = maple.town, maple.person("Ana"), maple.seats["Ana"]
    undone = maple.send("one", "say")
    assert take_back(town.ctx(maple.luz), undone)
    said, asked = maple.send("two", "say"), maple.send("Well?")
    town.now = NOW + HELD_FOR
    assert town.do("host_says", ana, seat, pending_action=undone.id).outcome == "none"
    assert town.do("who_hears", ana, seat, pending_action=undone.id).outcome == "no_seat"
    for state in ("paused", "left"):
        seat.state = state
        town.session.flush()
        assert town.do("host_says", ana, seat, pending_action=said.id).outcome == "none"
        assert town.do("who_hears", ana, seat, pending_action=asked.id, question="Well?").outcome == "no_seat"
    seat.state = "active"
    town.say_stop(ana)
    assert town.do("host_says", ana, seat, pending_action=said.id).outcome == "none"
    assert town.do("who_hears", ana, seat, pending_action=asked.id, question="Well?").outcome == "no_seat"
    rosa = maple.person("Rosa")
    maple.role.ended_at = town.now
    town.session.flush()
    assert town.do("host_says", rosa, maple.seats["Rosa"], pending_action=said.id).outcome == "none"


def test_only_the_host_who_asked_is_promised_as_reader(maple: Maple) -> None:
    town, ana, seat = maple.town, maple.person("Ana"), maple.seats["Ana"]
    eva = town.person("Eva")
    town.role(eva, "host", maple.circle)
    town.consent(eva)
    pending = maple.send("How was it?")
    town.now = NOW + HELD_FOR
    done = town.do("who_hears", ana, seat, pending_action=pending.id, question="How was it?")
    assert (done.outcome, done.values) == ("own", {"host": "Luz", "host_id": maple.luz.id})
    assert town.do("who_hears", ana, seat, pending_action=pending.id).outcome == "hosted"
    maple.luz.name = None
    named = town.do("who_hears", ana, seat, pending_action=pending.id).values
    assert named == {"host": "your host", "host_id": maple.luz.id}
    # She is not there to read it: nobody is promised in her place.
    maple.role.away_until = town.now + dt.timedelta(days=1)
    town.session.flush()
    assert town.do("who_hears", ana, seat, pending_action=pending.id).outcome == "alone"


def test_another_circles_member_is_asked_nothing(maple: Maple) -> None:
    town = maple.town
    omar = town.person("Omar")
    town.consent(omar)
    seat = town.seat(omar, town.circle("OAK", "New Moms"))
    pending = maple.send("Well?")
    town.now = NOW + HELD_FOR
    assert town.do("who_hears", omar, seat, pending_action=pending.id, question="Well?").outcome == "no_seat"
    assert town.do("host_says", omar, seat, pending_action=maple.send("hi", "say").id).outcome == "none"


def test_undo_after_its_minute_is_told_so_even_before_anyone_was_reached(maple: Maple) -> None:
    maple.send("Well?")
    maple.town.now = NOW + HELD_FOR
    done = maple.town.do("undo", maple.luz)
    assert (done.outcome, done.values) == ("too_late", {"did": "check_in"})


def test_on_a_shared_phone_read_shows_what_the_host_said_for_eight_days(maple: Maple) -> None:
    town, ana, seat = maple.town, maple.person("Ana"), maple.seats["Ana"]
    ana.plain = True
    pending = maple.send("Tea on Friday?", "say")
    assert town.do("read_circle", ana, seat).outcome == "nothing"
    town.now = NOW + HELD_FOR
    town.do("host_says", ana, seat, pending_action=pending.id)
    (tell,) = town.do("read_circle", ana, seat).effects
    assert isinstance(tell, Tell)
    assert (tell.notice, dict(tell.placeholders)) == (
        "host_said",
        {"writer": "Luz", "words": "Tea on Friday?"},
    )
    # Who came in later was not among those who were told.
    new = maple.add("New")
    maple.person("New").plain = True
    assert town.do("read_circle", maple.person("New"), new).outcome == "nothing"
    town.now += dt.timedelta(days=8)
    assert town.do("read_circle", ana, seat).outcome == "nothing"
