"""Reports: contact ends at once, a person reviews what reached the member, and then nothing of it is kept."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from assistant.circles.actions.effects import Start, Tell
from assistant.circles.buddies.groups import are_apart
from assistant.circles.seasons.retention import erase_circle
from assistant.circles.sharing.given_words import erase, last_given
from assistant.circles.trust.reports import ASKED_AGAIN, open_reports
from assistant.conversations.effect_handlers import start_later
from assistant.store.tables import Alert, Circle, Member, Note, Outbox, Person, Report, ReportWord, Role
from tests.circles.town import Town

WORDS = "send me photos now"


class Bold:
    """A circle with a host and a backup, in which Max wrote to Ana."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.circle: Circle = town.circle(state="running")
        self.luz, self.eva = town.person("Luz"), town.person("Eva")
        self.ana, self.max = town.person("Ana"), town.person("Max")
        for person, kind in ((self.luz, "host"), (self.eva, "backup")):
            town.role(person, kind, self.circle)
            town.consent(person)
        self.anas, self.maxs = town.seat(self.ana, self.circle), town.seat(self.max, self.circle)

    def line(self, words: str = WORDS) -> Note:
        note = Note(
            circle_id=self.circle.id,
            from_member_id=self.maxs.id,
            to_member_id=self.anas.id,
            kind="buddy",
            words=words,
            at=self.town.now,
        )
        self.town.session.add(note)
        self.town.session.flush()
        return note

    def report(self, about: Person, by: Person | None = None) -> Report:
        done = self.town.do("cut_contact", by or self.ana, reported=about.id)
        assert done.outcome == "reviewed"
        return self.town.session.get_one(Report, done.values["report"])

    def shown(self, who: Person, report: Report) -> list[tuple[str, str]]:
        effects = self.town.do("show_reported", who, report=report.id).effects
        return [(each.notice, each.placeholders["words"]) for each in effects if isinstance(each, Tell)]


@pytest.fixture
def bold(town: Town) -> Bold:
    return Bold(town)


def kept(town: Town) -> list[str]:
    return [row.words for row in town.session.scalars(select(ReportWord)) if row.words]


def test_contact_ends_at_once_and_the_alert_holds_no_word(town: Town, bold: Bold) -> None:
    bold.line()
    report = bold.report(bold.max)
    assert are_apart(town.session, bold.ana, bold.max)
    assert kept(town) == [WORDS]
    alert = town.session.scalars(select(Alert)).one()
    assert (alert.kind, alert.person_id, alert.closed_at) == ("report", bold.max.id, None)
    assert town.do("cut_contact", bold.ana, reported=bold.max.id).outcome == "again"
    assert town.session.scalars(select(Report)).all() == [report]


def test_only_whoever_reviews_sees_what_was_written_and_never_the_two(town: Town, bold: Bold) -> None:
    bold.line()
    report = bold.report(bold.max)
    assert bold.shown(bold.luz, report) == [("report_words", WORDS)]
    for other in (bold.eva, bold.ana, bold.max):
        assert town.do("find_review", other).outcome == "none"
        assert bold.shown(other, report) == []
        assert town.do("decide_report", other, report=report.id, decision="removed").outcome == "gone"
    assert report.state == "open"


def test_what_a_host_is_reported_for_goes_to_the_backup(town: Town, bold: Bold) -> None:
    report = bold.report(bold.luz)
    asked = town.do("ask_for_review", bold.ana, report=report.id).effects
    assert [each.person_id for each in asked if isinstance(each, Tell)] == [bold.eva.id]
    assert town.do("find_review", bold.luz).outcome == "none"
    assert town.do("find_review", bold.eva).outcome == "one"


def test_after_a_day_without_a_decision_the_next_one_is_asked_too(town: Town, bold: Bold) -> None:
    report = bold.report(bold.max)
    town.now += ASKED_AGAIN
    asked = town.do("ask_again_for_review", bold.ana, report=report.id).effects
    assert [each.person_id for each in asked if isinstance(each, Tell)] == [bold.luz.id, bold.eva.id]
    assert open_reports(town.ctx(bold.eva)) == [report]


def test_words_taken_back_and_a_season_erased_leave_the_review_what_it_needs(town: Town, bold: Bold) -> None:
    bold.line()
    report = bold.report(bold.max)
    given = last_given(town.session, bold.max.id, private=True)
    assert given is not None
    erase(town.session, given, town.now)
    bold.circle.state = "closed"
    erase_circle(town.session, bold.circle, town.now)
    assert kept(town) == [WORDS]
    bold.circle.state = "running"
    assert bold.shown(bold.luz, report) == [("report_words", WORDS)]


