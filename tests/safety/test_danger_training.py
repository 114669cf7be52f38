"""Training is reproducible, and says what it lacks; lots of cases are read or refused line by line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from assistant.safety.danger_reader import figures, training
from assistant.safety.danger_reader.cases import Case, CasesError, read_cases, read_lots
from assistant.safety.danger_reader.choosing import Aims, Scored, choose_thresholds
from assistant.safety.danger_reader.classifier import Classifier
from assistant.safety.danger_reader.features import read_words
from assistant.safety.danger_reader.training import TrainingError


def a_small_folder(folder: Path) -> Path:
    for lot in ("lot_a", "lot_b"):
        cases = read_lots(names=f"{lot}.jsonl")[::6]
        rows = [
            {"text": c.text, "lang": c.language, "danger": c.danger, "category": c.category, "kind": c.kind}
            for c in cases
        ]
        (folder / f"{lot}.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return folder


def test_the_same_lots_give_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setattr(training, "BITS", 12)
    monkeypatch.setattr(training, "KIND_BITS", 10)
    lots = a_small_folder(tmp_path)
    once, again = training.train(lots), training.train(lots)
    assert once.packed == again.packed
    assert once.record == again.record
    assert [each["texts"] for each in once.record["data"]] == [200, 200]
    training.write(once, tmp_path)
    written = json.loads((tmp_path / "weights.json").read_text("utf-8"))
    reader = Classifier((tmp_path / "weights.bin").read_bytes(), written)
    score = {case.danger: reader.score(read_words(case.text)) for case in read_lots(lots)}
    assert score[True] > score[False]


def test_without_scikit_learn_training_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(TrainingError, match=r"circle-assistant\[train\]"):
        training.train()


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        ("a.jsonl", "", "holds no case"),
        ("a.jsonl", '{"text": "x", "danger": true}\nnot json', "line 2 is not JSON"),
        ("a.jsonl", '["x"]', "line 1 is no object"),
        ("a.jsonl", '{"danger": true}', 'line 1 has no "text"'),
        ("a.jsonl", '{"text": "x", "danger": "yes"}', 'line 1 needs "danger"'),
        ("a.jsonl", '{"text": "x", "danger": true, "veiled": 7}', "veiled"),
        ("a.jsonl", '{"text": "x", "danger": true, "lang": 7}', '"lang" is to be text'),
        ("a.toml", "a = 1", "is no table"),
        ("a.toml", "[a.self_harm]\nen = [1]", "is no table"),
        ("a.toml", '[a.despair]\nen = ["x"]', 'no danger is called "despair"'),
        ("a.toml", "not toml at all", "is no table"),
    ],
)
def test_what_is_no_lot_is_refused_with_its_place(tmp_path: Path, name: str, written: str, said: str) -> None:
    file = tmp_path / name
    file.write_text(written, "utf-8")
    with pytest.raises(CasesError, match=said):
        read_cases(file)


def test_a_lot_may_say_little(tmp_path: Path) -> None:
    file = tmp_path / "lot.jsonl"
    file.write_text(
        '{"text": "x", "danger": true}\n\n{"text": "y\u2028z", "danger": false, "veiled": null}\n', "utf-8"
    )
    assert [(case.text, case.category, case.veiled) for case in read_cases(file)] == [
        ("x", "", 0),
        ("y\u2028z", "", 0),
    ]


def test_no_text_stands_in_two_lots() -> None:
    texts = [case.text.strip().casefold() for case in read_lots() + read_lots(names="aside_*.jsonl")]
    assert len(texts) > 14_000
    assert len(set(texts)) == len(texts)


def test_every_category_of_danger_has_a_kind() -> None:
    assert {case.category for case in read_lots() if case.danger and case.harm is None} == {""}


def test_thresholds_keep_to_their_aims() -> None:
    def scored(kind: str, score: float) -> Scored:
        return Scored(Case("x", "en", kind == "danger", "", kind, 0, "a"), score, "en")

    each = [scored("plain", n / 100) for n in range(100)] + [scored("near", n / 100) for n in range(100)]
    chosen = choose_thresholds(each, Aims(plain_paged=0.02, near_paged=0.1, plain_asked=0.2))["en"]
    plain = [one.score for one in each if one.case.kind == "plain"]
    assert sum(score >= chosen["sure"] for score in plain) <= 2
    assert 15 <= sum(score >= chosen["perhaps"] for score in plain) <= 20


@pytest.mark.parametrize(
    ("some", "of", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (0, 0, 0, 1)]
)
def test_intervals_are_wilsons(some: int, of: int, low: float, high: float) -> None:
    assert figures.interval(some, of) == pytest.approx((low, high), abs=1e-4)
