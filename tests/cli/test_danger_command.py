"""`circle danger` measures; `circle doctor` shows who waits for a person."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from assistant.safety.alerts import open_alert
from assistant.store.database import Database
from assistant.store.tables import Alert, Person
from assistant.store.tables import Circle as CircleRow
from tests.cli.shell import Circle

CASES = Path(__file__).parents[1] / "language" / "cases" / "danger.toml"


def test_danger_reports_each_part_by_itself(circle: Circle) -> None:
    shown = circle("danger", CASES)
    assert shown.code == 0
    assert "tenth" in shown.out
    assert "missed (twelfth" in shown.err
    rates = {
        (each["part"], each["language"]): each for each in circle("danger", CASES, "--json").data["rates"]
    }
    assert rates["tuned", "en"]["missed"] == rates["tuned", "es"]["false_alarms"] == 0
    assert rates["tenth", "en"]["danger"] > 20


def test_danger_refuses_what_is_no_table_of_cases(circle: Circle, tmp_path: Path) -> None:
    for wrong, said in (
        ("not toml at all", "is no table"),
        ('[a.despair]\nen = ["x"]', 'no danger is called "despair"'),
        ("a = 1", "is no table"),
    ):
        file = tmp_path / "cases.toml"
        file.write_text(wrong, "utf-8")
        refused = circle("danger", file)
        assert (refused.code, refused.out) == (1, "")
        assert said in refused.err
    assert circle("danger", tmp_path / "nowhere.toml").code == 2


def test_the_doctor_shows_who_waits_for_a_person(circle: Circle, rows: Database) -> None:
    now = dt.datetime.now(dt.UTC)
    earlier = now - dt.timedelta(minutes=20)
    with rows.write() as session:
        session.add(
            CircleRow(id=1, code="MAPLE", name="Bold Moves", zone="America/Chicago", created_at=earlier)
        )
        session.add(Person(id=1, name="Ana", created_at=earlier))
        session.flush()
        open_alert(session, "danger", earlier, circle_id=1, person_id=1)
        open_alert(session, "danger", earlier - dt.timedelta(days=2), circle_id=None, person_id=1)
    found = {line["piece"]: line for line in circle("doctor", "--json").data}["alarms"]
    assert found["state"] == "fail"
    for word in ("1 may need a person", "MAPLE", "20 minutes"):
        assert word in found["said"]
    assert "Ana" not in found["said"]
    assert "MAPLE: 1 may need a person" in circle("status").err
    with rows.write() as session:
        alert = session.get_one(Alert, 1)
        alert.answered_at = now
    assert {line["piece"]: line for line in circle("doctor", "--json").data}["alarms"]["state"] == "warn"
    with rows.write() as session:
        session.get_one(Alert, 1).closed_at = now
    assert {line["piece"]: line for line in circle("doctor", "--json").data}["alarms"]["state"] == "ok"
