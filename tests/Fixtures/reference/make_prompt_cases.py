#!/usr/bin/env python3
"""Makes the conformance case of a text encoder of a text-to-image model, with the algebra and the files of make_cases.py.

The network is written from the paper (arXiv:2103.00020, section 2.4) and the published checkpoints' names: one text at a time, lists of
float64 numbers. Usage: python3 make_prompt_cases.py [folder]; same Python version, same bytes.
"""

import math
import random
import sys
from pathlib import Path

from make_cases import SEED, add, apply, draw, single, write_json, write_safetensors


class TextEncoder:
    """Tokens and positions; a token sees itself and those before it; a norm before attention and before the MLP, and one at the end."""

    def __init__(self, config, weights):
        self.config, self.weights = config, weights

    def linear(self, name, x):
        return add(apply(self.weights[f"text_model.{name}.weight"], x), self.weights[f"text_model.{name}.bias"])

    def norm(self, name, x):
        mean = sum(x) / len(x)
        deviation = math.sqrt(sum((v - mean) ** 2 for v in x) / len(x) + self.config["layer_norm_eps"])
        gain, shift = (self.weights[f"text_model.{name}.{kind}"] for kind in ("weight", "bias"))
        return [(v - mean) / deviation * g + s for v, g, s in zip(x, gain, shift)]

    def attend(self, place, rows):
        q, k, v = ([self.linear(f"{place}{kind}_proj", x) for x in rows] for kind in "qkv")
        size = self.config["hidden_size"] // self.config["num_attention_heads"]
        mixed = []
        for t in range(len(rows)):
            row = []
            for start in range(0, self.config["hidden_size"], size):
                own = range(start, start + size)
                scores = [math.exp(sum(q[t][i] * k[s][i] for i in own) / math.sqrt(size)) for s in range(t + 1)]
                row += [sum(score * v[s][i] for s, score in enumerate(scores)) / sum(scores) for i in own]
            mixed.append(self.linear(place + "out_proj", row))
        return mixed

    def states(self, ids):
        tokens, positions = (self.weights[f"text_model.embeddings.{kind}_embedding.weight"] for kind in ("token", "position"))
        rows = [add(tokens[token], positions[t]) for t, token in enumerate(ids)]
        states = [rows]
        for layer in range(self.config["num_hidden_layers"]):
            place = f"encoder.layers.{layer}."
            mixed = self.attend(place + "self_attn.", [self.norm(place + "layer_norm1", x) for x in rows])
            rows = [add(x, y) for x, y in zip(rows, mixed)]
            inner = [self.linear(place + "mlp.fc1", self.norm(place + "layer_norm2", x)) for x in rows]
            inner = [[v / (1 + math.exp(-1.702 * v)) for v in x] for x in inner]
            rows = [add(x, self.linear(place + "mlp.fc2", y)) for x, y in zip(rows, inner)]
            states.append(rows)
        return states + [[self.norm("final_layer_norm", x) for x in rows]]


def build_weights(rng, config):
    hidden, inner, weights = config["hidden_size"], config["intermediate_size"], {}

    def linear(name, into, out):
        weights[name + ".weight"], weights[name + ".bias"] = draw(rng, [out, into], 1 / math.sqrt(into)), draw(rng, [out], 0.3)

    def norm(name):
        weights[name + ".weight"], weights[name + ".bias"] = draw(rng, [hidden], 0.2, 1.0), draw(rng, [hidden], 0.2)

    weights["text_model.embeddings.token_embedding.weight"] = draw(rng, [config["vocab_size"], hidden], 0.7)
    weights["text_model.embeddings.position_embedding.weight"] = draw(rng, [config["max_position_embeddings"], hidden], 0.7)
    for layer in range(config["num_hidden_layers"]):
        place = f"text_model.encoder.layers.{layer}."
        norm(place + "layer_norm1")
        for kind in ("q", "k", "v", "out"):
            linear(f"{place}self_attn.{kind}_proj", hidden, hidden)
        norm(place + "layer_norm2")
        linear(place + "mlp.fc1", hidden, inner)
        linear(place + "mlp.fc2", inner, hidden)
    norm("text_model.final_layer_norm")
    return weights


def prompt_case(folder, seed):
    rng, end = random.Random(seed), 17
    config = {
        "architectures": ["CLIPTextModel"], "model_type": "clip_text_model", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 3,
        "num_attention_heads": 2, "hidden_act": "quick_gelu", "vocab_size": 19, "max_position_embeddings": 7, "layer_norm_eps": 1e-5,
        "attention_dropout": 0.1, "eos_token_id": end, "torch_dtype": "float32",
    }
    network = TextEncoder(config, build_weights(rng, config))

    # Filled up with the end token and with another one; the highest token, which old configurations would pool at, is none of these.
    ids = [[16, 3, 18, 5, end, end, end], [16, 2, end, 0, 0, 18, 0]]
    states = [network.states(row) for row in ids]
    names = ["hidden_states.embeddings", *(f"hidden_states.layer.{layer}" for layer in range(config["num_hidden_layers"])), "last_hidden_state"]
    expected = {name: [text[i] for text in states] for i, name in enumerate(names)}
    expected["pooler_output"] = [text[-1][row.index(end)] for text, row in zip(states, ids)]
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    write_json(folder / "case.json", {"name": folder.name, "tolerance": {"forward": 2e-5}})
    write_safetensors(folder / "model.safetensors", network.weights)
    write_safetensors(folder / "inputs.safetensors", {"input_ids": ids})
    write_safetensors(folder / "expected.safetensors", {name: rounded(values) for name, values in expected.items()})


def rounded(values):
    return [rounded(value) for value in values] if isinstance(values, list) else single(values)


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    prompt_case(root / "clip_text", SEED + 13)


if __name__ == "__main__":
    main()
