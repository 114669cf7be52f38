"""Who hosts a circle, and how an offered seat is taken up."""

from __future__ import annotations

import datetime as dt

from assistant.circles.actions.effects import OptIn
from assistant.circles.people.memberships import hosts_of
from assistant.circles.people.permissions import hearing_of
from tests.circles.town import NOW, Town


def test_an_offered_role_is_taken_up_by_texting_the_code(town: Town) -> None:
    circle, luz = town.circle(language="es"), town.person()
    role = town.role(luz, "host", circle, accepted=False)
    assert hearing_of(town.session, [luz.id])[luz.id] == {"anyone", "offered"}
    done = town.do("accept_role", luz, code="maple")
    assert (done.outcome, done.values["role"], done.effects) == ("accepted", "host", (OptIn(),))
    assert (role.accepted_at, luz.language, luz.zone) == (NOW, "es", "America/Chicago")
    held = hearing_of(town.session, [luz.id])[luz.id]
    assert held == {"anyone", "member", "host", "on_call", "offered"}
    assert town.do("accept_role", luz, code="maple").outcome == "already"


def test_an_organizer_texts_the_code_of_any_circle_of_the_cohort(town: Town) -> None:
    cohort = town.cohort()
    town.circle(cohort_id=cohort.id)
    olga = town.person("Olga")
    town.role(olga, "organizer", cohort, accepted=False)
    done = town.do("accept_role", olga, code="MAPLE")
    assert (done.outcome, done.values["role"], done.values["cohort"]) == ("accepted", "organizer", "Spring")


def test_who_was_offered_nothing_gets_nothing(town: Town) -> None:
    circle, other = town.circle(), town.circle("OAK", "New Moms")
    ana, luz = town.person("Ana"), town.person("Luz")
    town.role(luz, "host", circle, accepted=False)
    ended = town.role(ana, "host", circle)
    ended.ended_at = NOW
    for person, code in ((ana, circle.code), (luz, other.code), (luz, "FIR"), (luz, None)):
        assert town.do("accept_role", person, code=code).outcome == "not_offered"


def test_commands_are_heard_from_those_they_are_for(town: Town) -> None:
    circle = town.circle()
    ana, luz, mia, omar = (town.person(name) for name in ("Ana", "Luz", "Mia", "Omar"))
    town.seat(ana, circle)
    town.role(luz, "backup", circle)
    town.role(mia, "host", circle, accepted=False)
    assert hearing_of(town.session, [ana.id])[ana.id] == {"anyone", "member"}
    assert hearing_of(town.session, [luz.id])[luz.id] == {"anyone", "member", "host", "offered", "on_call"}
    assert hearing_of(town.session, [mia.id])[mia.id] == {"anyone", "offered"}
    assert hearing_of(town.session, [omar.id])[omar.id] == {"anyone"}


def test_the_backup_stands_in_while_the_host_is_away(town: Town) -> None:
    circle, luz, eva, mia = town.circle(), town.person("Luz"), town.person("Eva"), town.person("Mia")
    host = town.role(luz, "host", circle)
    town.role(eva, "backup", circle)
    town.role(mia, "host", circle, accepted=False)
    assert hosts_of(town.session, circle.id, NOW) == [luz]
    host.away_until = NOW + dt.timedelta(days=1)
    town.session.flush()
    assert hosts_of(town.session, circle.id, NOW) == [eva]
    assert hosts_of(town.session, circle.id, NOW + dt.timedelta(days=2)) == [luz]
