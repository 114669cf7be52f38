"""Learns the classifier's weights from the lots of cases, and says how well it reads lots that it never saw.

Only this module needs scikit-learn (the extra `train`). The same lots, seed and versions give the same bytes.
Each lot is written in voices of its own, so it is left out whole: a random tenth of all texts would flatter.
"""

from __future__ import annotations

import hashlib
import json
import platform
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assistant.safety.danger_reader import KINDS, figures, lexicon
from assistant.safety.danger_reader.cases import LOTS, Case, read_cases, read_lots
from assistant.safety.danger_reader.choosing import AIMS, Scored, choose_thresholds
from assistant.safety.danger_reader.classifier import RECORD, WEIGHTS, Classifier
from assistant.safety.danger_reader.features import all_hashes, read_words, tell_language

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

SEED: Final = 20
BITS: Final = 20
"""So many features, as a power of two, have a weight of their own; the others share."""
KIND_BITS: Final = 16
RARENESS: Final = 3.0
"""How much more a rare feature says than a common one: the power of its inverse document frequency."""
STRENGTH: Final = 20.0
KIND_STRENGTH: Final = 10.0
WEIGHT_OF: Final = {"danger": 1.0, "near": 0.7, "plain": 3.0, "": 1.0}
"""How much one text of a kind counts."""
SEEN_IN: Final = 2
"""Features of fewer texts than this are left out: of what one writer said once nothing can be learnt."""
DAMPING: Final = 2_550_000.0
"""Added to a text's squared length: of two or three words none should decide as if it were a whole text."""
LARGEST: Final = 40
"""The largest weight as written: finer steps pack worse and read no better."""
ALLOWED: Final = (0.02, 0.03, 0.04, 0.06, AIMS.plain_asked, 0.12, 0.16, 0.2)
"""How many plain texts are asked about or paged, to be told with what is missed then."""
HOW_TO_INSTALL: Final = 'Training needs scikit-learn. Install it with: pip install "circle-assistant[train]"'


class TrainingError(RuntimeError):
    """What training needs is missing; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What is learnt, as floats: one weight and one rareness a feature, and the same for each kind."""

    danger: np.ndarray
    bias: float
    rareness: np.ndarray
    kinds: list[tuple[str, np.ndarray, float]]


@dataclass(frozen=True, slots=True)
class Trained:
    """Weights ready to be written, and how they read each lot that was left out."""

    packed: bytes
    record: dict[str, Any]
    held_out: list[tuple[Case, str]]


def train(folder: Path = LOTS, tell: Callable[[str], None] = lambda _: None) -> Trained:
    """Learn from every lot of a folder; thresholds and figures come from leaving each lot out in turn.

    Args:
        folder: Where the lots lie, `lot_*.jsonl`.
        tell: Hears how far it is.

    Raises:
        TrainingError: scikit-learn is not installed.
        CasesError: A lot cannot be read.
    """
    _require()
    cases = read_lots(folder)
    counts = _count_features(cases)
    scored = _leave_lots_out(cases, counts, tell)
    thresholds = choose_thresholds(_of_whole_lots(scored))
    tell("learning from all lots")
    learnt = _learn(cases, counts, kinds=True)
    packed, record = _pack(learnt, thresholds)
    reader = Classifier(packed, record)
    held_out = [(each.case, _level(reader, each)) for each in scored]
    record["data"] = _describe(cases, folder)
    record["trained_with"] = _versions()
    record["left_out_lot_by_lot"] = figures.summary(held_out)
    record["trade_off"] = _trade_off(packed, record, _of_whole_lots(scored))
    record["aside"] = _read_aside(reader, folder)
    return Trained(packed, record, held_out)


