"""Importing: spreadsheets as people have them, and texts only to those whose consent is on record."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ServiceIdentity
from assistant.circles.actions.effects import Tell
from assistant.circles.cohorts.assignment import seat_in_circle
from assistant.circles.cohorts.import_entries import Sheet, read_sheet
from assistant.circles.cohorts.import_plan import Taken, take
from assistant.circles.cohorts.spreadsheets import UnreadableTable, read_table
from assistant.circles.hosts.circle_setup import Plan, create_circle, find_circle
from assistant.circles.people import consent
from assistant.circles.people.addresses import address_for, person_at
from assistant.circles.people.phone_entry import masked, read_number
from assistant.delivery.outbox import Draft, put
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.tables import Address, Consent, Invitation, Member, Outbox, Person
from tests.case_tables import each_case

SENDER = "MG" + "0" * 31 + "1"
IDENTITY = ServiceIdentity(
    "Circle", "help@circle.example", "US", SENDER, "+14155550100", key=b"of these tests"
)
NOW = dt.datetime(2027, 3, 1, 15, 0, tzinfo=dt.UTC)
HEADER = "phone,name,language,timezone,consent_at,consent_source\n"


def read(text: str, encoding: str = "utf-8", *, header: str = HEADER, country: str = "US") -> Sheet:
    return read_sheet((header + text).encode(encoding), country=country, zone="America/Chicago", now=NOW)


def reasons(sheet: Sheet) -> list[str]:
    return [each.reason for each in sheet.bad]


# What a file says


def test_a_whole_row_is_read() -> None:
    (ana,) = read(
        "+1 (512) 555-0100, Ana ,español,america/chicago,2026-05-31 14:30,form at the library\n"
    ).entries
    assert (ana.line, ana.uri, ana.name, ana.language, ana.zone) == (
        2,
        "sms:+15125550100",
        "Ana",
        "es",
        "America/Chicago",
    )
    assert ana.consent_at == dt.datetime(2026, 5, 31, 19, 30, tzinfo=dt.UTC)
    assert ana.consent_source == "form at the library"


@each_case(
    "written",
    [
        "+1 (512) 555-0100",
        "512-555-0100",
        "512.555.0100",
        "'+15125550100",
        "15125550100",
        "5125550100.0",
        "tel:+15125550100",
        "whatsapp:+15125550100",
        "512_555_0100",
        "512*555*0100",
    ],
)
def test_numbers_are_read_as_people_type_them(written: str) -> None:
    assert read_number(written, "US") == "+15125550100"


@each_case(
    ("written", "number"),
    [
        ("+52 1 55 1234 5678", "+525512345678"),
        ("+5215512345678", "+525512345678"),
        ("5215512345678", "+525512345678"),
        ("whatsapp:+5215512345678", "+525512345678"),
        ("011 52 1 55 1234 5678", "+525512345678"),
        ("044 55 1234 5678", "+525512345678"),
        ("+55 31 8123-4567", "+5531981234567"),
        ("+54 9 11 1234-5678", "+5491112345678"),
        ("1-403-555-0104", "+14035550104"),
        ("1664 491 3789", "+16644913789"),
        ("20-12-1234-1234", "+201212341234"),
        ("40 21 201 7200", "+40212017200"),
        ("1‑202–555—010−4", "+12025550104"),
        ("+683 7012", "+6837012"),
    ],
)
@each_case("country", ["US", "GB"])
def test_numbers_of_other_countries_are_read_with_or_without_a_plus(
    written: str, number: str, country: str
) -> None:
    assert read_number(written, country) == number


@each_case("written", ["4.15556E+12", "1,51255E+10", "5.12556e+09"])
def test_a_rounded_number_is_said_to_be_lost(written: str) -> None:
    with pytest.raises(ValueError, match="rounded"):
        read_number(written, "US")


def test_a_bad_number_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="country code") as caught:
        read_number("512 555 01", "US")
    assert "512 555 01" not in str(caught.value).replace("512 555 0100", "")


@each_case("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@each_case("separator", [",", ";", "\t", "|"])
def test_files_come_in_many_encodings_and_separators(encoding: str, separator: str) -> None:
    text = "phone,name\n5125550100,José\n".replace(",", separator)
    sheet = read_sheet(text.encode(encoding), country="US", zone="America/Chicago", now=NOW)
    assert [(each.uri, each.name) for each in sheet.entries] == [("sms:+15125550100", "José")]


@each_case(
    "header",
    [
        "Phone Number;First Name;Language;Time Zone;Consent Date;Consent Source",
        "TELÉFONO;nombre;Idioma;zona horaria;fecha;fuente",
        "Phonne;name;lang;time_zone;consent_at;consent source",
    ],
)
def test_headers_nearly_match(header: str) -> None:
    (entry,) = read("512 555 0100;Ana;en;Central;2026-05-31;form\n", header=header + "\n").entries
    assert (entry.name, entry.language, entry.zone) == ("Ana", "en", "America/Chicago")
    assert entry.consent_source == "form"


def test_lines_are_counted_as_the_spreadsheet_counts_them() -> None:
    sheet = read('512 555 0100,"Ana\nMaria",,,,\n\n,,,,,\nnot a number,,,,,\n')
    assert [each.name for each in sheet.entries] == ["Ana Maria"]
    assert [each.line for each in sheet.bad] == [6]


@each_case("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_machine(end: str) -> None:
    text = f"phone,name{end}512 555 0100,Ana{end}512 555 0101,Rosa{end}nope,Luz{end}"
    sheet = read_sheet(text.encode(), country="US", zone="America/Chicago", now=NOW)
    assert [(each.line, each.name) for each in sheet.entries] == [(2, "Ana"), (3, "Rosa")]
    assert [each.line for each in sheet.bad] == [4]


@each_case("first", ["sep=;", "SEP=;", '"sep=;"'])
def test_a_first_line_may_say_what_stands_between_cells(first: str) -> None:
    text = f"{first}\r\nphone;name\r\n512 555 0100;Ana, the first\r\nnope;x\r\n"
    sheet = read_sheet(text.encode(), country="US", zone="America/Chicago", now=NOW)
    assert [(each.line, each.name) for each in sheet.entries] == [(3, "Ana, the first")]
    assert [each.line for each in sheet.bad] == [4]


@each_case(
    ("rows", "taken", "bad"),
    [
        # Never closed.
        ('{0},"Ana,en,,,\n{1},Rosa,en,,,\n{2},Luz,es,,,\n', ["Rosa", "Luz"], [2]),
        # A later row has quotes of its own.
        ('{0},"Ana,en,,,\n{1},"Rosa",en,,,\n{2},"Luz, the host",es,,,\n', ["Rosa", "Luz, the host"], [2]),
        # Two marks that are not closed; nobody can tell what they close.
        ('{0},"Ana,en,,,\n{1},Rosa,en,,,\n{2},"Luz,es,,,\n{3},Eva,es,,,\n', ["Rosa", "Eva"], [2, 4]),
        # The last row.
        ('{0},Ana,en,,,\n{1},"Rosa,en,,,', ["Ana"], [3]),
        # A mark within a cell is a letter like any other, and one doubled is one.
        ('{0},Ana "la flaca",en,,,\n{1},"Rosa ""Ro"" Luz",en,,,\n', ['Ana "la flaca"', 'Rosa "Ro" Luz'], []),
        # Trailing empty cells left out.
        ('{0},"Ana\n{1},Rosa\n{2},Luz,es\n', ["Rosa", "Luz"], [2]),
        # A cell may go on over lines.
        ('{0},"Ana\nMaria\nLuz",en,,,\n{1},Rosa,en,,,\n', ["Ana Maria Luz", "Rosa"], []),
    ],
)
def test_a_mark_that_is_not_closed_spoils_its_own_row_only(
    rows: str, taken: list[str], bad: list[int]
) -> None:
    sheet = read(rows.format(*(f"512 555 010{n}" for n in range(4))))
    assert [each.name for each in sheet.entries] == taken
    assert [each.line for each in sheet.bad] == bad
    assert all("quotation mark" in each.reason for each in sheet.bad)


@given(
    st.lists(st.sampled_from(["Ana", '"Ana"', '"Ana', 'An"a', '"An""a"', '"', ""]), min_size=1, max_size=8)
)
def test_no_row_is_lost_whatever_quotes_stand_in_names(names: list[str]) -> None:
    sheet = read("".join(f"512 555 01{n:02},{name},en,,,\n" for n, name in enumerate(names)))
    lines = [each.line for each in sheet.entries] + [each.line for each in sheet.bad]
    assert sorted(lines) == list(range(2, len(names) + 2))


@each_case(
    "header",
    [
        *("phoneNumber", "   PHONENUMBER", "PHONENUMBER", "Phone", "Phone #", "Cell", "Cell Phone", "Mobile"),
        *(
            "Mobile Number",
            "Mobile Phone Number",
            "Número telefónico",
            "Teléfono",
            "TELÉFONO",
            "Celular",
            "Número de teléfono",
            "numero_de_celular",
            "Móvil",
        ),
        *("Telephone", "WhatsApp", "phone_number", "Phone-Number", '"Phone\nNumber"'),
    ],
)
@each_case("name", ["Name", "firstName", "First Name", "Nombre", "NOMBRE COMPLETO", "nombre(s)"])
def test_ordinary_headings_are_known_in_both_languages(header: str, name: str) -> None:
    text = f"{header},{name},Idioma\n512 555 0100,Ana,Español\n"
    (entry,) = read_sheet(text.encode(), country="US", zone="America/Chicago", now=NOW).entries
    assert (entry.uri, entry.name, entry.language) == ("sms:+15125550100", "Ana", "es")


@each_case(
    ("encoding", "names", "guessed"),
    [
        ("cp1252", ["José", "Begoña", "Iñaki", "María"], "Windows Western"),
        ("mac_roman", ["José", "Begoña", "Ángela", "Raúl"], "Mac Roman"),
        ("cp1250", ["Łukasz", "Wałęsa", "Małgorzata"], "Windows Central European"),
        ("utf-8", ["José", "Łukasz"], None),
        ("utf-16", ["José", "Łukasz"], None),
    ],
)
def test_an_encoding_that_had_to_be_guessed_is_said(
    encoding: str, names: list[str], guessed: str | None
) -> None:
    rows = "".join(f"512 555 010{n},{name}\n" for n, name in enumerate(names))
    data = f"phone,name\n{rows}".encode(encoding)
    sheet = read_sheet(data, country="US", zone="America/Chicago", now=NOW)
    assert [each.name for each in sheet.entries] == names
    assert sheet.guessed == guessed


def test_a_number_that_stands_twice_counts_once() -> None:
    sheet = read("512 555 0100,Ana,,,,\n+1 512 555 0100,Ana again,,,,\n")
    assert [each.name for each in sheet.entries] == ["Ana"]
    assert [(each.line, each.reason) for each in sheet.doubled] == [(3, "the same number as line 2")]


def test_everything_wrong_with_a_row_is_said_and_the_rest_is_taken() -> None:
    sheet = read("12,,tlh,Mars,someday,form\n512 555 0100,Ana,,,,\n")
    assert len(sheet.entries) == 1
    (reason,) = reasons(sheet)
    assert reason.count(";") >= 3
    for word in ("phone", "en or es", "America/Chicago", "2026-05-31"):
        assert word in reason


@each_case(
    ("cells", "why"),
    [
        ("2026-05-31,", "say where"),
        (",form", "say when"),
        ("2036-05-31,form", "future"),
        ("yes,form", "no date"),
        ("1,form", "consent_at"),
    ],
)
def test_half_a_consent_is_none(cells: str, why: str) -> None:
    sheet = read(f"512 555 0100,Ana,en,,{cells}\n")
    assert not sheet.entries
    assert why in reasons(sheet)[0]


def test_dates_are_read_as_the_country_writes_them() -> None:
    (us,) = read("512 555 0100,,,,5/6/2026,form\n").entries
    (mx,) = read("55 1234 5678,,,,5/6/2026,form\n", country="MX").entries
    assert us.consent_at is not None
    assert mx.consent_at is not None
    assert (us.consent_at.month, mx.consent_at.month) == (5, 6)


@each_case(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\n\n ,;\n", "empty"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"phone\0\0", "not a text file"),
        (b"who,where\nAna,Austin\n", "It names: who, where"),
        (b"5125550100,Ana\n", "a row of data"),
    ],
)
def test_what_is_no_table_is_answered_with_what_to_do(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableTable, match=why):
        read_table(data, {"phone": ()}, "phone")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_plain_words(data: bytes) -> None:
    try:
        sheet = read_sheet(HEADER.encode() + data, country="US", zone="America/Chicago", now=NOW)
    except UnreadableTable as error:
        assert str(error).endswith(".")  # noqa: PT017 - either way is well
    else:
        assert all(each.reason for each in sheet.bad)


def test_numbers_are_shown_so_that_only_their_owner_knows_them() -> None:
    assert masked("sms:+14155550123") == "+1415***0123"
    assert masked("whatsapp:US.AB") == "U***B"


# What becomes of it


@dataclass
class Maple:
    database: Database
    now: dt.datetime

    def take(self, sheet: Sheet) -> Taken:
        with self.database.write() as session:
            seating = seat_in_circle(session, find_circle(session, "MAPLE"), sheet.entries, IDENTITY)
            taken = take(session, seating.aim, sheet.entries, seating.seats, identity=IDENTITY, now=self.now)
            texts = [self._text(session, tell) for tell in taken.tells]
            put(session, texts, SENDER, self.now)
            return taken

    def _text(self, session: Session, tell: Tell) -> Draft:
        theirs = select(Address).where(Address.person_id == tell.person_id).order_by(Address.id.desc())
        address = session.scalars(theirs.limit(1)).one()
        return Draft(tell.person_id, address.id, address.uri, "Hi!", tell.purpose, circle_id=tell.circle_id)

    def states(self) -> dict[str, str]:
        with self.database.read() as session:
            rows = session.execute(
                select(Address.uri, Invitation.state).join(Invitation, Invitation.address_id == Address.id)
            )
            return {uri: state for uri, state in rows}  # noqa: C416


@pytest.fixture
def maple(database: Database, clock: ManualClock) -> Maple:
    with database.write() as session:
        create_circle(session, Plan("Maple", "MAPLE"), country="US", now=clock.now())
    return Maple(database, clock.now())


ANA = "512 555 0100,Ana,es,America/Chicago,2026-05-31,form\n"
ROSA = "512 555 0101,Rosa,en,,,\n"


def test_ana_agreed_and_is_invited_rosa_did_not_and_is_left_in_peace(maple: Maple) -> None:
    taken = maple.take(read(ANA + ROSA))
    assert taken.fates == {"invite": 1, "no consent": 1}
    assert maple.states() == {"sms:+15125550100": "waiting", "sms:+15125550101": "no_consent"}
    (tell,) = taken.tells
    assert (tell.notice, tell.purpose) == ("invite", "invitation")
    (agreed,) = taken.agreed
    assert agreed.wording == "form"
    with maple.database.read() as session:
        ana = session.get_one(Person, tell.person_id)
        assert (ana.language, ana.zone, ana.name) == ("es", "America/Chicago", None)


def test_twice_is_once(maple: Maple) -> None:
    sheet = read(ANA + ROSA)
    maple.take(sheet)
    again = maple.take(sheet)
    assert again.fates == {"invited": 1, "no consent": 1}
    assert not again.tells
    assert not again.agreed
    with maple.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 2
        assert session.scalar(select(func.count()).select_from(Invitation)) == 2


def test_consent_that_comes_later_counts(maple: Maple) -> None:
    maple.take(read(ROSA))
    assert maple.take(read("512 555 0101,Rosa,en,,2026-05-31,form\n")).fates == {"invite": 1}
    assert maple.states() == {"sms:+15125550101": "waiting"}


def test_a_file_cannot_undo_a_stop(maple: Maple) -> None:
    with maple.database.write() as session:
        _person, address = person_at(session, "+15125550100", maple.now)
        session.add(
            Consent(
                address_id=address.id, sender=SENDER, kind="out", wording="STOP", way="text", at=maple.now
            )
        )
    taken = maple.take(read(ANA))
    assert taken.fates == {"opted out": 1}
    assert not taken.tells
    assert not taken.agreed
    assert maple.states() == {}


def test_whoever_asked_to_be_forgotten_comes_back_by_their_own_text_alone(maple: Maple) -> None:
    with maple.database.write() as session:
        person, address = person_at(session, "+15125550100", maple.now)
        consent.agree(session, address.id, SENDER, "JOIN MAPLE", "text", maple.now)
        consent.forget(session, address, SENDER, IDENTITY.key, maple.now)
        kept = [(row.kind, row.wording, row.way) for row in session.scalars(select(Consent))]
    assert kept == [("in", "", "text"), ("out", "", "erasure")]
    taken = maple.take(read(ANA))
    assert (dict(taken.fates), list(taken.tells), list(taken.agreed)) == ({"erased": 1}, [], [])
    with maple.database.write() as session:
        assert session.scalars(select(Person.id)).all() == [person.id]
        _again, address = person_at(session, "+15125550100", maple.now)
    assert maple.take(read(ANA)).fates == {"erased": 1}
    with maple.database.write() as session:
        consent.agree(session, address.id, SENDER, "JOIN MAPLE", "text", maple.now)
    assert maple.take(read(ANA)).fates == {"invite": 1}


def test_members_and_the_unreachable_are_not_invited(maple: Maple) -> None:
    with maple.database.write() as session:
        circle = find_circle(session, "MAPLE")
        ana, _address = person_at(session, "+15125550100", maple.now)
        session.add(Member(circle_id=circle.id, person_id=ana.id, state="active", state_at=maple.now))
        _rosa, address = person_at(session, "+15125550101", maple.now)
        address.unreachable_at = maple.now
    taken = maple.take(read(ANA + "512 555 0101,Rosa,en,,2026-05-31,form\n"))
    assert taken.fates == {"member": 1, "unreachable": 1}


def test_what_is_foreseen_is_what_happens_and_foreseeing_changes_nothing(maple: Maple) -> None:
    sheet = read(ANA + ROSA)
    with maple.database.read() as session:
        seating = seat_in_circle(session, find_circle(session, "MAPLE"), sheet.entries, IDENTITY)
        assert session.scalar(select(func.count()).select_from(Person)) == 0
        assert session.scalar(select(func.count()).select_from(Outbox)) == 0
    assert seating.fates == {2: "invite", 3: "no consent"}
    assert maple.take(sheet).fates == {"invite": 1, "no consent": 1}


@pytest.mark.parametrize(
    "known_as", ["sms:+5215512345678", "whatsapp:+5215512345678", "whatsapp:+525512345678"]
)
def test_whoever_is_known_by_another_way_to_write_the_number_is_the_same(maple: Maple, known_as: str) -> None:
    row = "+52 55 1234 5678,Ana,es,America/Mexico_City,2026-05-31 14:30,form at the library\n"
    with maple.database.write() as session:
        ana = address_for(session, [known_as], maple.now)
    taken = maple.take(read(row))
    assert taken.fates == {"invite": 1}
    with maple.database.read() as session:
        assert set(session.scalars(select(Address.person_id).where(Address.id >= ana.id))) == {ana.person_id}
        (invited,) = session.scalars(select(Address).join(Invitation, Invitation.address_id == Address.id))
    by_sms = known_as.startswith("sms:")
    assert invited.uri == (known_as if by_sms else "sms:+525512345678")
    with maple.database.write() as session:
        consent.forget(session, session.get_one(Address, ana.id), SENDER, IDENTITY.key, maple.now)
    assert maple.take(read(row)).fates == {"erased": 1}


def test_two_ways_to_write_a_number_are_one_row() -> None:
    sheet = read("+52 1 55 1234 5678,Ana\n+52 55 1234 5678,Ana\n", header="phone,name\n")
    assert (len(sheet.entries), len(sheet.doubled)) == (1, 1)
