#!/usr/bin/env python3
"""Makes the conformance cases of encoders, in the manner of make_cases.py, whose algebra, shortcuts and merges it uses.

The network is written from the papers (arXiv:1810.04805, arXiv:1907.11692) and the published checkpoints' names: one sequence at
a time, lists of float64 numbers. Usage: python3 make_encoder_cases.py [folder]; same Python version, same bytes.
"""

import math
import random
import sys
from pathlib import Path

from make_cases import (
    SEED, TOLERANCE, Network, add, apply, calibrate, draw, gradient, loss_alone, merges, outputs_of, times, write_json, write_safetensors)

SEPARATOR = 3


def types_of(ids):
    """1 behind the first separator."""
    end = ids.index(SEPARATOR) if SEPARATOR in ids else len(ids)
    return [int(t > end) for t in range(len(ids))]


class Encoder(Network):
    """BERT or RoBERTa with the head for texts; the norm stands behind each sum."""

    @property
    def prefix(self):
        return self.config["model_type"] + "."

    def module(self, layer, kind):
        return f"{self.prefix}encoder.layer.{layer}.attention.self.{kind}"

    def linear(self, name, x):
        return add(apply(self.weights[name + ".weight"], x), self.weights[name + ".bias"])

    def norm(self, name, x):
        mean = sum(x) / len(x)
        variance = sum((v - mean) ** 2 for v in x) / len(x)
        scale = math.sqrt(variance + self.config["layer_norm_eps"])
        return [w * (v - mean) / scale + b for w, v, b in zip(self.weights[name + ".weight"], x, self.weights[name + ".bias"])]

    def embed(self, ids):
        place, pad = self.prefix + "embeddings.", self.config["pad_token_id"]
        words, positions, types = (self.weights[f"{place}{kind}_embeddings.weight"] for kind in ("word", "position", "token_type"))
        rows, count = [], 0
        for t, (i, kind) in enumerate(zip(ids, types_of(ids))):
            position = t
            if self.config["model_type"] == "roberta":
                # Tokens are counted from behind the padding token's id; padding itself stands at that id.
                count += i != pad
                position = pad + count if i != pad else pad
            rows.append(self.norm(place + "LayerNorm", add(words[i], types[kind if len(types) > 1 else 0], positions[position])))
        return rows

    def attend(self, layer, rows, mask, carried):
        heads = self.config["num_attention_heads"]
        size = self.config["hidden_size"] // heads
        q, k, v = (self.project(layer, kind, rows, carried) for kind in ("query", "key", "value"))
        split = lambda x, h: x[h * size:(h + 1) * size]
        visible = [j for j, m in enumerate(mask) if m]
        mixed = []
        for row in q:
            joined = []
            for h in range(heads):
                scores = [sum(a * b for a, b in zip(split(row, h), split(k[j], h))) / math.sqrt(size) for j in visible]
                shares = [math.exp(score - max(scores)) for score in scores]
                joined += add(*[times(share / sum(shares), split(v[j], h)) for share, j in zip(shares, visible)])
            mixed.append(joined)
        return mixed

    def hidden(self, ids, mask):
        rows = self.embed(ids)
        states, carried = [rows], {}
        for layer in range(self.config["num_hidden_layers"]):
            place = f"{self.prefix}encoder.layer.{layer}."
            mixed = self.attend(layer, rows, mask, carried)
            rows = [self.norm(place + "attention.output.LayerNorm", add(self.linear(place + "attention.output.dense", y), x)) for x, y in zip(rows, mixed)]
            inner = [[v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in self.linear(place + "intermediate.dense", x)] for x in rows]
            rows = [self.norm(place + "output.LayerNorm", add(self.linear(place + "output.dense", y), x)) for x, y in zip(rows, inner)]
            states.append(rows)
        return states

    def logits(self, states):
        """Of the first token: BERT's pooler and classifier, or RoBERTa's two layers."""
        roberta = self.config["model_type"] == "roberta"
        inner = [math.tanh(v) for v in self.linear("classifier.dense" if roberta else "bert.pooler.dense", states[-1][0])]
        return self.linear("classifier.out_proj" if roberta else "classifier", inner)

    def loss(self, logits, labels):
        if self.config["num_labels"] == 1:
            return sum((row[0] - label) ** 2 for row, label in zip(logits, labels)) / len(labels)
        return sum(math.log(sum(math.exp(v) for v in row)) - row[label] for row, label in zip(logits, labels)) / len(labels)