def write(trained: Trained, folder: Path | None = None) -> Path:
    """Write weights and their record beside the reader; gives the weights' place."""
    place = folder or Path(str(files("assistant.safety.danger_reader")))
    (place / WEIGHTS).write_bytes(trained.packed)
    (place / RECORD).write_text(json.dumps(trained.record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return place / WEIGHTS


def _require() -> None:
    try:
        import sklearn  # noqa: F401 - only whether it is there
    except ImportError:
        raise TrainingError(HOW_TO_INSTALL) from None


def _count_features(cases: Sequence[Case]) -> csr_matrix:
    """A row a text: how often it has each feature."""
    import numpy as np
    from scipy.sparse import csr_matrix

    mask = (1 << BITS) - 1
    hashed: list[np.ndarray] = []
    for case in cases:
        hashed.append(np.array([each & mask for each in all_hashes(read_words(case.text))], dtype=np.int64))
    starts = np.cumsum([0, *map(len, hashed)])
    columns = np.concatenate(hashed)
    counts = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(cases), 1 << BITS))
    counts.sum_duplicates()
    return counts


def _rareness(counts: csr_matrix) -> np.ndarray:
    import numpy as np

    texts = np.bincount(counts.indices, minlength=counts.shape[1])
    rare: np.ndarray = np.log((1 + counts.shape[0]) / (1 + texts)) ** RARENESS
    rare[texts < SEEN_IN] = 0
    # As it will be written: in one byte.
    rounded: np.ndarray = np.round(rare * (255 / rare.max()))
    return rounded


def _weighed(counts: csr_matrix, rare: np.ndarray) -> csr_matrix:
    import numpy as np
    from scipy.sparse import diags

    lengths = np.sqrt(counts @ rare**2 + DAMPING)
    return (diags(1 / lengths) @ counts @ diags(rare)).tocsr()


def _folded(counts: csr_matrix) -> csr_matrix:
    """The features as the kinds weigh them: fewer, all of them alike."""
    import numpy as np
    from scipy.sparse import csr_matrix, diags

    columns = counts.indices & ((1 << KIND_BITS) - 1)
    few = csr_matrix((counts.data, columns, counts.indptr), shape=(counts.shape[0], 1 << KIND_BITS))
    lengths = np.sqrt(np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1))
    return (diags(1 / lengths) @ few).tocsr()


def _learn(cases: Sequence[Case], counts: csr_matrix, *, kinds: bool) -> Weights:
    import numpy as np

    rare = _rareness(counts)
    rows = _weighed(counts, rare)
    danger = np.array([case.danger for case in cases])
    weight = np.array([WEIGHT_OF.get(case.kind, 1.0) for case in cases])
    found = _regression(STRENGTH).fit(rows, danger, weight)
    heads: list[tuple[str, np.ndarray, float]] = []
    if kinds:
        known = np.array([case.harm is not None for case in cases])
        harm = np.array([case.harm or "" for case in cases])[known]
        few = _folded(counts[known])
        for kind in KINDS:
            one = _regression(KIND_STRENGTH).fit(few, harm == kind)
            heads.append((kind, one.coef_[0], float(one.intercept_[0])))
    return Weights(found.coef_[0] * rare, float(found.intercept_[0]), rare, heads)


