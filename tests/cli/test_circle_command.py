"""The `circle` command: data on standard output, the rest on standard error, and honest exit codes."""

from __future__ import annotations

import datetime as dt
import io
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from assistant.cli import COMMANDS
from assistant.delivery.claims import PAUSE_ALL
from assistant.store.database import Database
from assistant.store.tables import Address, Alert, AlertStep, Consent, Inbox, Outbox, Person, ServiceState
from assistant.store.tables import Circle as CircleRow
from tests.cli.shell import Circle

NOW = dt.datetime(2027, 3, 1, 15, 0, tzinfo=dt.UTC)


def test_help_explains_every_command(circle: Circle) -> None:
    shown = circle("--help")
    assert shown.code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in shown.out
        assert circle(name, "--help").code == 0
    assert "redis" not in shown.out


def test_help_is_quick() -> None:
    best = min(_time_of([sys.executable, "-m", "assistant.cli", "--help"]) for _ in range(3))
    nothing = min(_time_of([sys.executable, "-c", "import click"]) for _ in range(3))
    assert best < nothing * 4, "help imports what only commands need"


def _time_of(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def test_a_misspelt_command_is_wrong_usage_with_a_hint(circle: Circle) -> None:
    result = circle("stauts")
    assert (result.code, result.out) == (2, "")
    assert "Did you mean status?" in result.err


def test_a_fault_that_the_local_carrier_does_not_know_is_said(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARRIER_KNOBS", '{"latency": 80}')
    result = circle("carrier")
    assert (result.code, result.out) == (1, "")
    assert "no fault is called 'latency'" in result.err
    assert "Traceback" not in result.err


def test_bad_settings_are_all_said(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "abc")
    monkeypatch.setenv("TIME_TRAVEL", "maybe")
    result = circle("status")
    assert (result.code, result.out) == (1, "")
    assert "PORT is 'abc'" in result.err
    assert "TIME_TRAVEL is 'maybe'" in result.err


def test_a_cohort_a_circle_and_how_it_stands(circle: Circle, tmp_path: Path) -> None:
    assert circle("cohort", "create", "Spring", "--organizer", "+1 415 555 0100").code == 0
    picture = tmp_path / "maple.svg"
    made = circle(
        "create", "Maple", "--code", "maple", "--cohort", "Spring", "--host", "4155550101", "--qr", picture
    )
    assert made.code == 0
    assert "JOIN MAPLE to +14155550100" in made.out
    assert "sms:+14155550100?&body=JOIN%20MAPLE" in made.out
    assert "HOST MAPLE" in made.out
    assert "█" in made.out
    assert picture.read_text().startswith("<?xml")
    (counts,) = circle("status", "maple", "--json").data["circles"]
    assert (counts["code"], counts["state"], counts["seated"], counts["hosts"]) == (
        "MAPLE",
        "gathering",
        0,
        0,
    )
    assert "MAPLE" in circle("status").out


def test_creating_can_be_read_by_programs(circle: Circle) -> None:
    data = circle("create", "Roble", "--code", "ROBLE", "--language", "es", "--json").data
    assert data["sms_link"] == "sms:+14155550100?&body=JOIN%20ROBLE"
    assert data["join_page"].endswith("/join/ROBLE")
    assert data["join_line"].startswith("Voy a abrir un círculo")
    assert data["host_text"] == "HOST ROBLE"


def test_a_wrong_circle_is_explained_and_not_made(circle: Circle) -> None:
    result = circle("create", "Maple", "--code", "STOP", "--timezone", "Mars")
    assert (result.code, result.out) == (1, "")
    assert "STOP means something else" in result.err
    assert "Mars" in result.err
    assert circle("status", "--json").data["circles"] == []
    assert circle("create", "Maple").code == 2
    assert circle("create", "Maple", "--code", "OAK", "--starts", "soon").code == 2
    assert circle("create", "Maple", "--code", "OAK", "--qr", "x.gif").code == 2


def test_naming_a_host_texts_nobody(circle: Circle, rows: Database) -> None:
    circle("create", "Maple", "--code", "MAPLE", "--host", "4155550101", "--backup", "4155550109")
    with rows.read() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 2
        assert session.scalar(select(func.count()).select_from(Outbox)) == 0


def test_an_empty_circle_does_not_start(circle: Circle) -> None:
    circle("create", "Maple", "--code", "MAPLE")
    result = circle("start", "MAPLE")
    assert result.code == 1
    assert "JOIN MAPLE" in result.err


MESSY = """Phone Number;First Name;Idioma;Time Zone;Consent Date;Consent Source;Notes
+1 (512) 555-0100;Ana;español;Central;5/31/2026;signed form;x

4.15556E+12;Omar;en;;2026-05-31;form;
512-555-0101;José;en;America/Chicago;2026-05-31 14:30;web form;
5125550101;José;en;America/Chicago;2026-05-31;web form;
(512) 555 0102;Rosa;;;;;
"""


def test_an_import_shows_what_it_will_do_and_does_it_once(
    circle: Circle, rows: Database, tmp_path: Path
) -> None:
    circle("create", "Maple", "--code", "MAPLE")
    file = tmp_path / "people.csv"
    file.write_text(MESSY, encoding="cp1252")
    refused = circle("import", file, "--circle", "MAPLE")
    assert refused.code == 2
    assert "--yes" in refused.err
    for word in (
        "2 will be texted",
        "1 have no recorded consent",
        "line 4:",
        "line 6: the same number",
        "Notes",
    ):
        assert word in refused.err
    for number in ("555-0100", "5550101", "555 0102"):
        assert number not in refused.err + refused.out

    done = circle("import", file, "--circle", "MAPLE", "--yes")
    assert done.code == 0
    assert "2 invitations are queued" in done.out
    assert "JOIN MAPLE" in done.out
    again = circle("import", file, "--circle", "MAPLE", "--yes", "--json").data
    assert again["fates"] == {"invited": 2, "no consent": 1}
    assert [each["line"] for each in again["bad"]] == [4]

    with rows.read() as session:
        texts = session.scalars(select(Outbox).order_by(Outbox.id)).all()
        assert [text.purpose for text in texts] == ["invitation", "invitation"]
        assert "Aceptaste" in (texts[0].body or "")
        assert "You agreed" in (texts[1].body or "")
        ledger = session.execute(
            select(Consent.kind, Consent.way, Consent.wording).order_by(Consent.id)
        ).all()
        assert [tuple(each) for each in ledger] == [
            ("in", "import", "signed form"),
            ("in", "import", "web form"),
        ]


def spring_of(circle: Circle) -> None:
    """A cohort of two small circles, one of them in Spanish."""
    circle("cohort", "create", "Spring", "--organizer", "4155550177")
    for code, language in (("MAPLE", "en"), ("ROBLE", "es")):
        circle("create", code, "--code", code, "--cohort", "Spring", "--size", 2, "--language", language)


def test_an_import_is_spread_over_a_cohort_and_says_who_finds_no_seat(
    circle: Circle, rows: Database, tmp_path: Path
) -> None:
    spring_of(circle)
    lines = [f"512 555 010{number},Ana,es,2026-05-31,form,evenings,budgets,sewing" for number in range(3)]
    lines += ["512 555 0105,Rosa,en,2026-05-31,form,,,", "512 555 0106,Omar,en,,,,,"]
    file = tmp_path / "cohort.csv"
    file.write_text("\n".join(["phone,name,language,consent_at,consent_source,hours,teaches,learns", *lines]))
    preview = circle("import", file, "--spread", "spring")
    assert preview.code == 2
    for words in (
        "3 will be texted",
        "1 find no free seat",
        "1 more than there are Spanish seats: make 1 more circle:",
        '--cohort "Spring" --language es',
        "(lines 4)",
        "MAPLE        en  0 + 1 of 2  (1 en)",
        "ROBLE        es  0 + 2 of 2  (2 es)",
        "They leave 2 a minute",
    ):
        assert words in preview.err
    done = circle("import", file, "--spread", "Spring", "--yes", "--json").data
    assert done["fates"] == {"invite": 3, "no seat": 1, "no consent": 1}
    assert done["no_consent"] == [6]
    assert done["places"] == {"2": "ROBLE", "3": "ROBLE", "5": "MAPLE"}
    assert [(each["code"], each["invited"]) for each in done["circles"]] == [("MAPLE", 1), ("ROBLE", 2)]
    again = circle("import", file, "--spread", "Spring", "--yes", "--json").data
    assert again["fates"] == {"invited": 3, "no seat": 1, "no consent": 1}
    assert again["places"] == done["places"]
    with rows.read() as session:
        assert session.scalar(select(func.count()).select_from(Outbox)) == 3
        assert session.scalar(select(func.count()).select_from(Person)) == 4, "and the organizer"


def test_an_import_goes_to_a_circle_or_is_spread_not_both(circle: Circle, tmp_path: Path) -> None:
    spring_of(circle)
    file = tmp_path / "cohort.csv"
    file.write_text("phone\n512 555 0100\n")
    assert circle("import", file).code == 2
    assert circle("import", file, "--circle", "MAPLE", "--spread", "Spring").code == 2
    missed = circle("import", file, "--spread", "Sprin", "--yes")
    assert (missed.code, "Did you mean 'Spring'?" in missed.err) == (1, True)
    circle("cohort", "create", "Fall", "--organizer", "4155550177")
    empty = circle("import", file, "--spread", "Fall", "--yes")
    assert (empty.code, '--cohort "Fall"' in empty.err) == (1, True)


def test_status_says_how_far_a_cohort_s_invitations_have_come(circle: Circle, tmp_path: Path) -> None:
    spring_of(circle)
    circle("create", "Oak", "--code", "OAK")
    file = tmp_path / "cohort.csv"
    file.write_text(
        "phone,language,consent_at,consent_source\n"
        "512 555 0100,en,2026-05-31,form\n512 555 0101,es,2026-05-31,form\n"
    )
    circle("import", file, "--spread", "Spring", "--yes")
    for asked in (("Spring",), ("--cohort", "spring")):
        told = circle("status", *asked, "--json").data
        assert told["cohort"] == "Spring"
        assert [(each["code"], each["progress"]) for each in told["circles"]] == [
            ("MAPLE", {"queued": 1}),
            ("ROBLE", {"queued": 1}),
        ]
        assert told["sum"]["progress"] == {"queued": 2}
    table = circle("status", "Spring").out
    assert [line.split() for line in table.splitlines()[-4:]] == [
        ["CODE", "QUEUED"],
        ["MAPLE", "1"],
        ["ROBLE", "1"],
        ["all", "2"],
    ]
    assert "OAK" not in table
    assert all(len(line.rstrip()) <= 100 for line in table.splitlines())
    assert circle("status", "NOWHERE").code == 1
    assert circle("status", "MAPLE", "--cohort", "Spring").code == 2


def test_ten_thousand_rows_are_taken_quickly(circle: Circle, rows: Database, tmp_path: Path) -> None:
    circle("create", "Maple", "--code", "MAPLE")
    lines = ["\ufeffphone,name,language,timezone,consent_at,consent_source"]
    for index in range(10_000):
        consent = "2026-05-31,form" if index % 10 == 0 else ","
        lines.append(
            f"+1{212 + index // 2000 * 100}555{index % 2000:04},N{index},en,America/Chicago,{consent}"
        )
    lines += ["nonsense,,,,,", lines[1]]
    file = tmp_path / "cohort.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    began = time.perf_counter()
    data = circle("import", file, "--circle", "MAPLE", "--yes", "--json").data
    assert time.perf_counter() - began < 60
    assert data["fates"] == {"invite": 1000, "no consent": 9000}
    assert (len(data["bad"]), len(data["doubled"])) == (1, 1)
    with rows.read() as session:
        assert session.scalar(select(func.count()).select_from(Address)) == 10_000


def test_a_file_that_is_no_table_is_refused_in_plain_words(circle: Circle, tmp_path: Path) -> None:
    circle("create", "Maple", "--code", "MAPLE")
    (tmp_path / "people.xlsx").write_bytes(b"PK\x03\x04 and so on")
    result = circle("import", tmp_path / "people.xlsx", "--circle", "MAPLE", "--yes")
    assert result.code == 1
    assert "CSV UTF-8" in result.err
    assert circle("import", tmp_path / "nobody.csv", "--circle", "MAPLE").code == 2


def test_everything_can_be_paused_and_goes_on(circle: Circle, rows: Database) -> None:
    assert circle("pause").code == 2
    for command, held in ((("pause", "--all"), True), (("resume",), False)):
        assert circle(*command).code == 0
        with rows.read() as session:
            assert session.get_one(ServiceState, PAUSE_ALL).value == {"on": held}


def test_a_text_that_was_set_aside_is_listed_without_its_words_and_tried_again(
    circle: Circle, rows: Database
) -> None:
    with rows.write() as session:
        session.add(
            Inbox(
                carrier_id="SM1",
                from_uri="sms:+14155550102",
                to_uri="sms:+14155550100",
                body="a secret",
                params={},
                received_at=NOW,
                state="set_aside",
                attempts=3,
            )
        )
    listed = circle("inbox", "list", "--json")
    assert [each["state"] for each in listed.data] == ["set_aside"]
    table = circle("inbox", "list").out
    for shown in (listed.out, table):
        assert "secret" not in shown
        assert "555" not in shown
    assert "1 texts will be tried again" in circle("inbox", "retry").out
    assert [each["state"] for each in circle("inbox", "list", "--json").data] == ["new"]


def test_a_backup_is_whole_private_and_never_overwrites(circle: Circle, tmp_path: Path) -> None:
    circle("create", "Maple", "--code", "MAPLE")
    file = tmp_path / "backup.db"
    assert circle("backup", file).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with sqlite3.connect(file) as copy:
        assert copy.execute("SELECT code FROM circle").fetchall() == [("MAPLE",)]
    copy.close()
    again = circle("backup", file)
    assert again.code == 1
    assert "never overwrites" in again.err
    assert circle("backup", tmp_path / "no" / "such" / "folder.db").code == 1


def test_migrating_is_harmless_when_there_is_nothing_to_do(circle: Circle) -> None:
    assert "up to date" in circle("migrate").out


def test_a_database_of_an_older_version_is_not_touched(circle: Circle, rows: Database) -> None:
    with rows.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    result = circle("status")
    assert (result.code, result.out) == (1, "")
    assert "circle migrate" in result.err


def test_the_project_s_own_flows_are_well(circle: Circle) -> None:
    result = circle("flows", "check")
    assert result.code == 0
    assert "notices.toml" in result.out


def test_every_problem_of_a_folder_of_flows_is_said(circle: Circle, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(
        'flow = "bad"\ntitle = "Bad"\nstart = "opne"\n\n[open]\nsay.en = "Hi {nmae}"\n'
    )
    result = circle("flows", "check", tmp_path)
    assert result.code == 1
    assert "bad.toml" in result.err
    assert "Did you mean" in result.err or "did you mean" in result.err
    problems = circle("flows", "check", tmp_path, "--json")
    assert problems.code == 1
    assert len(problems.data["problems"]) > 1


def test_a_flow_is_drawn_and_counted(circle: Circle) -> None:
    assert "stateDiagram" in circle("flows", "draw", "onboarding").out
    missing = circle("flows", "draw", "onbording")
    assert missing.code == 1
    assert "onboarding" in missing.err
    assert {"flow", "version", "today", "conversations"} <= set(circle("flows", "status", "--json").data[0])


def test_the_doctor_finds_nothing_wrong_on_a_quiet_machine(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as one, socket.socket() as other:
        for name, each in (("PORT", one), ("CARRIER_PORT", other)):
            each.bind(("127.0.0.1", 0))
            monkeypatch.setenv(name, str(each.getsockname()[1]))
        result = circle("doctor", "--json")
    found = {line["piece"]: line for line in result.data}
    assert result.code == 0
    assert found["database"]["state"] == found["settings"]["state"] == found["disk"]["state"] == "ok"
    for piece in ("redis", "web", "carrier", "clock"):
        assert found[piece]["state"] == "warn"
        assert "circle run" in found[piece]["mend"]


def test_the_doctor_says_what_is_missing_for_voice_notes_to_become_words(
    circle: Circle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "not set up: voice notes are passed on as voices" in circle("doctor").out
    monkeypatch.setenv("TRANSCRIPTION_MODEL", str(tmp_path / "nothing"))
    found = [line for line in circle("doctor", "--json").data if line["piece"] == "voice notes"]
    assert [line["state"] for line in found] == ["warn", "warn"]
    assert '".[transcription]"' in found[0]["mend"]
    assert "model.bin and config.json" in found[1]["said"]


def test_the_doctor_says_what_is_wrong_and_fails(
    circle: Circle, rows: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    with rows.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    result = circle("doctor")
    assert result.code == 1
    assert "REDIS_URL does not answer" in result.out
    assert "newer version" in result.out
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
    assert "does not answer" in circle("doctor").out


def test_a_taken_port_is_named_with_a_way_out(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setenv("CARRIER_PORT", str(port))
        monkeypatch.setenv("PORT", str(free.getsockname()[1]))
        free.close()
        environment = dict(os.environ)
        result = circle("run")
    os.environ.clear()
    os.environ.update(environment)
    assert result.code == 1
    assert f"Port {port} (CARRIER_PORT) is used by another program" in result.err
    assert "choose another port" in result.err


def test_a_flow_is_played_in_the_terminal_and_nobody_is_texted(
    circle: Circle, rows: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Ana\n... soon\n... 3 days\n"))
    played = circle("flows", "play", "join", "--language", "es")
    assert played.code == 0
    first, second, *_rest = played.out.splitlines()
    assert first == "ana: JOIN MAPLE"
    assert second.startswith("bot: Circle: Ya estas en Maple.")
    assert "(Thursday 09:00)" in played.out
    assert '"soon" is not a time to wait' in played.err
    with rows.read() as session:
        assert session.scalar(select(func.count()).select_from(Outbox)) == 0
    assert circle("flows", "play", "jion").code == 1
    assert circle("flows", "play", "join", "--with", "week").code == 1


def test_the_audit_says_who_did_what_when_without_a_name_or_a_number(circle: Circle, rows: Database) -> None:
    circle("cohort", "create", "Spring", "--organizer", "+1 415 555 0100")
    circle("create", "Maple", "--code", "MAPLE", "--host", "4155550101")
    circle("create", "Oak", "--code", "OAK")
    with rows.write() as session:
        now, maple = dt.datetime.now(dt.UTC), session.scalars(select(CircleRow)).first()
        assert maple is not None
        luz = session.scalars(select(Person).order_by(Person.id.desc())).first()
        assert luz is not None
        luz.name = "Luz"
        alert = Alert(kind="danger", circle_id=maple.id, opened_at=now)
        session.add(alert)
        session.flush()
        session.add(AlertStep(alert_id=alert.id, at=now, what="host paged", person_id=luz.id))
    listed = circle("audit", "--json")
    assert [each["what"] for each in listed.data] == [
        "create cohort",
        "create circle",
        "create circle",
        "alert: host paged",
    ]
    only = circle("audit", "maple", "--json").data
    assert [(each["what"], each["circle"]) for each in only] == [
        ("create circle", "MAPLE"),
        ("alert: host paged", "MAPLE"),
    ]
    assert only[1]["person_id"] == luz.id
    shown = circle("audit").out
    assert "create cohort" in shown
    assert "Luz" not in shown
    assert "555" not in shown + listed.out
    assert circle("audit", "MAPEL").code == 1
    assert "Nothing is on record" in circle("audit", "MAPLE", "--days", "-1").err


def test_another_host_is_offered_the_seat_and_told_by_whoever_offers_it(circle: Circle) -> None:
    circle("create", "Maple", "--code", "maple", "--host", "4155550101")
    offered = circle("host", "maple", "4155550102")
    assert (offered.code, offered.out) == (0, "The seat as host of MAPLE is offered.\n")
    assert "text HOST MAPLE" in offered.err
    backup = circle("host", "maple", "4155550103", "--backup", "--json")
    assert backup.data == {"code": "MAPLE", "kind": "backup", "held": False, "text": "HOST MAPLE"}
    assert circle("host", "maple", "4155550104", "--instead-of", "4155550109").code == 1


def test_seats_are_drawn_once_shown_seated_and_checked(circle: Circle, tmp_path: Path) -> None:
    circle("cohort", "create", "Spring", "--organizer", "4155550177")
    circle("create", "Maple", "--code", "MAPLE", "--cohort", "Spring", "--size", 4)
    file = tmp_path / "people.csv"
    head = "phone,name,language,timezone,consent_at,consent_source,household\n"
    rows = [f"512555{number:04},P{number},en,America/Chicago,2026-05-01,form," for number in range(300, 312)]
    file.write_text(head + "\n".join(rows))
    draw = ("import", file, "--spread", "Spring", "--waitlist", 3)
    assert circle("import", file, "--circle", "MAPLE", "--waitlist", 3).code == 2
    assert circle("waitlist", "show", "Spring").code == 1
    refused = circle(*draw)
    assert refused.code == 2
    assert "--yes" in refused.err
    sealed = refused.err.split("Sealed: ")[1].split()[0]
    done = circle(*draw, "--yes")
    assert done.code == 0
    assert sealed in done.err
    assert "3 invitations are queued" in done.out
    shown = circle("waitlist", "show", "Spring", "--json").data
    assert (shown["seal"], shown["drawn"], shown["not_drawn"], shown["waiting"]) == (sealed, 3, 9, 9)
    assert circle(*draw, "--yes", "--json").data["fates"] == {"invited": 3, "waiting": 9}
    assert "1 invitations are queued; 8 people wait still" in circle("waitlist", "seat", "Spring").out
    assert circle("waitlist", "verify", "Spring", file).code == 0
    file.write_text(head + "\n".join(rows[1:]))
    wrong = circle("waitlist", "verify", "Spring", file)
    assert wrong.code == 1
    assert "not in this file" in wrong.out
    assert "SEATED AND WAITING" in circle("report", "Spring").out