def build_weights(rng, config):
    hidden, inner, prefix, roberta = config["hidden_size"], config["intermediate_size"], config["model_type"] + ".", config["model_type"] == "roberta"
    weights = {}

    def linear(name, into, out):
        weights[name + ".weight"], weights[name + ".bias"] = draw(rng, [out, into], 1 / math.sqrt(into)), draw(rng, [out], 0.3)

    def norm(name):
        weights[name + ".weight"], weights[name + ".bias"] = draw(rng, [hidden], 0.2, 1.0), draw(rng, [hidden], 0.2)

    for kind, size in (("word", "vocab_size"), ("position", "max_position_embeddings"), ("token_type", "type_vocab_size")):
        weights[f"{prefix}embeddings.{kind}_embeddings.weight"] = draw(rng, [config[size], hidden], 0.7)
    norm(prefix + "embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        place = f"{prefix}encoder.layer.{layer}."
        for kind in ("query", "key", "value"):
            linear(f"{place}attention.self.{kind}", hidden, hidden)
        linear(place + "attention.output.dense", hidden, hidden)
        norm(place + "attention.output.LayerNorm")
        linear(place + "intermediate.dense", hidden, inner)
        linear(place + "output.dense", inner, hidden)
        norm(place + "output.LayerNorm")
    linear("classifier.dense" if roberta else "bert.pooler.dense", hidden, hidden)
    linear("classifier.out_proj" if roberta else "classifier", hidden, config["num_labels"])
    return weights


def batch(rng, config, lengths):
    """Begin, tokens with a separator among them, end, padding on the right."""
    pad, width = config["pad_token_id"], max(lengths)
    ids = []
    for n in lengths:
        inner = [rng.randrange(4, config["vocab_size"]) for _ in range(n - 2)]
        inner[len(inner) // 2] = SEPARATOR
        ids.append([2] + inner + [SEPARATOR] + [pad] * (width - n))
    return ids, [[1] * n + [0] * (width - n) for n in lengths]


def encoder_case(folder, seed, config, structure, m=None, first_block=None, rank=2, alpha=3):
    rng = random.Random(seed)
    config = {
        "vocab_size": 19, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 3, "num_attention_heads": 2, "hidden_act": "gelu",
        "max_position_embeddings": 12, "layer_norm_eps": 1e-5, "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "torch_dtype": "float32",
        **config,
    }
    weights = build_weights(rng, config)
    network, layers, targets = Encoder(config, weights), range(config["num_hidden_layers"]), ["query", "value"]
    chains = {f"attention.self.{kind}": [network.module(n, kind) for n in layers] for kind in targets}
    modules = [module for chain in chains.values() for module in chain]
    network.adapter = adapter = {
        "structure": structure, "m": m, "first_block": first_block, "targets": targets, "scale": alpha / rank,
        "A": {module: draw(rng, [rank, config["hidden_size"]], 0.4) for module in modules},
        "B": {module: draw(rng, [config["hidden_size"], rank], 0.4) for module in modules},
    }
    inputs, calibration = {}, [[6, 4], [5], [7, 4]]
    inputs["input_ids"], inputs["attention_mask"] = batch(rng, config, [7, 5, 4])
    for i, lengths in enumerate(calibration):
        inputs[f"calib.{i}.input_ids"], inputs[f"calib.{i}.attention_mask"] = batch(rng, config, lengths)
    if config["type_vocab_size"] > 1:
        for name in [name for name in inputs if name.endswith("input_ids")]:
            inputs[name.replace("input_ids", "token_type_ids")] = [types_of(ids) for ids in inputs[name]]
    inputs["labels"] = draw(rng, [3], 1.0) if config["num_labels"] == 1 else [rng.randrange(config["num_labels"]) for _ in range(3)]

    write_case(folder, network, inputs, inputs, chains, len(calibration), rank, alpha)


def write_case(folder, network, inputs, stored, chains, batches, rank, alpha):
    """Computes what is expected and writes the folder; stored are the inputs as the file has them."""
    config, weights, adapter, layers = network.config, network.weights, network.adapter, range(network.config["num_hidden_layers"])
    structure, modules = adapter["structure"], [module for chain in chains.values() for module in chain]
    states, logits, loss = outputs_of(network, inputs)
    expected = {"logits": logits, "loss": [loss]}
    for i, name in enumerate(["embeddings"] + [f"layer.{n}" for n in layers] + ["norm"] * (len(states[0]) > len(layers) + 1)):
        expected["hidden_states." + name] = [sequence[i] for sequence in states]
    evaluate = lambda: loss_alone(network, inputs)
    for module in modules:
        for which in "AB":
            expected[f"grad.{module}.lora_{which}.weight"] = gradient(adapter[which][module], evaluate)
    for name in [name for name in weights if name.startswith("classifier.")]:
        matrix = weights[name] if isinstance(weights[name][0], list) else [weights[name]]
        result = gradient(matrix, evaluate)
        expected["grad." + name] = result if matrix is weights[name] else result[0]
    has_padding = any("attention_mask" in name for name in stored)
    for suffix, masked in ({"": False, "_nopad": True} if structure in ("is", "ms") and has_padding else {"": False}).items():
        norms = calibrate(network, inputs, batches, 2, masked) if structure in ("is", "ms") else {}
        for chain_name, chain in chains.items():
            if norms:
                expected[f"norm_x{suffix}.{chain_name}"] = [norms[module] for module in chain]
            if structure == "ms":
                expected[f"norm_ax{suffix}.{chain_name}"] = [norms[module + ".low"] for module in chain]
        methods = merges(network, adapter, inputs, chains, norms, suffix, expected)

    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    write_json(folder / "case.json", {
        "name": folder.name, "structure": structure, "rank": rank, "alpha": alpha, "scale": alpha / rank, "m": adapter["m"],
        "first_block": adapter["first_block"], "targets": adapter["targets"], "dropout": 0.0,
        "loss": "mse" if config["num_labels"] == 1 else "cross_entropy",
        "calibration": {"batches": batches, "norm_window": 2}, "merges": methods, "tolerance": TOLERANCE,
    })
    write_safetensors(folder / "model.safetensors", weights)
    write_safetensors(folder / "adapter.safetensors", {f"{module}.lora_{w}.weight": adapter[w][module] for w in "AB" for module in modules})
    write_safetensors(folder / "inputs.safetensors", stored)
    write_safetensors(folder / "expected.safetensors", expected)


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    encoder_case(root / "bert_middle_m1", SEED + 10,
                 {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "pad_token_id": 0, "type_vocab_size": 2, "num_labels": 3}, "ms", m=1)
    encoder_case(root / "roberta_score_block_m1", SEED + 11,
                 {"architectures": ["RobertaForSequenceClassification"], "model_type": "roberta", "pad_token_id": 1, "type_vocab_size": 1, "num_labels": 1},
                 "bs", m=1)


if __name__ == "__main__":
    main()
