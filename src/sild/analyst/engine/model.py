"""The linear model: loaded without pickle and only when its hash is the card's, run with numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import arrays as files_of
from . import concepts, documents, encoder
from .errors import ModelError
from .features import grams, of_concepts, weighted
from .files import CARD_FILE, MODEL_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

HERE = Path(__file__).parent
_BATCH = 256
_ARRAYS = {
    "ids": "U", "names": "U", "word_keys": "u4", "word_idf": "f4", "character_keys": "u4", "character_idf": "f4",
    "concepts": "U",
    "first": "u4", "columns": "u2", "weights": "i1", "scale": "f4", "bias": "f4", "document": "f4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """One linear classifier for each technique, over hashed n-grams.

    The weights of feature `f` stand at `first[f]:first[f+1]`: class numbers in `columns`, values in `weights`, to be
    multiplied by their class's `scale`. Words come first, characters after them, then what `concepts` names. `document`
    turns margins into chances, see `documents`. `added` is what an encoder adds to the margins, where one is used.
    """

    ids: NDArray[np.str_]
    names: NDArray[np.str_]
    word_keys: NDArray[np.uint32]
    word_idf: Floats
    character_keys: NDArray[np.uint32]
    character_idf: Floats
    concepts: NDArray[np.str_]
    first: NDArray[np.uint32]
    columns: NDArray[np.uint16]
    weights: NDArray[np.int8]
    scale: Floats
    bias: Floats
    document: Floats
    card: dict[str, Any] = field(default_factory=dict, repr=False)
    added: encoder.Encoder | None = None

    @property
    def version(self) -> str:
        """The model's version, as its card has it."""
        return str(self.card.get("version", "unversioned"))

    @property
    def label(self) -> str:
        """Name, version, and the digest of what an encoder adds, as findings name who judged."""
        label = f"{self.card.get('name', 'model')} {self.version}"
        return label if self.added is None else f"{label} sha256:{self.added.card['file']['sha256'][:16]}"

    def margins(self, texts: Sequence[str]) -> Floats:
        """Distance of each text to each technique's hyperplane, with what is added; texts by techniques."""
        linear = self.linear(texts)
        return linear if self.added is None else linear + self.added.margins(texts)

    def linear(self, texts: Sequence[str]) -> Floats:
        """The distances alone."""
        parts = [self._margins(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.ids)), np.float32)

    def scores(self, texts: Sequence[str]) -> Floats:
        """Calibrated probability that each text by itself shows each technique, texts by techniques."""
        given = documents.alone(self.margins(texts), self.told(texts))
        scores: Floats = documents.chance(given, self.document).astype(np.float32)
        return scores

    def evidence(self, sentences: Sequence[str]) -> Floats:
        """The same of the sentences of one text, judged as a whole: see `documents.evidence`."""
        margins = self.linear(sentences)
        if self.added is not None:
            margins = self.added.joined(sentences, margins)
        return documents.evidence(margins, self.told(sentences), self.document)

    def told(self, texts: Sequence[str]) -> Floats:
        """1 where the words of a text, read as English, tell of a technique by the rules over concepts, else 0."""
        places = {name: place for place, name in enumerate(self.ids.tolist())}
        found = np.zeros((len(texts), len(self.ids)), np.float32)
        for row, text in enumerate(texts):
            found[row, [places[name] for name in concepts.told(text, "en") if name in places]] = 1
        return found

    def pack(self) -> bytes:
        """The model as a compressed npz file; the same arrays give the same bytes."""
        return files_of.pack({name: getattr(self, name) for name in _ARRAYS})

    def _margins(self, texts: Sequence[str]) -> Floats:
        size, classes = len(texts), len(self.ids)
        total = np.zeros(size * classes)
        for rows, columns, values in self._features(texts):
            begins, lengths = self.first[columns].astype(np.int64), np.diff(self.first)[columns].astype(np.int64)
            offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            places = np.repeat(begins, lengths) + offsets
            cells = np.repeat(rows * classes, lengths) + self.columns[places]
            total += np.bincount(cells, np.repeat(values, lengths) * self.weights[places], minlength=size * classes)
        margins: Floats = (total.reshape(size, classes) * self.scale + self.bias).astype(np.float32)
        return margins

    def _features(self, texts: Sequence[str]) -> Iterator[tuple[Any, Any, Any]]:
        words, characters = grams(texts)
        yield weighted(len(texts), words, self.word_keys, self.word_idf)
        rows, columns, values = weighted(len(texts), characters, self.character_keys, self.character_idf)
        yield rows, columns + len(self.word_keys), values
        rows, columns, values = of_concepts(texts)
        yield rows, columns + len(self.word_keys) + len(self.character_keys), values


def load(folder: Path = HERE) -> Model:
    """Load the model beside its card.

    Raises:
        ModelError: a file is missing, the hash is not the card's, or it has not the form of a model.
    """
    data, card = files_of.read(folder, MODEL_FILE, CARD_FILE)
    return unpack(data, card)


def load_with_encoder(folder: Path = HERE) -> Model:
    """Load the model with what an encoder adds to it; chances and thresholds are those of both together.

    Raises:
        ModelError: as `load`; or the extra `ai` is not installed, or not with the files that the card names.
    """
    model = load(folder)
    added = encoder.load(folder, model.card["file"]["sha256"], model.ids)
    changed = {name: added.card[name] for name in ("version", "thresholds", "chosen_on", "figures", "documents")}
    about = {name: added.card[name] for name in ("encoder", "file", "what")}
    card = {**model.card, **changed, "encoder": about}
    return replace(model, added=added, document=added.document, card=card)


def unpack(data: bytes, card: dict[str, Any] | None = None) -> Model:
    """A model from its file's bytes; pickled content is refused.

    Raises:
        ModelError: the bytes are no model.
    """
    arrays = files_of.unpack(data, _ARRAYS)
    try:
        _check(arrays)
    except ValueError as error:
        raise ModelError(f"The model's file has not the form of a model: {error}") from error
    return Model(**arrays, card=card or {})


def _check(arrays: dict[str, Any]) -> None:
    """Shapes that scoring relies on."""
    features = len(arrays["word_keys"]) + len(arrays["character_keys"]) + len(arrays["concepts"])
    classes = len(arrays["ids"])
    sizes = {"names": classes, "scale": classes, "bias": classes, "first": features + 1}
    sizes["document"] = documents.INPUTS + 1
    wrong = [name for name, size in sizes.items() if len(arrays[name]) != size]
    if wrong:
        raise ValueError(f"wrong size of {', '.join(sorted(set(wrong)))}")
    if arrays["concepts"].tolist() != list(concepts.names()):
        raise ValueError("it was trained with other concepts than these")
    entries = len(arrays["columns"])
    if (
        entries != len(arrays["weights"])
        or arrays["first"][-1] != entries
        or np.any(np.diff(arrays["first"].astype(int)) < 0)
    ):
        raise ValueError("the index of the weights does not fit them")
    if entries and arrays["columns"].max() >= classes:
        raise ValueError("a weight belongs to no technique")
