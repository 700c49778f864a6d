#!/usr/bin/env python3
"""Makes the conformance cases of this folder with nothing but Python's standard library.

A second, deliberately naive implementation: lists of float64 numbers, one sequence at a time, every equation of
arXiv:2402.18039 as it is printed, gradients by central differences. It shares no code, no library and no algorithm with
what it checks. Usage: python3 make_cases.py [folder], which takes half a minute; same Python version, same bytes.
"""

import json
import math
import random
import struct
import sys
from pathlib import Path

SEED = 20240228
RIDGE = 0.01  # of the least-squares merge
STEP = 1e-5  # of the central differences; their error is near 1e-9 of a gradient
TOLERANCE = {
    "forward": 2e-5, "loss": 1e-5, "gradients": 2e-4, "norms_and_alphas": 1e-5, "merged_weights": 1e-5, "merged_logits": 5e-5,
}
LSTSQ_TOLERANCE = 2e-5  # of a case with a least-squares merge, whose solution multiplies the rounding of what B sees


# --- numbers and files ---

def single(value):
    """The float32 number nearest to a float64: what a file holds and what both sides start from."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def draw(rng, shape, scale, mean=0.0):
    if len(shape) == 1:
        return [single(mean + scale * rng.gauss(0, 1)) for _ in range(shape[0])]
    return [draw(rng, shape[1:], scale, mean) for _ in range(shape[0])]


def shape_of(values):
    return [len(values)] + shape_of(values[0]) if isinstance(values, list) else []


def flat(values):
    return [number for row in values for number in flat(row)] if isinstance(values, list) else [values]


def write_safetensors(path, tensors):
    """Integers as I64, everything else as F32; the widest type first, so that every tensor is aligned."""
    entries, data = {}, b""
    for name in sorted(tensors, key=lambda n: (not isinstance(flat(tensors[n])[0], int), n)):
        numbers = flat(tensors[name])
        code = ("I64", "q") if isinstance(numbers[0], int) else ("F32", "f")
        content = struct.pack(f"<{len(numbers)}{code[1]}", *numbers)
        entries[name] = {"dtype": code[0], "shape": shape_of(tensors[name]), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    header = json.dumps({"__metadata__": {"format": "pt"}, **entries}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8", newline="\n")


# --- a little algebra on rows ---

def apply(matrix, x):
    """Matrix times vector."""
    return [sum(w * v for w, v in zip(row, x)) for row in matrix]


def product(left, right):
    """Matrix times matrix."""
    columns = list(zip(*right))
    return [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in left]


def add(*vectors):
    return [sum(numbers) for numbers in zip(*vectors)]


def times(factor, vector):
    return [factor * v for v in vector]


def add_matrices(a, b):
    return [add(r, s) for r, s in zip(a, b)]


def scale_matrix(factor, matrix):
    return [times(factor, row) for row in matrix]


def solve(matrix, right):
    """x of matrix x = right, by Gauss and Jordan with the largest pivot."""
    size = len(right)
    rows = [list(row) + [value] for row, value in zip(matrix, right)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda i: abs(rows[i][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = times(1 / rows[column][column], rows[column])
        for i in range(size):
            if i != column:
                rows[i] = add(rows[i], times(-rows[i][column], rows[column]))
    return [row[size] for row in rows]


def norm(rows):
    return math.sqrt(sum(v * v for row in rows for v in row))


# --- the network ---

SHAPES = {
    "q_proj": "self_attn", "k_proj": "self_attn", "v_proj": "self_attn", "o_proj": "self_attn",
    "gate_proj": "mlp", "up_proj": "mlp", "down_proj": "mlp",
}


class Network:
    """A Llama: weights by checkpoint name, and an adapter's contribution where a projection is called."""

    def __init__(self, config, weights):
        self.config, self.weights = config, weights
        self.adapter = None
        self.seen = None  # module -> rows of inputs, and module + ".low" -> rows of A x, when somebody wants them

    def rms(self, x, name):
        mean = sum(v * v for v in x) / len(x)
        return [w * v / math.sqrt(mean + self.config["rms_norm_eps"]) for w, v in zip(self.weights[name + ".weight"], x)]

    def module(self, layer, kind):
        return f"model.layers.{layer}.{SHAPES[kind]}.{kind}"

    def project(self, layer, kind, rows, carried):
        module = self.module(layer, kind)
        bias = self.weights.get(module + ".bias")
        outputs = [apply(self.weights[module + ".weight"], x) for x in rows]
        if bias:
            outputs = [add(y, bias) for y in outputs]
        if self.adapter and kind in self.adapter["targets"]:
            outputs = [add(y, d) for y, d in zip(outputs, self.delta(layer, kind, module, rows, carried))]
        return outputs

    def delta(self, layer, kind, module, rows, carried):
        """s B A x and what the shortcuts make of it; carried holds what earlier layers saw in this forward pass."""
        adapter = self.adapter
        structure, s = adapter["structure"], adapter["scale"]
        name = lambda n: self.module(n, kind)
        a, b = adapter["A"], adapter["B"]
        lows = [apply(a[module], x) for x in rows]
        if self.seen is not None:
            self.seen.setdefault(module, []).append(rows)
            self.seen.setdefault(module + ".low", []).append(lows)
        if structure == "lora":
            return [times(s, apply(b[module], low)) for low in lows]
        reach = adapter["m"] if adapter["m"] not in (None, -1) else layer
        if structure == "is":  # equation 2
            previous = carried.get((kind, layer - 1), rows if adapter["first_block"] == "doubled" else None)
            carried[(kind, layer)] = rows
            summed = rows if previous is None else [add(x, p) for x, p in zip(rows, previous)]
            return [times(s, apply(b[module], apply(a[module], x))) for x in summed]
        if structure == "bs":  # equation 3
            blocks = [name(layer - k) for k in range(min(reach, layer) + 1)]
            return [times(s, add(*[apply(b[n], apply(a[n], x)) for n in blocks])) for x in rows]
        carried[(kind, layer)] = lows  # equation 4
        terms = [carried[(kind, layer - k)] for k in range(min(reach, layer) + 1)]
        return [times(s, apply(b[module], add(*[term[t] for term in terms]))) for t in range(len(rows))]

    def rotate(self, x, position):
        """Rotary embedding, pairs (i, i + E/2)."""
        size = len(x)
        turned = [0.0] * size
        for i in range(size // 2):
            angle = position * self.config["rope_theta"] ** (-2 * i / size) / (self.config.get("rope_scaling") or {}).get("factor", 1)
            first, second = x[i], x[i + size // 2]
            turned[i] = first * math.cos(angle) - second * math.sin(angle)
            turned[i + size // 2] = second * math.cos(angle) + first * math.sin(angle)
        return turned

    def attend(self, layer, rows, mask, carried):
        config = self.config
        heads, groups, size = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
        q, k, v = (self.project(layer, kind, rows, carried) for kind in ("q_proj", "k_proj", "v_proj"))
        split = lambda x, h: x[h * size:(h + 1) * size]
        normed = lambda x, which: self.rms(x, f"model.layers.{layer}.self_attn.{which}") if config["model_type"] == "qwen3" else x
        window = config.get("sliding_window") or len(rows)
        mixed = []
        for t, row in enumerate(q):
            joined = []
            for h in range(heads):
                group = h * groups // heads
                query = self.rotate(normed(split(row, h), "q_norm"), t)
                visible = [j for j in range(t + 1) if mask[j] and j > t - window] or [t]
                scores = []
                for j in visible:
                    key = self.rotate(normed(split(k[j], group), "k_norm"), j)
                    scores.append(sum(a * b for a, b in zip(query, key)) / math.sqrt(size))
                top = max(scores)
                shares = [math.exp(score - top) for score in scores]
                total = sum(shares)
                joined += add(*[times(share / total, split(v[j], group)) for share, j in zip(shares, visible)])
            mixed.append(joined)
        return self.project(layer, "o_proj", mixed, carried)

    def hidden(self, ids, mask):
        """The residual stream: after the embedding, after each layer, after the last norm."""
        rows = [list(self.weights["model.embed_tokens.weight"][i]) for i in ids]
        states, carried = [rows], {}
        for layer in range(self.config["num_hidden_layers"]):
            place = f"model.layers.{layer}."
            attended = self.attend(layer, [self.rms(x, place + "input_layernorm") for x in rows], mask, carried)
            rows = [add(x, y) for x, y in zip(rows, attended)]
            inner = [self.rms(x, place + "post_attention_layernorm") for x in rows]
            gate, up = self.project(layer, "gate_proj", inner, carried), self.project(layer, "up_proj", inner, carried)
            gated = [[g / (1 + math.exp(-g)) * u for g, u in zip(gs, us)] for gs, us in zip(gate, up)]
            rows = [add(x, y) for x, y in zip(rows, self.project(layer, "down_proj", gated, carried))]
            states.append(rows)
        return states + [[self.rms(x, "model.norm") for x in rows]]

    def logits(self, states):
        head = self.weights.get("lm_head.weight", self.weights["model.embed_tokens.weight"])
        return [apply(head, x) for x in states[-1]]

    def loss(self, logits, labels):
        return loss_of(logits, labels)


def loss_of(logits, labels):
    """Mean cross entropy: the logits at t predict the label at t + 1, -100 is left out."""
    losses = []
    for rows, targets in zip(logits, labels):
        for row, target in zip(rows, targets[1:]):
            if target != -100:
                top = max(row)
                losses.append(top + math.log(sum(math.exp(v - top) for v in row)) - row[target])
    return sum(losses) / len(losses)


def loss_alone(network, inputs):
    logits = [network.logits(network.hidden(i, m)) for i, m in zip(inputs["input_ids"], inputs["attention_mask"])]
    return network.loss(logits, inputs["labels"])


def outputs_of(network, inputs):
    states = [network.hidden(i, m) for i, m in zip(inputs["input_ids"], inputs["attention_mask"])]
    logits = [network.logits(s) for s in states]
    return states, logits, network.loss(logits, inputs["labels"])


def gradient(matrix, evaluate):
    """Central differences, one number after the other; the matrix is as it was afterwards."""
    result = []
    for row in matrix:
        result.append([])
        for i, value in enumerate(row):
            row[i] = value + STEP
            above = evaluate()
            row[i] = value - STEP
            below = evaluate()
            row[i] = value
            result[-1].append((above - below) / (2 * STEP))
    return result


# --- the merges ---

def calibrate(network, inputs, batches, window, masked):
    """Means over the last batches of the Frobenius norms of x_n and A_n x_n."""
    norms = {}
    for batch in range(batches):
        network.seen = {}
        masks = inputs[f"calib.{batch}.attention_mask"]
        for ids, mask in zip(inputs[f"calib.{batch}.input_ids"], masks):
            network.hidden(ids, mask)
        for key, sequences in network.seen.items():
            kept = [x for rows, mask in zip(sequences, masks) for x, m in zip(rows, mask) if m or not masked]
            norms.setdefault(key, []).append(norm(kept))
    network.seen = None
    return {key: sum(values[-window:]) / len(values[-window:]) for key, values in norms.items()}


def fitted_downs(network, inputs, batches, chain, masked):
    """A* of every block of a chain by least squares over the tokens of all calibration batches; the first block's is exact."""
    adapter = network.adapter
    tokens = []  # of each token what was seen of every block
    for batch in range(batches):
        for ids, mask in zip(inputs[f"calib.{batch}.input_ids"], inputs[f"calib.{batch}.attention_mask"]):
            network.seen = {}
            network.hidden(ids, mask)
            tokens += [{key: rows[0][t] for key, rows in network.seen.items()} for t, m in enumerate(mask) if m or not masked]
    network.seen = None
    fitted = []
    for n, module in enumerate(chain):
        a = adapter["A"][module]
        if n == 0:
            fitted.append(scale_matrix(2 if adapter["first_block"] == "doubled" else 1, a))
            continue
        reach = min(n if adapter["m"] in (None, -1) else adapter["m"], n)
        inner = [x[module] for x in tokens]
        if adapter["structure"] == "is":
            rest = [apply(a, x[chain[n - 1]]) for x in tokens]
        else:
            rest = [add(*[x[chain[n - k] + ".low"] for k in range(1, reach + 1)]) for x in tokens]
        width = len(inner[0])
        moment = [[sum(x[i] * x[j] for x in inner) for j in range(width)] for i in range(width)]
        shift = RIDGE * sum(moment[i][i] for i in range(width)) / width
        for i in range(width):
            moment[i][i] += shift
        # (A* - A) (S + shift) = sum of r x^T, a row at a time; S is symmetric.
        fitted.append([add(row, solve(moment, [sum(r[k] * x[j] for r, x in zip(rest, inner)) for j in range(width)])) for k, row in enumerate(a)])
    return fitted


def merged_pairs(adapter, chain, method, norms, weights):
    """A*, B* and what stood in for the shortcut, for every block of one chain; and the norms of the merged weights."""
    structure, s = adapter["structure"], adapter["scale"]
    pairs, alphas, weight_norms = [], [], []
    for n, module in enumerate(chain):
        a, b = adapter["A"][module], adapter["B"][module]
        reach = min(n if adapter["m"] in (None, -1) else adapter["m"], n)
        if structure == "lora":
            alpha = None
        elif structure == "bs":  # equation 5
            members = [chain[n - k] for k in range(reach + 1)]
            a = [row for member in members for row in adapter["A"][member]]
            b = [[v for member in members for v in adapter["B"][member][i]] for i in range(len(b))]
            alpha = None
        elif structure == "is":
            first = 1.0 if adapter["first_block"] == "doubled" else 0.0
            if method == "input":  # equation 9
                alpha = first if n == 0 else norms[chain[n - 1]] / norms[module]
            else:  # equation 11
                alpha = first if n == 0 else 1.0 if n == 1 else weight_norms[n - 2] / weight_norms[n - 1]
            b = scale_matrix(1 + alpha, b)
        elif method == "input":  # equation 12
            alpha = sum(norms[chain[n - k] + ".low"] / norms[module + ".low"] for k in range(1, reach + 1)) + 0.0
            b = scale_matrix(1 + alpha, b)
        else:  # equation 13
            alpha = [norms[chain[n - k]] / norms[module] for k in range(reach + 1)]
            for k in range(1, reach + 1):
                a = add_matrices(a, scale_matrix(alpha[k], adapter["A"][chain[n - k]]))
            alpha += [0.0] * (adapter["m"] - reach)
        weight = add_matrices(weights[module + ".weight"], scale_matrix(s, product(b, a)))
        weight_norms.append(norm(weight))
        pairs.append((module, a, b, weight))
        alphas.append(alpha)
    return pairs, alphas, weight_norms


def merges(network, adapter, inputs, chains, norms, suffix, expected):
    structure = adapter["structure"]
    methods = {"lora": ["plain"], "bs": ["exact"]}.get(structure, ["input", "weights"])
    for method in methods:
        if suffix and (structure, method) == ("is", "weights"):
            continue  # reads no statistics
        prefix = f"merge.{method}{suffix}."
        weights = dict(network.weights)
        for chain_name, chain in chains.items():
            pairs, alphas, weight_norms = merged_pairs(adapter, chain, method, norms, network.weights)
            for module, a, b, weight in pairs:
                weights[module + ".weight"] = weight
                if not suffix:
                    expected[f"{prefix}weight.{module}"] = weight
                    if structure == "bs":
                        expected[f"{prefix}cat_A.{module}"], expected[f"{prefix}cat_B.{module}"] = a, b
            if structure in ("is", "ms"):
                expected[f"{prefix}alpha.{chain_name}"] = alphas
            if (structure, method) == ("is", "weights"):
                expected[f"norm_w.{chain_name}"] = weight_norms
        _, expected[prefix + "logits"], loss = outputs_of(type(network)(network.config, weights), inputs)
        expected[prefix + "loss"] = [loss]
    return methods


def least_squares_merge(network, inputs, batches, chains, suffix, masked, expected):
    adapter, weights = network.adapter, dict(network.weights)
    prefix = f"merge.lstsq{suffix}."
    for chain in chains.values():
        for module, a in zip(chain, fitted_downs(network, inputs, batches, chain, masked)):
            weights[module + ".weight"] = add_matrices(weights[module + ".weight"], scale_matrix(adapter["scale"], product(adapter["B"][module], a)))
            expected[f"{prefix}weight.{module}"], expected[f"{prefix}lora_A.{module}"] = weights[module + ".weight"], a
    _, expected[prefix + "logits"], loss = outputs_of(Network(network.config, weights), inputs)
    expected[prefix + "loss"] = [loss]


# --- the cases ---

def build_weights(rng, config):
    hidden, inner, vocabulary = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    size = config["head_dim"]
    query, key = config["num_attention_heads"] * size, config["num_key_value_heads"] * size
    sizes = {
        "q_proj": (query, hidden), "k_proj": (key, hidden), "v_proj": (key, hidden), "o_proj": (hidden, query),
        "gate_proj": (inner, hidden), "up_proj": (inner, hidden), "down_proj": (hidden, inner),
    }
    weights = {"model.embed_tokens.weight": draw(rng, [vocabulary, hidden], 1.0), "model.norm.weight": draw(rng, [hidden], 0.2, 1.0)}
    for layer in range(config["num_hidden_layers"]):
        place = f"model.layers.{layer}."
        for kind, (out, into) in sizes.items():
            weights[f"{place}{SHAPES[kind]}.{kind}.weight"] = draw(rng, [out, into], 1 / math.sqrt(into))
            if config["model_type"] == "qwen2" and kind in ("q_proj", "k_proj", "v_proj"):
                weights[f"{place}{SHAPES[kind]}.{kind}.bias"] = draw(rng, [out], 0.3)
        for which in ("input_layernorm", "post_attention_layernorm"):
            weights[f"{place}{which}.weight"] = draw(rng, [hidden], 0.2, 1.0)
        if config["model_type"] == "qwen3":
            for which in ("q_norm", "k_norm"):
                weights[f"{place}self_attn.{which}.weight"] = draw(rng, [size], 0.2, 1.0)
    if not config["tie_word_embeddings"]:
        weights["lm_head.weight"] = draw(rng, [vocabulary, hidden], 1 / math.sqrt(hidden))
    return weights, sizes


def padded_batch(rng, config, lengths):
    width = max(lengths)
    ids = [[rng.randrange(3, config["vocab_size"]) for _ in range(n)] + [0] * (width - n) for n in lengths]
    return ids, [[1] * n + [0] * (width - n) for n in lengths]


def model_case(folder, seed, config, structure, targets, m=None, first_block=None, rank=2, alpha=3):
    rng = random.Random(seed)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 19, "hidden_size": 8, "intermediate_size": 12,
        "num_hidden_layers": 4, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 4, "hidden_act": "silu",
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 32, "tie_word_embeddings": False,
        "torch_dtype": "float32", **config,
    }
    weights, sizes = build_weights(rng, config)
    layers = range(config["num_hidden_layers"])
    chains = {f"{SHAPES[kind]}.{kind}": [f"model.layers.{n}.{SHAPES[kind]}.{kind}" for n in layers] for kind in targets}
    adapter = {
        "structure": structure, "m": m, "first_block": first_block, "targets": targets, "scale": alpha / rank,
        "A": {module: draw(rng, [rank, sizes[module.split(".")[-1]][1]], 0.4) for chain in chains.values() for module in chain},
        "B": {module: draw(rng, [sizes[module.split(".")[-1]][0], rank], 0.4) for chain in chains.values() for module in chain},
    }
    inputs = {}
    inputs["input_ids"], inputs["attention_mask"] = padded_batch(rng, config, [6, 4])
    # As in completion-only training: the first tokens of each sequence and its padding carry no label.
    inputs["labels"] = [[i if mask and t > 1 else -100 for t, (i, mask) in enumerate(zip(ids, masks))]
                        for ids, masks in zip(inputs["input_ids"], inputs["attention_mask"])]
    calibration = [[5, 3], [4], [6, 2]]
    for i, lengths in enumerate(calibration):
        inputs[f"calib.{i}.input_ids"], inputs[f"calib.{i}.attention_mask"] = padded_batch(rng, config, lengths)

    network = Network(config, weights)
    network.adapter = adapter
    states, logits, loss = outputs_of(network, inputs)
    expected = {"logits": logits, "loss": [loss]}
    names = ["embeddings"] + [f"layer.{n}" for n in layers] + ["norm"]
    for i, name in enumerate(names):
        expected["hidden_states." + name] = [sequence[i] for sequence in states]
    for module in adapter["A"]:
        for which in "AB":
            expected[f"grad.{module}.lora_{which}.weight"] = gradient(adapter[which][module], lambda: loss_alone(network, inputs))
    fitted = structure in ("is", "ms")
    suffixes = {"": False, "_nopad": True} if fitted else {"": False}
    for suffix, masked in suffixes.items():
        norms = calibrate(network, inputs, len(calibration), 2, masked) if fitted else {}
        for chain_name, chain in chains.items():
            if norms:
                expected[f"norm_x{suffix}.{chain_name}"] = [norms[module] for module in chain]
            if structure == "ms":
                expected[f"norm_ax{suffix}.{chain_name}"] = [norms[module + ".low"] for module in chain]
        methods = merges(network, adapter, inputs, chains, norms, suffix, expected)
        if fitted:
            least_squares_merge(network, inputs, len(calibration), chains, suffix, masked, expected)

    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    write_json(folder / "case.json", {
        "name": folder.name, "structure": structure, "rank": rank, "alpha": alpha, "scale": alpha / rank, "m": m,
        "first_block": first_block, "targets": targets, "dropout": 0.0, "loss": "causal_lm",
        "calibration": {"batches": len(calibration), "norm_window": 2, **({"second_moments": "all batches"} if fitted else {})},
        **({"ridge": RIDGE} if fitted else {}),
        "merges": methods + (["lstsq"] if fitted else []), "tolerance": {**TOLERANCE, **({"lstsq": LSTSQ_TOLERANCE} if fitted else {})},
    })
    write_safetensors(folder / "model.safetensors", weights)
    write_safetensors(folder / "adapter.safetensors", {f"{module}.lora_{w}.weight": adapter[w][module] for w in "AB" for module in adapter[w]})
    write_safetensors(folder / "inputs.safetensors", inputs)
    write_safetensors(folder / "expected.safetensors", expected)


def layer_case(folder, seed, rank_stabilized, rank=3, alpha=5, into=8, out=6):
    """One linear layer; here the gradients are exact, the layer being linear."""
    rng = random.Random(seed)
    module = "model.layers.0.self_attn.q_proj"
    weight, bias = draw(rng, [out, into], 0.4), draw(rng, [out], 0.3)
    a, b = draw(rng, [rank, into], 0.4), draw(rng, [out, rank], 0.4)
    x, dy = draw(rng, [2, 3, into], 1.0), draw(rng, [2, 3, out], 1.0)
    s = alpha / (math.sqrt(rank) if rank_stabilized else rank)
    delta = scale_matrix(s, product(b, a))
    merged = add_matrices(weight, delta)
    transposed = [list(column) for column in zip(*merged)]
    pairs = [(v, d) for vs, ds in zip(x, dy) for v, d in zip(vs, ds)]
    # dL/dW of L = Σ dy · W x, then the chain rule through W = … + s B A.
    outer = [[sum(d[i] * v[j] for v, d in pairs) for j in range(into)] for i in range(out)]
    prefix = f"base_model.model.{module}"
    expected = {
        "y": [[add(apply(merged, v), bias) for v in vs] for vs in x], "delta_weight": delta, "merged_weight": merged,
        "grad.x": [[apply(transposed, d) for d in ds] for ds in dy],
        f"grad.{prefix}.lora_A.weight": scale_matrix(s, product([list(c) for c in zip(*b)], outer)),
        f"grad.{prefix}.lora_B.weight": scale_matrix(s, product(outer, [list(c) for c in zip(*a)])),
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "case.json", {
        "name": folder.name, "kind": "peft_linear", "module": module, "in": into, "out": out, "bias": True,
        "tolerance": {"forward": 1e-5, "gradients": 2e-5},
    })
    write_json(folder / "adapter_config.json", {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "target_modules": ["q_proj"], "inference_mode": True, "r": rank,
        "lora_alpha": alpha, "lora_dropout": 0.0, "bias": "none", "fan_in_fan_out": False, "use_rslora": rank_stabilized, "use_dora": False,
    })
    write_safetensors(folder / "adapter_model.safetensors", {prefix + ".lora_A.weight": a, prefix + ".lora_B.weight": b})
    write_safetensors(folder / "base.safetensors", {module + ".weight": weight, module + ".bias": bias})
    write_safetensors(folder / "inputs.safetensors", {"x": x, "dy": dy})
    write_safetensors(folder / "expected.safetensors", expected)


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    everything = list(SHAPES)
    model_case(root / "llama_lora", SEED + 1, {"num_hidden_layers": 3, "rope_scaling": {"rope_type": "linear", "factor": 2.5}}, "lora", everything)
    model_case(root / "llama_input", SEED + 2, {}, "is", ["q_proj", "v_proj"], first_block="doubled")
    model_case(root / "qwen2_input_single", SEED + 3,
               {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "num_hidden_layers": 3, "num_key_value_heads": 1, "tie_word_embeddings": True},
               "is", ["k_proj", "down_proj"], first_block="single")
    model_case(root / "llama_block_m1", SEED + 4, {}, "bs", ["q_proj", "v_proj"], m=1)
    model_case(root / "mistral_block_all", SEED + 5,
               {"architectures": ["MistralForCausalLM"], "model_type": "mistral", "num_key_value_heads": 1, "sliding_window": 3},
               "bs", ["q_proj", "o_proj"], m=-1)
    model_case(root / "llama_middle_m2", SEED + 6, {}, "ms", ["q_proj", "v_proj"], m=2)
    model_case(root / "qwen3_middle_m1", SEED + 7,
               {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
                "rope_theta": 1000000.0},
               "ms", ["q_proj", "gate_proj"], m=1)
    layer_case(root / "peft_lora", SEED + 8, rank_stabilized=False)
    layer_case(root / "peft_rslora", SEED + 9, rank_stabilized=True)


if __name__ == "__main__":
    main()
