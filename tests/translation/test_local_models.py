"""Models that lie on this machine: found, loaded and asked as they come, tried on small ones made here."""

from __future__ import annotations

import json
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
import sentencepiece
from ctranslate2.specs import TransformerSpec

from assistant.translation.local_models import LocalTranslator, find_models, missing_libraries
from assistant.translation.translator import TranslationError

WORDS = "hola amiga buenos dias necesito trabajo casa escuela gracias ayuda".split()  # noqa: SIM905
SIZE = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one model, from Spanish to English, that knows ten words and says anything."""
    folder = tmp_path_factory.mktemp("models")
    model = folder / "es_en"
    model.mkdir()
    pieces = cut_words(model)
    spec = TransformerSpec.from_config(num_layers=1, num_heads=2)
    generator = np.random.default_rng(1)
    fill(spec, generator, len(pieces))
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.validate()
    (model / "model").mkdir()
    spec.save(str(model / "model"))
    return folder


def cut_words(model: Path) -> list[str]:
    text = model / "text.txt"
    text.write_text("\n".join(" ".join(WORDS[at:] + WORDS[:at]) for at in range(len(WORDS))), "utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(model / "sentencepiece"), vocab_size=30, minloglevel=2
    )
    loaded = sentencepiece.SentencePieceProcessor(model_file=str(model / "sentencepiece.model"))
    return [loaded.id_to_piece(each) for each in range(loaded.get_piece_size())]


def fill(spec: TransformerSpec, generator: np.random.Generator, words: int) -> None:
    """Give every weight of a model some value of the shape that it needs."""

    def some(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape).astype(np.float32)

    def norm(part: object) -> None:
        part.gamma, part.beta = np.ones(SIZE, np.float32), np.zeros(SIZE, np.float32)  # type: ignore[attr-defined]

    def attention(part: object, sizes: list[tuple[int, int]]) -> None:
        norm(part.layer_norm)  # type: ignore[attr-defined]
        for linear, (out, into) in zip(part.linear, sizes, strict=True):  # type: ignore[attr-defined]
            linear.weight, linear.bias = some(out, into), some(out)

    def forward(part: object) -> None:
        norm(part.layer_norm)  # type: ignore[attr-defined]
        part.linear_0.weight, part.linear_0.bias = some(16, SIZE), some(16)  # type: ignore[attr-defined]
        part.linear_1.weight, part.linear_1.bias = some(SIZE, 16), some(SIZE)  # type: ignore[attr-defined]

    itself = [(3 * SIZE, SIZE), (SIZE, SIZE)]
    spec.encoder.embeddings[0].weight = some(words, SIZE)
    spec.decoder.embeddings.weight = some(words, SIZE)
    spec.decoder.projection.weight, spec.decoder.projection.bias = some(words, SIZE), some(words)
    norm(spec.encoder.layer_norm)
    norm(spec.decoder.layer_norm)
    for layer in (*spec.encoder.layer, *spec.decoder.layer):
        attention(layer.self_attention, itself)
        forward(layer.ffn)
    for layer in spec.decoder.layer:
        attention(layer.attention, [(SIZE, SIZE), (2 * SIZE, SIZE), (SIZE, SIZE)])
    for coder in (spec.encoder, spec.decoder):
        coder.position_encodings.encodings = some(512, SIZE)


def test_a_model_is_found_loaded_and_asked(folder: Path) -> None:
    translator = LocalTranslator(folder)
    assert list(translator.pairs) == [("es", "en")]
    said = translator.translate("Hola amiga. Necesito trabajo!\nGracias", "es", "en")
    assert said
    assert said == translator.translate("Hola amiga. Necesito trabajo!\nGracias", "es", "en")
    assert "\u2581" not in said


def test_line_breaks_stay_where_they_were(folder: Path) -> None:
    assert LocalTranslator(folder).translate("hola\ngracias", "es", "en").count("\n") == 1


def test_a_direction_that_nobody_brought_is_said(folder: Path) -> None:
    with pytest.raises(TranslationError, match="no model from en to es"):
        LocalTranslator(folder).translate("hello", "en", "es")


def test_a_model_that_is_damaged_is_said_without_the_words(folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "es_en"
    (damaged / "model").mkdir(parents=True)
    (damaged / "model" / "model.bin").write_bytes(b"nothing")
    (damaged / "model" / "config.json").write_text(json.dumps({}), "utf-8")
    (damaged / "sentencepiece.model").write_bytes((folder / "es_en" / "sentencepiece.model").read_bytes())
    with pytest.raises(TranslationError) as error:
        LocalTranslator(tmp_path).translate("un secreto", "es", "en")
    assert "secreto" not in str(error.value)


def test_what_is_no_model_is_left_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "en_es").mkdir()
    (tmp_path / "notes").mkdir()
    assert find_models(tmp_path) == {}
    assert find_models(tmp_path / "nowhere") == {}
    assert find_models(folder) == {("es", "en"): folder / "es_en"}


def test_what_it_needs_is_installed_here() -> None:
    assert missing_libraries() == []
    assert ctranslate2.__version__
