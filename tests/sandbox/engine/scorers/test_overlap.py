"""chrF and BLEU are sacreBLEU's own figures."""

from __future__ import annotations

import pytest
import sacrebleu
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

from sild.sandbox.engine.scorers.overlap import Overlap

pytestmark = pytest.mark.unit

OUTPUTS = ["Sild on avatud iga päev.", "Міст відчинено щодня до восьмої вечора.", "the bridge is open"]
TARGETS = ["Sild on iga päev avatud.", "Міст відчинено щодня до восьмої години.", "the bridge is open every day"]


def test_corpus_figures_are_sacrebleus():
    found = {
        metric.name: metric
        for metric in Overlap().measure([(o, [t]) for o, t in zip(OUTPUTS, TARGETS, strict=True)], 1)
    }
    assert found["chrf"].value == pytest.approx(sacrebleu.corpus_chrf(OUTPUTS, [TARGETS]).score)
    assert found["bleu"].value == pytest.approx(sacrebleu.corpus_bleu(OUTPUTS, [TARGETS]).score)
    assert found["chrf"].low <= found["chrf"].value <= found["chrf"].high
    assert "sacreBLEU 2" in found["bleu"].method


def test_no_answer_shares_nothing():
    assert Overlap().score(None, ["x y z"]) == 0
    assert Overlap().score("x y z", ["x y z"]) == pytest.approx(1)
    assert Overlap().read_target("x") == ["x"]
    with pytest.raises(ValueError, match="reference"):
        Overlap().read_target([])


def test_no_text_is_kept_when_the_figures_are_there():
    """sacreBLEU's tokenisers keep tens of thousands of texts, and a solution's answers may be long."""
    Overlap().measure([(f"{place} silda", [f"{place} sild"]) for place in range(600)], 1)
    for tokenizer in (Tokenizer13a, TokenizerRegexp):
        known = tokenizer.__call__.cache_info()
        assert (known.currsize, known.maxsize) == (0, 65536)