def _regression(strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(
        C=strength, solver="liblinear", dual=True, max_iter=200, tol=0.01, random_state=SEED
    )


def _leave_lots_out(cases: Sequence[Case], counts: csr_matrix, tell: Callable[[str], None]) -> list[Scored]:
    import numpy as np

    lots = np.array([case.lot for case in cases])
    scores = np.zeros(len(cases))
    for lot in sorted(set(lots)):
        tell(f"leaving out {lot}")
        out = lots == lot
        kept = [case for case, left in zip(cases, out, strict=True) if not left]
        learnt = _learn(kept, counts[~out], kinds=False)
        length = np.sqrt(counts[out] @ learnt.rareness**2 + DAMPING)
        scores[out] = learnt.bias + counts[out] @ learnt.danger / length
    return [
        Scored(case, float(score), tell_language(read_words(case.text)) or "en")
        for case, score in zip(cases, scores, strict=True)
    ]


def _read_aside(reader: Classifier, folder: Path) -> dict[str, Any]:
    """How the finished weights read each lot that is never learnt from, nor used to choose."""
    found = {}
    for file in sorted(folder.glob("aside_*.jsonl")):
        read = []
        for case in read_cases(file):
            words = read_words(case.text)
            scored = Scored(case, reader.score(words), tell_language(words) or case.language)
            read.append((case, _level(reader, scored)))
        found[file.stem] = figures.as_data(read)
    return found


def _trade_off(packed: bytes, record: dict[str, Any], scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """What is missed, and how often near texts are read as danger, as more plain ones may be asked about."""
    found = []
    for may in ALLOWED:
        bounds = choose_thresholds(scored, replace(AIMS, plain_asked=may))
        reader = Classifier(packed, {**record, "thresholds": bounds})
        read = [(each.case, _level(reader, each)) for each in scored]
        near = [each for each in read if each[0].kind == "near"]
        found.append(
            {"plain_asked_or_paged": may, "thresholds": bounds, "danger": figures.as_data(read)["danger"]}
            | {"near": figures.as_data(near)["safe"]}
        )
    return found


def _of_whole_lots(scored: Sequence[Scored]) -> list[Scored]:
    """Keep the lots that hold danger and plain texts alike.

    Of the others one holds most of all plain texts: read by weights that never saw it, it says little
    about what the finished weights, which did, make of plain texts.
    """
    whole = figures.whole_lots(each.case for each in scored)
    return [each for each in scored if each.case.lot in whole]


def _level(reader: Classifier, scored: Scored) -> str:
    """The level that the whole reader gives, the lexicon with it."""
    words = read_words(scored.case.text)
    level = reader.level(scored.score, scored.language, words)
    return lexicon.load().raise_level(words, level)[0]


def _pack(learnt: Weights, thresholds: dict[str, dict[str, float]]) -> tuple[bytes, dict[str, Any]]:
    import numpy as np

    danger, scale = _as_bytes(learnt.danger)
    parts = [danger, learnt.rareness.astype(np.uint8).tobytes()]
    kinds = []
    for name, weights, bias in learnt.kinds:
        written, kind_scale = _as_bytes(weights)
        parts.append(written)
        kinds.append({"name": name, "scale": kind_scale, "bias": round(bias, 5)})
    packed = zlib.compress(b"".join(parts), 9)
    record: dict[str, Any] = {
        "weights_sha256": hashlib.sha256(packed).hexdigest(),
        "bits": BITS,
        "kind_bits": KIND_BITS,
        "scale": scale,
        "bias": round(learnt.bias, 5),
        "kinds": kinds,
        "thresholds": thresholds,
        "seed": SEED,
        "rareness": RARENESS,
        "damping": DAMPING,
        "strength": STRENGTH,
        "aims": {
            "plain_paged": AIMS.plain_paged,
            "near_paged": AIMS.near_paged,
            "plain_asked": AIMS.plain_asked,
        },
    }
    return packed, record


def _as_bytes(weights: np.ndarray) -> tuple[bytes, float]:
    import numpy as np

    scale = float(np.quantile(np.abs(weights), 0.9999)) / LARGEST or 1.0
    return np.clip(np.round(weights / scale), -LARGEST, LARGEST).astype(np.int8).tobytes(), scale


def _describe(cases: Sequence[Case], folder: Path) -> list[dict[str, Any]]:
    lots = sorted({case.lot for case in cases})
    return [
        {
            "lot": lot,
            "texts": sum(case.lot == lot for case in cases),
            "danger": sum(case.lot == lot and case.danger for case in cases),
            "sha256": hashlib.sha256((folder / f"{lot}.jsonl").read_bytes()).hexdigest(),
        }
        for lot in lots
    ]


def _versions() -> dict[str, str]:
    import numpy
    import scipy
    import sklearn

    return {
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
    }
