"""Texts such as translations and summaries, by how much they share with a reference (sacreBLEU's chrF and BLEU)."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from sild.sandbox.engine.intervals import bootstrap
from sild.sandbox.engine.scorers.base import Metric, as_text, resampled, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


_REMEMBERED = 256  # texts that may be kept meanwhile
_NAMES = {"chrf": "chrF2", "bleu": "BLEU, tokeniser 13a, exponential smoothing"}


class Overlap:
    """chrF2 and BLEU over the corpus, from sacreBLEU (Popović 2015; Post 2018), on its scale of 0 to 100."""

    name = "overlap"
    metrics: tuple[str, ...] = ("chrf", "bleu")
    per_sample = "chrF2 of the sample / 100"

    def read(self, value: object) -> str:
        """A text."""
        return as_text(value)

    def read_target(self, value: object) -> list[str]:
        """A reference, or a list of them."""
        return [value] if isinstance(value, str) and value else texts(value, "reference texts")

    def score(self, output: str | None, target: list[str]) -> float:
        """chrF2 of one sample."""
        return float(_chrf().sentence_score(output or "", target).score) / 100

    def measure(self, pairs: Sequence[tuple[str | None, list[str]]], seed: int, repeats: int = 1) -> list[Metric]:
        """Corpus figures; each replicate adds up the statistics of the samples that were drawn."""
        found = []
        for name, metric in (("chrf", _chrf()), ("bleu", _bleu())):
            statistics = _statistics(metric, pairs)

            def figure(drawn: NDArray[np.int64], metric: Any = metric, of: NDArray[Any] = statistics) -> NDArray[Any]:
                summed = (drawn @ of).tolist()
                return np.array([metric._compute_score_from_stats(summed).score if any(summed) else 0.0])  # noqa: SLF001 -- the only way to the score of summed statistics

            value = float(figure(np.ones(len(pairs), np.int64))[0])
            bounds = bootstrap(len(pairs), figure, seed, repeats)[0]
            found.append(
                Metric(
                    name, value, *bounds, len(pairs), f"{resampled(repeats)}; {_NAMES[name]}, sacreBLEU {_version()}"
                )
            )
        return found


def _statistics(metric: Any, pairs: Sequence[tuple[str | None, list[str]]]) -> NDArray[Any]:
    """What the metric counts for each sample, shape (samples, counts)."""
    counted = array("d")
    for place, (output, target) in enumerate(pairs):
        counted.extend(metric._extract_corpus_statistics([output or ""], [[one] for one in target])[0])  # noqa: SLF001
        if place % _REMEMBERED == 0:
            _forget()
    _forget()
    return np.frombuffer(counted).reshape(len(pairs), -1) if counted else np.zeros((0, 1))


def _forget() -> None:
    """SacreBLEU's tokenisers keep 65,536 texts, however long, as long as the process lives; none comes twice here."""
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a  # noqa: PLC0415
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp  # noqa: PLC0415

    for tokenizer in (Tokenizer13a, TokenizerRegexp):
        tokenizer.__call__.cache_clear()


def _version() -> str:
    """Figures of different versions are not to be compared."""
    import sacrebleu  # noqa: PLC0415

    return str(sacrebleu.__version__)


def _chrf() -> Any:
    """chrF2; sacreBLEU is imported when a suite asks for it, since it takes a while."""
    from sacrebleu.metrics.chrf import CHRF  # noqa: PLC0415

    return CHRF()


def _bleu() -> Any:
    """BLEU with its default tokeniser and smoothing."""
    from sacrebleu.metrics.bleu import BLEU  # noqa: PLC0415

    return BLEU(effective_order=False)
