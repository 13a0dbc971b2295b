"""A GGUF model of one small layer with made-up weights: it says nothing of sense, and always the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from gguf import GGUFWriter

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, INNER = 32, 64
# A token for each byte, so that any text can be read and said.
TOKENS = [b"<unk>", b"<s>", b"</s>", *(f"<0x{byte:02X}>".encode() for byte in range(256)), "▁".encode()]
UNKNOWN, CONTROL, BYTE, NORMAL = 2, 3, 6, 1
KINDS = [UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256, NORMAL]


def write(file: Path) -> None:
    """Write the model, whose chat template puts the messages one after the other."""
    writer = GGUFWriter(str(file), "llama")
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // 2)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([0.0] * len(TOKENS))
    writer.add_token_types(KINDS)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")
    for name, tensor in _tensors():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tensors():
    """The weights, by llama.cpp's names."""
    chance = np.random.default_rng(1)

    def made(*shape):
        return (chance.standard_normal(shape) * 0.3).astype(np.float32)

    ones = np.ones(WIDTH, np.float32)
    yield "token_embd.weight", made(len(TOKENS), WIDTH)
    yield "output_norm.weight", ones
    yield "output.weight", made(len(TOKENS), WIDTH)
    for part in ("attn_norm", "ffn_norm"):
        yield f"blk.0.{part}.weight", ones
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        yield f"blk.0.{part}.weight", made(WIDTH, WIDTH)
    for part, shape in {"ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}.items():
        yield f"blk.0.{part}.weight", made(*shape)
