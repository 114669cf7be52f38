"""Translates with models that lie on this machine: CTranslate2's, one folder for each direction.

A folder is named `es_en`, from the one language to the other, and holds what Argos Translate's packages hold
(each `.argosmodel` is a zip of it): `model/`, a transformer as CTranslate2 keeps it, and
`sentencepiece.model`, which cuts words into its pieces. Nothing is ever downloaded.
"""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from assistant.translation.translator import TranslationError

LIBRARIES: Final = ("ctranslate2", "sentencepiece")
NAME: Final = re.compile(r"(?P<source>[a-z]{2,3})_(?P<target>[a-z]{2,3})")
LONGEST: Final = 400
"""Pieces of one sentence; a model that goes on for longer repeats itself."""
_SENTENCE: Final = re.compile(r"[^.!?…\n]+[.!?…]*|\n")
_WORD_BEGINS: Final = "\u2581"
"""SentencePiece's mark for the space before a word."""


def missing_libraries() -> list[str]:
    """Return which of the libraries are not installed; none is loaded by asking."""
    return [name for name in LIBRARIES if importlib.util.find_spec(name) is None]


def find_models(folder: Path) -> dict[tuple[str, str], Path]:
    """Return the folders of the models that lie in this one: (from, to) -> its folder."""
    found = {}
    for each in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = NAME.fullmatch(each.name)
        if name and (each / "model" / "model.bin").is_file() and (each / "sentencepiece.model").is_file():
            found[name["source"], name["target"]] = each
    return found


class LocalTranslator:
    """Translates with the models of one folder. Each is loaded when it is first needed, and kept."""

    def __init__(self, folder: Path) -> None:
        """Look what there is in `folder`; nothing is loaded yet."""
        self._models = {pair: _Model(path) for pair, path in find_models(folder).items()}

    @property
    def pairs(self) -> Mapping[tuple[str, str], object]:
        """From which language to which it can."""
        return self._models

    def translate(self, words: str, source: str, target: str) -> str:
        """Return the words in the other language; see `Translator`."""
        model = self._models.get((source, target))
        if model is None:
            raise TranslationError(f"there is no model from {source} to {target}")
        try:
            translated = model.translate(words)
        except (RuntimeError, ValueError, OSError) as error:
            # Without its message: that may hold what was to be translated.
            raise TranslationError(f"the model from {source} to {target}: {type(error).__name__}") from None
        if not translated:
            raise TranslationError(f"the model from {source} to {target} said nothing")
        return translated


class _Model:
    """One direction."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loading = threading.Lock()

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import ctranslate2
        import sentencepiece

        pieces = sentencepiece.SentencePieceProcessor(model_file=str(self._folder / "sentencepiece.model"))
        # One thread: texts are short, and the machine has replies to write meanwhile.
        path = str(self._folder / "model")
        model = ctranslate2.Translator(path, device="cpu", inter_threads=1, intra_threads=1)
        return pieces, model

    def translate(self, words: str) -> str:
        """Return them sentence by sentence, as models were taught; line breaks stay where they were."""
        with self._loading:
            pieces, model = self._loaded
        sentences = [each for each in _SENTENCE.findall(words) if each.strip() or each == "\n"]
        spoken = [each.strip() for each in sentences if each != "\n"]
        cut = [pieces.encode(each, out_type=str) for each in spoken]
        results = model.translate_batch(cut, beam_size=4, max_decoding_length=LONGEST) if cut else []
        said = iter(_joined(result.hypotheses[0]) for result in results)
        return (
            " ".join("\n" if each == "\n" else next(said) for each in sentences).replace(" \n ", "\n").strip()
        )


def _joined(pieces: list[str]) -> str:
    return "".join(pieces).replace(_WORD_BEGINS, " ").strip()
