"""`circle danger` measures and learns; `circle doctor` shows who waits for a person."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from assistant.safety.alerts import open_alert
from assistant.store.database import Database
from assistant.store.tables import Alert, Person
from assistant.store.tables import Circle as CircleRow
from tests.cli.shell import Circle

TOML = """
[ours.self_harm]
en = ["I want to die"]
es = ["ya no quiero vivir"]
[ours.none]
en = ["see you Tuesday", "my goal is to walk"]
"""
LINES = (
    {"text": "my husband hits me", "lang": "en", "danger": True, "category": "violence_home", "veiled": 1},
    {"text": "nos vemos el martes", "lang": "es", "danger": False, "category": "scheduling", "kind": "plain"},
    {"text": "see you Tuesday", "danger": True},
)


def test_danger_measures_a_table(circle: Circle, tmp_path: Path) -> None:
    file = tmp_path / "cases.toml"
    file.write_text(TOML, "utf-8")
    shown = circle("danger", file)
    assert shown.code == 0
    assert "language es" in shown.out
    assert circle("danger", file, "--json").data["groups"]["kind self_harm"]["danger"]["paged"] == 2


def test_danger_measures_lines_of_which_some_say_little(circle: Circle, tmp_path: Path) -> None:
    file = tmp_path / "lot.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in LINES), "utf-8")
    found = circle("danger", "--json", file).data
    assert found["texts"] == 3
    assert found["danger"] == {"n": 2, "paged": 1, "asked": 0, "missed": 1}
    assert found["safe"] == {"n": 1, "paged": 0, "asked": 0}
    assert [each["text"] for each in found["missed"]] == ["see you Tuesday"]
    shown = circle("danger", file)
    assert "missed (lot" in shown.err
    for row in ("category violence_home", "kind abuse", "veiled 1", "50.0% (9.5-90.5)"):
        assert row in shown.out


def test_danger_refuses_what_is_no_lot_of_cases(circle: Circle, tmp_path: Path) -> None:
    for name, wrong, said in (
        ("cases.toml", "not toml at all", "is no table"),
        ("cases.toml", '[a.despair]\nen = ["x"]', 'no danger is called "despair"'),
        ("cases.jsonl", '{"text": "x"}', "line 1"),
    ):
        file = tmp_path / name
        file.write_text(wrong, "utf-8")
        refused = circle("danger", file)
        assert (refused.code, refused.out) == (1, "")
        assert said in refused.err
    assert circle("danger", tmp_path / "nowhere.toml").code == 2
    assert circle("danger", "train", "--cases", tmp_path / "nowhere").code == 2


def test_danger_learns_anew_from_a_folder_of_lots(circle: Circle, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    (tmp_path / "empty").mkdir()
    refused = circle("danger", "train", "--cases", tmp_path / "empty")
    assert (refused.code, refused.out) == (1, "")
    assert "holds no lot" in refused.err
    for lot in ("lot_one", "lot_two"):
        lines = [
            {"text": f"{words} {lot} {n}", "lang": "en", "danger": danger, "category": category, "kind": kind}
            for n in range(6)
            for words, danger, category, kind in (
                ("I want to die", True, "suicide", "danger"),
                ("my husband hits me", True, "violence_home", "danger"),
                ("call an ambulance", True, "overdose", "danger"),
                ("see you on Tuesday", False, "scheduling", "plain"),
                ("this job kills me", False, "work", "near"),
            )
        ]
        (tmp_path / f"{lot}.jsonl").write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    learnt = circle("danger", "train", "--cases", tmp_path, "--to", tmp_path)
    assert learnt.code == 0, learnt.err
    assert "lot lot_one" in learnt.out
    assert (tmp_path / "weights.bin").exists()
    record = json.loads((tmp_path / "weights.json").read_text("utf-8"))
    assert [each["lot"] for each in record["data"]] == ["lot_one", "lot_two"]


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
