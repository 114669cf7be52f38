"""NEW: anyone starts a circle, hosts it, and is the only one who hears of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from assistant.circles.actions.effects import AskAgain, OptIn
from assistant.circles.people.permissions import hosted_by
from assistant.language.commands.command_reading import CommandPattern, read_command
from assistant.store.tables import Address, Audit, Circle, Outbox, Person, Role
from tests.circles.town import NOW, Town


def found(town: Town, person: Person, title: str, **values: Any) -> Circle:
    done = town.do("found_circle", person, title=title, **values)
    assert done.outcome == "founded"
    assert done.circle is not None
    return done.circle


def test_a_new_circle_has_its_founders_language_and_zone_and_the_founder_as_host(town: Town) -> None:
    luz = town.person("Luz", language="es", zone="America/Mexico_City")
    circle = found(town, luz, "Manos Juntas")
    assert (circle.code, circle.name, circle.language) == ("MANOS", "Manos Juntas", "es")
    assert (circle.zone, circle.state, circle.starts_on) == ("America/Mexico_City", "gathering", None)
    assert list(hosted_by(town.session, luz.id)) == [circle]
    audit = town.session.scalars(select(Audit)).one()
    assert (audit.action, audit.person_id, audit.circle_id) == ("create circle", luz.id, circle.id)


def test_without_a_city_the_zone_is_that_of_the_founders_number(town: Town) -> None:
    assert found(town, town.person("Luz"), "Walkers").zone == "America/Chicago"  # area code 512


def test_a_newcomer_is_opted_in_and_reads_what_the_law_asks(town: Town) -> None:
    luz = town.person()
    done = town.do("open_circle", luz, words="NUEVO")
    assert (done.outcome, done.values, done.effects) == ("newcomer", {"greeted": True}, (OptIn(),))
    assert luz.language == "es"
    ana = town.person("Ana", language="en")
    town.consent(ana)
    assert town.do("open_circle", ana, words="Nuevo").outcome == "known"
    assert ana.language == "en"
    town.say_stop(ana)
    assert town.do("open_circle", ana, words="NEW").outcome == "newcomer"


def test_new_again_in_the_middle_asks_the_same_again(town: Town) -> None:
    ana = town.person("Ana")
    member = town.seat(ana, town.circle())
    assert town.do("open_circle", ana, words="NEW").outcome == "newcomer"
    question = town.question(ana, member)
    assert town.do("open_circle", ana, words="NEW").outcome == "newcomer"  # something else is being asked
    question.state = "closed"
    asking = town.conversation(ana, None, "settle_place")
    asking.callers = [["new_circle", "0", "settle"]]
    question.conversation_id, question.state = asking.id, "open"
    town.session.flush()
    done = town.do("open_circle", ana, words="NEW")
    assert (done.outcome, done.effects) == ("under_way", (OptIn(), AskAgain()))


def test_three_circles_gather_at_a_time(town: Town) -> None:
    luz = town.person("Luz")
    circles = [found(town, luz, title) for title in ("Alpha", "Beta", "Gamma")]
    assert town.do("open_circle", luz, words="NEW").outcome == "enough"
    assert town.do("found_circle", luz, title="Delta").outcome == "enough"
    circles[0].state = "running"
    town.session.flush()
    assert found(town, luz, "Delta").code == "DELTA"


@pytest.mark.parametrize(
    ("title", "wrong"),
    [
        ("The very best circle of all", "long"),
        ("{}{}{}{}{}{}", "empty"),
        ("{a}{b}{c}{d}{e}", "long"),
        ("Bold 🌸", "signs"),
        ("Сёстры", "signs"),
        ("!!!", "empty"),
        ("", "empty"),
        ("Call 512-555-0100", "contact"),
        ("luz@circle.example", "contact"),
    ],
)
def test_a_name_that_cannot_stand_in_texts_is_mended(town: Town, title: str, wrong: str) -> None:
    done = town.do("name_circle", town.person("Luz"), title=title)
    assert (done.outcome, done.values) == ("wrong", {"wrong": wrong})


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("“Bold  Moves”", "Bold Moves"),
        ("Círculo Más Fuerte", "Círculo Más Fuerte"),
        ("Mañanas.", "Mañanas"),
        ("24/7", "24/7"),
        ("x" * 20, "x" * 20),
    ],
)
def test_a_good_name_loses_only_the_marks_around_it(town: Town, title: str, name: str) -> None:
    done = town.do("name_circle", town.person("Luz"), title=title)
    assert (done.outcome, done.values) == ("fine", {"title": name})


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Bold Moves", "BOLD"),
        ("The Strong Ones", "STRONG"),
        ("Las Valientes", "VALIENTES"),
        ("Círculo de Mañanas", "MANANAS"),
        ("Go On", "GOON"),
        ("New", "CIRCLE2"),
        ("ΔΣ", "CIRCLE2"),
        ("24/7", "247"),
        ("Supercalifragilistic", "SUPERCALIFRA"),
    ],
)
def test_the_word_to_join_by_comes_from_the_name(town: Town, title: str, code: str) -> None:
    circle = found(town, town.person("Luz"), title)
    assert circle.code == code
    heard = read_command([CommandPattern("join", {"en": ("join {code}",)})], f"JOIN {code}", "en")
    assert heard is not None
    assert (heard.value, heard.sure) == (code, True)


def test_a_word_that_others_have_gets_a_number(town: Town) -> None:
    town.circle("BOLD")
    town.circle("BOLD2")
    assert found(town, town.person("Luz"), "Bold Women").code == "BOLD3"
    town.circle("SUPERCALIFRA")
    assert found(town, town.person("Eva"), "Supercalifragilistic").code == "SUPERCALIFR2"


@pytest.mark.parametrize(
    ("said", "outcome", "phone", "name"),
    [
        ("Eva", "named", "", "Eva"),
        ("my friend Eva", "unclear", "", ""),
        ("512 555 0177", "phone", "+15125550177", ""),
        ("Eva, (512) 555-0177", "phone", "+15125550177", ""),
        ("LATER", "later", "", ""),
        ("luego te digo", "later", "", ""),
        ("nobody yet", "later", "", ""),
        ("512-555-0001", "own", "", ""),
        ("does it have to be someone?", "unclear", "", ""),
    ],
)
def test_a_backup_is_a_first_name_a_number_or_later(
    town: Town, said: str, outcome: str, phone: str, name: str
) -> None:
    done = town.do("read_backup", town.person("Luz"), backup=said)
    assert (done.outcome, done.values["phone"], done.values["other_name"]) == (outcome, phone, name)


def test_a_number_is_offered_the_seat_as_backup_and_nobody_is_texted(town: Town) -> None:
    luz = town.person("Luz")
    circle = found(town, luz, "Bold Moves", phone="+15125550177")
    role = town.session.scalars(select(Role).where(Role.kind == "backup")).one()
    uri = town.session.scalars(select(Address.uri).where(Address.person_id == role.person_id)).one()
    assert (role.circle_id, role.accepted_at, uri) == (circle.id, None, "sms:+15125550177")
    assert town.session.scalar(select(func.count()).select_from(Outbox)) == 0
    eva = town.session.get_one(Person, role.person_id)
    done = town.do("accept_role", eva, code=circle.code)
    assert (done.outcome, done.values["role"], role.accepted_at) == ("accepted", "backup", NOW)


def test_a_first_name_waits_for_whoever_bears_it(town: Town) -> None:
    circle = found(town, town.person("Luz"), "Bold Moves", other_name="Eva")
    assert circle.backup_named == "Eva"
    assert town.session.scalar(select(func.count()).where(Role.kind == "backup")) == 0
