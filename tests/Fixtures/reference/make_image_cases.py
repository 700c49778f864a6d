#!/usr/bin/env python3
"""Makes the conformance case of a vision transformer, in the manner of make_encoder_cases.py, whose attention and files it uses.

The network is written from the paper (arXiv:2010.11929, equations 1 to 4) and the published checkpoints' names: one picture at a
time, lists of float64 numbers. Usage: python3 make_image_cases.py [folder]; same Python version, same bytes.
"""

import math
import random
import sys
from pathlib import Path

from make_cases import SEED, add, draw
from make_encoder_cases import Encoder, write_case


class Vit(Encoder):
    """Tokens of a picture's parts behind one for the whole; the norm stands before attention and MLP."""

    def module(self, layer, kind):
        return f"vit.encoder.layer.{layer}.attention.attention.{kind}"

    def embed(self, picture):
        """A part is multiplied with the convolution's kernel; pixels that fill no part are left over."""
        place = "vit.embeddings."
        kernel, bias = (self.weights[f"{place}patch_embeddings.projection.{name}"] for name in ("weight", "bias"))
        (height, width), rows = self.config["patch_size"], [self.weights[place + "cls_token"][0][0]]
        for top in range(0, len(picture[0]) - height + 1, height):
            for left in range(0, len(picture[0][0]) - width + 1, width):
                rows.append([shift + sum(
                    out[c][y][x] * picture[c][top + y][left + x] for c in range(len(picture)) for y in range(height) for x in range(width))
                    for out, shift in zip(kernel, bias)])
        return [add(row, position) for row, position in zip(rows, self.weights[place + "position_embeddings"][0])]

    def hidden(self, picture, mask):
        rows = self.embed(picture)
        states, carried = [rows], {}
        for layer in range(self.config["num_hidden_layers"]):
            place = f"vit.encoder.layer.{layer}."
            mixed = self.attend(layer, [self.norm(place + "layernorm_before", x) for x in rows], mask, carried)
            rows = [add(x, self.linear(place + "attention.output.dense", y)) for x, y in zip(rows, mixed)]
            inner = [self.linear(place + "intermediate.dense", self.norm(place + "layernorm_after", x)) for x in rows]
            inner = [[v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x] for x in inner]
            rows = [add(x, self.linear(place + "output.dense", y)) for x, y in zip(rows, inner)]
            states.append(rows)
        return states + [[self.norm("vit.layernorm", x) for x in rows]]

    def logits(self, states):
        return self.linear("classifier", states[-1][0])


def build_weights(rng, config, tokens):
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    weights = {
        "vit.embeddings.cls_token": draw(rng, [1, 1, hidden], 0.7),
        "vit.embeddings.position_embeddings": draw(rng, [1, tokens, hidden], 0.7),
        "vit.embeddings.patch_embeddings.projection.weight": draw(rng, [hidden, config["num_channels"], *config["patch_size"]], 0.3),
        "vit.embeddings.patch_embeddings.projection.bias": draw(rng, [hidden], 0.3),
    }

    def linear(name, into, out, bias=True):
        weights[name + ".weight"] = draw(rng, [out, into], 1 / math.sqrt(into))
        if bias:
            weights[name + ".bias"] = draw(rng, [out], 0.3)

    def norm(name):
        weights[name + ".weight"], weights[name + ".bias"] = draw(rng, [hidden], 0.2, 1.0), draw(rng, [hidden], 0.2)

    for layer in range(config["num_hidden_layers"]):
        place = f"vit.encoder.layer.{layer}."
        norm(place + "layernorm_before")
        for kind in ("query", "key", "value"):
            linear(f"{place}attention.attention.{kind}", hidden, hidden, config["qkv_bias"])
        linear(place + "attention.output.dense", hidden, hidden)
        norm(place + "layernorm_after")
        linear(place + "intermediate.dense", hidden, inner)
        linear(place + "output.dense", inner, hidden)
    norm("vit.layernorm")
    linear("classifier", hidden, config["num_labels"])
    return weights


def image_case(folder, seed, structure, m=None, first_block=None, rank=2, alpha=3):
    rng = random.Random(seed)
    config = {
        "architectures": ["ViTForImageClassification"], "model_type": "vit", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 4,
        "num_attention_heads": 2, "hidden_act": "gelu", "image_size": [5, 7], "patch_size": [2, 3], "num_channels": 2, "qkv_bias": False,
        "layer_norm_eps": 1e-6, "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "num_labels": 3, "torch_dtype": "float32",
    }
    (height, width), patch = config["image_size"], config["patch_size"]
    tokens = 1 + (height // patch[0]) * (width // patch[1])
    network, layers, targets = Vit(config, build_weights(rng, config, tokens)), range(config["num_hidden_layers"]), ["query", "value"]
    chains = {f"attention.attention.{kind}": [network.module(n, kind) for n in layers] for kind in targets}
    modules = [module for chain in chains.values() for module in chain]
    network.adapter = {
        "structure": structure, "m": m, "first_block": first_block, "targets": targets, "scale": alpha / rank,
        "A": {module: draw(rng, [rank, config["hidden_size"]], 0.4) for module in modules},
        "B": {module: draw(rng, [config["hidden_size"], rank], 0.4) for module in modules},
    }
    # What goes in is called ids by the functions for texts; nothing of a picture is padding.
    inputs, stored = {}, {}
    for prefix, count in (("", 3), ("calib.0.", 2), ("calib.1.", 1), ("calib.2.", 2)):
        stored[prefix + "pixel_values"] = draw(rng, [count, config["num_channels"], height, width], 1.0)
        inputs[prefix + "input_ids"], inputs[prefix + "attention_mask"] = stored[prefix + "pixel_values"], [[1] * tokens] * count
    inputs["labels"] = stored["labels"] = [rng.randrange(config["num_labels"]) for _ in range(3)]
    write_case(folder, network, inputs, stored, chains, 3, rank, alpha)


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    image_case(root / "vit_middle_m2", SEED + 12, "ms", m=2)


if __name__ == "__main__":
    main()