@pytest.mark.parametrize("decision", ["removed", "warned", "closed"])
def test_with_the_decision_what_was_kept_is_gone_from_every_row(
    town: Town, bold: Bold, decision: str
) -> None:
    bold.line()
    report = bold.report(bold.max)
    word = town.session.scalars(select(ReportWord)).one()
    text = Outbox(
        person_id=bold.luz.id,
        circle_id=bold.circle.id,
        address_id=1,
        to_uri="sms:+15125550100",
        sender="sms:+14155550100",
        body=f"Max wrote to them: {WORDS}",
        segments=1,
        purpose="reply",
        priority=1,
        carries=f"evidence:{word.id}",
        created_at=town.now,
        not_before=town.now,
        state="done",
        attempt=1,
    )
    town.session.add(text)
    town.session.flush()
    done = town.do("decide_report", bold.luz, report=report.id, decision=decision)
    assert (done.outcome, report.state, report.settled_by) == (decision, decision, bold.luz.id)
    assert kept(town) == []
    assert text.body is None
    assert town.session.scalars(select(Alert.id).where(Alert.closed_at.is_(None))).all() == []
    told = {each.person_id: each.notice for each in done.effects if isinstance(each, Tell)}
    assert told[bold.ana.id] == f"report_{decision}"
    assert told.get(bold.max.id) == ("report_warning" if decision == "warned" else None)
    to_max = [each for each in done.effects if isinstance(each, Tell) and each.person_id == bold.max.id]
    assert not any("Ana" in str(each.placeholders) for each in to_max)
    closes = [each for each in done.effects if isinstance(each, Start)]
    assert [each.flow for each in closes] == (["report_closes"] if decision == "removed" else [])


def test_a_seat_is_closed_by_a_review_alone(town: Town, bold: Bold) -> None:
    report = bold.report(bold.max)
    assert town.do("close_reported_seat", bold.max, bold.maxs, report=report.id).outcome == "gone"
    town.do("decide_report", bold.luz, report=report.id, decision="removed")
    assert town.do("close_reported_seat", bold.ana, bold.anas, report=report.id).outcome == "gone"
    assert town.do("close_reported_seat", bold.max, bold.maxs, report=report.id).outcome == "closed"
    assert (bold.maxs.state, bold.maxs.barred_at) == ("left", town.now)
    assert town.session.get_one(Member, bold.anas.id).state == "active"


def test_whoever_is_forgotten_ends_the_review_about_them(town: Town, bold: Bold) -> None:
    bold.line()
    report = bold.report(bold.max)
    done = town.do("hold_erasing", bold.max)
    assert done.outcome == "held"
    start = next(each for each in done.effects if isinstance(each, Start))
    town.now += dt.timedelta(minutes=1)
    effects = town.do("erase_now", bold.max, **start.values).effects
    assert report.state == "gone"
    assert kept(town) == []
    told = [each.notice for each in effects if isinstance(each, Tell) and each.person_id == bold.ana.id]
    assert told == ["report_gone"], "that someone left, the circle hears with its news"


@pytest.mark.parametrize("finished", [False, True])
def test_whoever_reported_and_is_forgotten_is_reviewed_for_all_the_same(
    town: Town, bold: Bold, finished: bool
) -> None:
    report = bold.report(bold.max)
    if finished:
        finish = town.do("ask_for_review", bold.ana, report=report.id).effects
        (again,) = (each for each in finish if isinstance(each, Start))
        start_later(town.session, again, town.now)
    erasing = next(each for each in town.do("hold_erasing", bold.ana).effects if isinstance(each, Start))
    town.now += dt.timedelta(minutes=1)
    effects = town.do("erase_now", bold.ana, **erasing.values).effects
    asked = [each.person_id for each in effects if isinstance(each, Tell) and each.notice == "report_waits"]
    assert asked == ([] if finished else [bold.luz.id])
    (reminder,) = (each for each in effects if isinstance(each, Start) and each.flow == "report_again")
    assert (reminder.person_id, reminder.values) == (bold.luz.id, {"report": report.id})
    town.now = reminder.due_at or town.now
    assert town.do("ask_again_for_review", bold.luz, **reminder.values).outcome == "asked"
    assert open_reports(town.ctx(bold.luz)) == [report]


def test_a_host_who_is_forgotten_hosts_no_more(town: Town, bold: Bold) -> None:
    assert town.do("before_erasing", bold.luz).outcome == "host"
    assert town.do("before_erasing", bold.ana).outcome == "asked"
    start = next(each for each in town.do("hold_erasing", bold.luz).effects if isinstance(each, Start))
    assert town.do("erase_now", bold.luz, **start.values).outcome == "gone", "the minute is not over"
    town.now += dt.timedelta(minutes=1)
    assert town.do("erase_now", bold.luz, **start.values).outcome == "erased"
    assert (bold.luz.name, bold.luz.erased_at) == (None, town.now)
    left = select(Role.id).where(Role.person_id == bold.luz.id, Role.ended_at.is_(None))
    assert town.session.scalars(left).all() == []
