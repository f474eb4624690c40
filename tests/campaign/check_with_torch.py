#!/usr/bin/env python3
"""Checks training steps that Sinter compiled (written by torch_export.cpp) with PyTorch's autograd in float64.

usage: check_with_torch.py FOLDER

Everything is written anew from Keras's documentation: layers, losses, optimizers, and the random numbers of dropout
(Philox 4x32-10). Exits with 1 and says where if a loss or a variable is off by more than the file allows.
"""
import glob
import json
import math
import os
import sys

import numpy
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
EPSILON = float(numpy.float32(1e-7))
ONE = float(numpy.float32(1) - numpy.float32(1e-7))


# ---- Random numbers


def stream_of(name):
    value = 2166136261
    for byte in name.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def philox(counter, key):
    """counter: four uint64 arrays below 2^32; key: two numbers. Salmon et al., SC 2011."""
    mask = numpy.uint64(0xFFFFFFFF)
    shift = numpy.uint64(32)
    c = [numpy.asarray(x, dtype=numpy.uint64) for x in counter]
    k = list(key)
    for _ in range(10):
        a = c[0] * numpy.uint64(0xD2511F53)
        b = c[2] * numpy.uint64(0xCD9E8D57)
        c = [(b >> shift) ^ c[1] ^ numpy.uint64(k[0]), b & mask, (a >> shift) ^ c[3] ^ numpy.uint64(k[1]), a & mask]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def uniform_numbers(step, stream, count):
    """The first `count` numbers in [0, 1) of a stream of dropout (domain 2) in this step."""
    seed, number = step["seed"], step["number"]
    element = numpy.arange(count, dtype=numpy.uint64)
    full = numpy.ones(count, dtype=numpy.uint64)
    words = philox(
        [element >> numpy.uint64(2), full * numpy.uint64(stream), full * numpy.uint64(number & 0xFFFFFFFF),
         full * numpy.uint64(((number >> 32) & 0xFFFFFF) | (2 << 24))],
        [seed & 0xFFFFFFFF, seed >> 32])
    bits = numpy.choose((element & numpy.uint64(3)).astype(numpy.int64), words)
    return (bits >> numpy.uint64(8)).astype(numpy.float64) / 2**24


# ---- Ops. Images are [N, H, W, C].


def padded(x, pads, value=0.0):
    top, bottom, left, right = pads
    return F.pad(x, (0, 0, left, right, top, bottom), value=value)


def convolution(x, weight, a, groups):
    y = F.conv2d(padded(x, a["pads"]).permute(0, 3, 1, 2).contiguous(), weight.contiguous(), stride=a["strides"], dilation=a["dilations"], groups=groups)
    return y.permute(0, 2, 3, 1)


def conv2d(x, w, a):
    return convolution(x, w.permute(3, 2, 0, 1), a, a["groups"])


def depthwise_conv2d(x, w, a):
    high, wide, channels, multiplier = w.shape
    return convolution(x, w.permute(2, 3, 0, 1).reshape(channels * multiplier, 1, high, wide), a, channels)


def max_pool(x, a):
    y = F.max_pool2d(padded(x, a["pads"], -math.inf).permute(0, 3, 1, 2), a["size"], a["strides"])
    return y.permute(0, 2, 3, 1)


def average_pool(x, a):
    sums = lambda t: F.avg_pool2d(padded(t, a["pads"]).permute(0, 3, 1, 2), a["size"], a["strides"], divisor_override=1)
    return (sums(x) / sums(torch.ones_like(x))).permute(0, 2, 3, 1)


def crop(x, a):
    index = [slice(None)]
    for d, size in enumerate(x.shape[1:]):
        before = a["before"][d] if a["before"] else 0
        after = a["after"][d] if a["after"] else 0
        index.append(slice(before, size - after))
    return x[tuple(index)]


def maximum(a, b):
    return torch.where(a >= b, a, b)


def minimum(a, b):
    return torch.where(a <= b, a, b)


def softplus(x):
    return torch.logaddexp(x, torch.zeros_like(x))


def number(value):
    return float(value)  # also "inf"


UNARY = {
    "relu": lambda x, a: torch.relu(x),
    "relu6": lambda x, a: F.relu6(x),
    "leaky_relu": lambda x, a: torch.where(x > 0, x, a["slope"] * x),
    "threshold_relu": lambda x, a: torch.where(x > a["threshold"], x, a["slope"] * (x - a["threshold"])),
    "clip": lambda x, a: x.clamp(number(a["min"]), number(a["max"])),
    "elu": lambda x, a: torch.where(x > 0, x, a["alpha"] * torch.expm1(x.clamp(max=0))),
    "sigmoid": lambda x, a: torch.sigmoid(x),
    "tanh": lambda x, a: torch.tanh(x),
    "softplus": lambda x, a: softplus(x),
    "softmax": lambda x, a: torch.softmax(x, -1),
    "log_softmax": lambda x, a: torch.log_softmax(x, -1),
    "affine": lambda x, a: a["scale"] * x + a["shift"],
    "neg": lambda x, a: -x,
    "exp": lambda x, a: torch.exp(x),
    "log": lambda x, a: torch.log(x),
    "sqrt": lambda x, a: torch.sqrt(x),
    "identity": lambda x, a: x,
    "max_pool": max_pool,
    "average_pool": average_pool,
    "pad": lambda x, a: padded(x, a["pads"], a["value"]),
    "crop": crop,
    "transpose": lambda x, a: x.permute(a["permutation"]),
    "upsample_nearest": lambda x, a: x.repeat_interleave(a["factors"][0], 1).repeat_interleave(a["factors"][1], 2),
    "reshape": lambda x, a: x.reshape([x.shape[0]] + a["shape"]),
    "reduce_sum": lambda x, a: x.sum(a["axes"], keepdim=a["keep"]),
    "reduce_mean": lambda x, a: x.mean(a["axes"], keepdim=a["keep"]),
    "reduce_max": lambda x, a: x.amax(a["axes"], keepdim=a["keep"]),
}
BINARY = {
    "conv2d": conv2d,
    "depthwise_conv2d": depthwise_conv2d,
    "matmul": lambda x, w, a: x @ w,
    "add": lambda x, y, a: x + y,
    "sub": lambda x, y, a: x - y,
    "mul": lambda x, y, a: x * y,
    "div": lambda x, y, a: x / y,
    "maximum": lambda x, y, a: maximum(x, y),
    "minimum": lambda x, y, a: minimum(x, y),
}


class Model:
    """One training step of a model: values by name, and the new moving statistics."""

    def __init__(self, description, step, values):
        self.graph = description["graph"]
        self.keras3 = description["fit"]["optimizer"]["keras3"]
        self.step = step
        self.values = values
        self.statistics = {}
        self.variables = {v["name"]: v for v in self.graph["variables"]}
        self.producers = {node["output"]: node for node in self.graph["nodes"]}

    def dropout(self, node, x):
        rate = node["attributes"]["rate"]
        if rate == 0:
            return x
        if node["attributes"]["spatial"]:
            shape = [x.shape[0]] + [1] * (x.dim() - 2) + [x.shape[-1]]
        else:
            shape = list(x.shape)
        drawn = uniform_numbers(self.step, stream_of(node["layer"] or node["output"]), int(numpy.prod(shape)))
        kept = torch.from_numpy((drawn >= rate).astype(numpy.float64)).reshape(shape)
        return x * kept / (1 - rate)

    def batch_norm(self, node, x, gamma, beta, mean, variance):
        a = node["attributes"]
        weights = [v for v in node["inputs"] if v in self.variables and self.variables[v]["kind"] == "weight"]
        frozen = self.keras3 and weights and not any(self.variables[v]["trainable"] for v in weights)
        if not frozen:
            axes = list(range(x.dim() - 1))
            batch_mean, batch_variance = x.mean(axes), x.var(axes, unbiased=False)
            for name, old, new in ((node["inputs"][3], mean, batch_mean), (node["inputs"][4], variance, batch_variance)):
                if name in self.variables and self.variables[name]["kind"] == "statistic":
                    old = self.statistics.get(name, old)
                    self.statistics[name] = (a["momentum"] * old + (1 - a["momentum"]) * new).detach()
            mean, variance = batch_mean, batch_variance
            if a["constant_statistics"]:
                mean, variance = mean.detach(), variance.detach()
        return (x - mean) / torch.sqrt(variance + a["epsilon"]) * gamma + beta

    def run(self):
        needed = set(self.graph["outputs"])  # a model consists of what its outputs depend on
        for node in reversed(self.graph["nodes"]):
            if node["output"] in needed:
                needed.update(node["inputs"])
        for node in self.graph["nodes"]:
            if node["output"] not in needed:
                continue
            operands = [self.values[name] for name in node["inputs"]]
            op, a = node["op"], node["attributes"]
            if op == "dropout":
                y = self.dropout(node, operands[0])
            elif op == "batch_norm":
                y = self.batch_norm(node, *operands)
            elif op == "concat":
                y = torch.cat(operands, a["axis"])
            elif op == "average":
                y = sum(operands) / len(operands)
            elif op in UNARY:
                y = UNARY[op](operands[0], a)
            else:
                y = BINARY[op](operands[0], operands[1], a)
            self.values[node["output"]] = y

    def logits(self, name, activation):
        while name in self.producers:
            node = self.producers[name]
            if node["op"] == activation:
                return self.values[node["inputs"][0]]
            if node["op"] != "identity":
                return None
            name = node["inputs"][0]
        return None


# ---- Losses: of every sample


def sample_loss(model, loss, output, target):
    name, p = loss["name"], model.values[output]
    smoothing = loss["label_smoothing"]
    if name.startswith("sparse"):
        target = F.one_hot(target[..., 0].long(), p.shape[-1]).to(p.dtype)
        name = name[len("sparse_"):]
        smoothing = 0
    if name == "categorical_crossentropy":
        target = target * (1 - smoothing) + smoothing / p.shape[-1]
        logits = p if loss["from_logits"] else model.logits(output, "softmax")
        if logits is not None:
            rows = -(target * torch.log_softmax(logits, -1)).sum(-1)
        else:
            rows = -(target * torch.log((p / p.sum(-1, keepdim=True)).clamp(EPSILON, ONE))).sum(-1)
    elif name == "binary_crossentropy":
        target = target * (1 - smoothing) + smoothing / 2
        logits = p if loss["from_logits"] else model.logits(output, "sigmoid")
        if logits is not None:
            rows = (target * softplus(-logits) + (1 - target) * softplus(logits)).mean(-1)
        else:
            q = p.clamp(EPSILON, ONE)
            rows = -(target * torch.log(q) + (1 - target) * torch.log(1 - q)).mean(-1)
    elif name == "kl_divergence":
        t, q = target.clamp(EPSILON, 1), p.clamp(EPSILON, 1)
        rows = (t * torch.log(t / q)).sum(-1)
    else:
        d = p - target
        rows = {
            "mean_squared_error": lambda: d * d,
            "mean_absolute_error": lambda: d.abs(),
            "mean_absolute_percentage_error": lambda: 100 * d.abs() / target.abs().clamp(min=EPSILON),
            "mean_squared_logarithmic_error":
                lambda: (torch.log1p(p.clamp(min=EPSILON)) - torch.log1p(target.clamp(min=EPSILON)))**2,
            "huber": lambda: torch.where(d.abs() <= loss["delta"], d * d / 2, loss["delta"] * (d.abs() - loss["delta"] / 2)),
            "log_cosh": lambda: d + softplus(-2 * d) - math.log(2),
            "poisson": lambda: p - target * torch.log(p + EPSILON),
            "hinge": lambda: torch.relu(1 - target * p),
            "squared_hinge": lambda: torch.relu(1 - target * p)**2,
        }[name]().mean(-1)
    return rows.reshape(rows.shape[0], -1).mean(-1)


# ---- Optimizers: from gradient to the new variable and slots


def clipped(gradients, o):
    def norm_clip(gs, limit):
        norm = math.sqrt(sum(float((g * g).sum()) for g in gs))
        return [g * limit / norm if norm > limit else g for g in gs]

    names, values = list(gradients), list(gradients.values())
    if o["global_clipnorm"] > 0:
        values = norm_clip(values, o["global_clipnorm"])
    elif o["clipnorm"] > 0 and not o["keras3"]:
        values = norm_clip(values, o["clipnorm"])
    elif o["clipnorm"] > 0:
        values = [norm_clip([g], o["clipnorm"])[0] for g in values]
    if o["clipvalue"] > 0:
        values = [g.clamp(-o["clipvalue"], o["clipvalue"]) for g in values]
    return dict(zip(names, values))


def updated(w, g, slots, o, t):
    """slots by name; t: number of the step from 1. Returns the variable and the slots."""
    name = o["name"]
    lr = o["learning_rate"] / (1 + o["decay"] * (t - 1))
    eps, b1, b2, rho = o["epsilon"], o["beta_1"], o["beta_2"], o["rho"]
    if o["weight_decay"] > 0:
        w = w - lr * o["weight_decay"] * w
    if name == "SGD":
        if o["momentum"] == 0:
            return w - lr * g, {}
        m = o["momentum"] * slots["momentum"] - lr * g
        return (w + o["momentum"] * m - lr * g if o["nesterov"] else w + m), {"momentum": m}
    if name == "RMSprop":
        new = {"velocity": rho * slots["velocity"] + (1 - rho) * g * g}
        below = new["velocity"]
        if o["centered"]:
            new["average_gradient"] = rho * slots["average_gradient"] + (1 - rho) * g
            below = below - new["average_gradient"]**2
        root = torch.sqrt(below + eps) if o["keras3"] else torch.sqrt(below) + eps
        if o["momentum"] == 0:
            return w - lr * g / root, new
        new["momentum"] = o["momentum"] * slots["momentum"] + lr * g / root
        return w - new["momentum"], new
    if name == "Adagrad":
        a = slots["accumulator"] + g * g
        return w - lr * g / (torch.sqrt(a + eps) if o["keras3"] else torch.sqrt(a) + eps), {"accumulator": a}
    if name == "Adadelta":
        a = rho * slots["accumulated_grad"] + (1 - rho) * g * g
        step = g * torch.sqrt(slots["accumulated_delta_var"] + eps) / torch.sqrt(a + eps)
        return w - lr * step, {"accumulated_grad": a, "accumulated_delta_var": rho * slots["accumulated_delta_var"] + (1 - rho) * step * step}
    m = b1 * slots["momentum"] + (1 - b1) * g
    if name == "Adamax":
        u = torch.maximum(b2 * slots["norm"], g.abs())
        return w - lr / (1 - b1**t) * m / (u + eps), {"momentum": m, "norm": u}
    v = b2 * slots["velocity"] + (1 - b2) * g * g
    if name == "Nadam":
        mu = lambda i: b1 * (1 - 0.5 * 0.96**(i * o["schedule_decay"]))
        product = numpy.prod([mu(i) for i in range(1, t + 1)])
        step = (1 - mu(t)) * g / (1 - product) + mu(t + 1) * m / (1 - product * mu(t + 1))
        return w - lr * step / (torch.sqrt(v / (1 - b2**t)) + eps), {"momentum": m, "velocity": v}
    new = {"momentum": m, "velocity": v}  # Adam, AdamW
    below = v
    if o["amsgrad"]:
        below = new["velocity_hat"] = torch.maximum(slots["velocity_hat"], v)
    return w - lr * math.sqrt(1 - b2**t) / (1 - b1**t) * m / (torch.sqrt(below) + eps), new


def constrained(w, c):
    kind = ["max_norm", "min_max_norm", "unit_norm", "non_negative"][c["kind"]]
    if kind == "non_negative":
        return torch.where(w >= 0, w, torch.zeros_like(w))
    norm = torch.sqrt((w * w).sum(c["axes"], keepdim=True))
    wanted = {
        "max_norm": lambda: norm.clamp(0, c["max_value"]),
        "min_max_norm": lambda: c["rate"] * norm.clamp(c["min_value"], c["max_value"]) + (1 - c["rate"]) * norm,
        "unit_norm": lambda: torch.ones_like(norm),
    }[kind]()
    return w * wanted / (norm + 1e-7)


# ---- One step


def expected_step(description, step, arrays):
    fit = description["fit"]
    o = fit["optimizer"]

    def tensor(entry):
        first, count = entry["values"]
        return torch.from_numpy(arrays[first:first + count].astype(numpy.float64)).reshape(entry["dims"])

    before = {name: tensor(entry) for name, entry in step["before"].items()}
    given = {name: tensor(entry) for name, entry in step["inputs"].items()}
    variables = description["graph"]["variables"]
    trained = [v["name"] for v in variables if v["kind"] == "weight" and v["trainable"]]
    values = {name: before[name].clone().requires_grad_(name in trained) for name in (v["name"] for v in variables)}
    weights = {name: values[name] for name in trained}
    values.update({i["name"]: given[i["name"]] for i in description["graph"]["inputs"]})
    model = Model(description, step, values)
    model.run()
    total = 0
    for output, loss, target in zip(description["graph"]["outputs"], fit["losses"], step["targets"]):
        if not loss["name"]:
            continue
        samples = sample_loss(model, loss, output, given[target])
        if step["sample_weight"]:
            samples = samples * given[step["sample_weight"]]
        total = total + loss["weight"] * samples.mean()
    for penalty in fit["penalties"]:
        if penalty["variable"] in values:
            w = values[penalty["variable"]]
            total = total + penalty["l1"] * w.abs().sum() + penalty["l2"] * (w * w).sum()
    found = torch.autograd.grad(total, list(weights.values()), allow_unused=True)
    gradients = clipped({name: g for name, g in zip(weights, found) if g is not None}, o)
    after = dict(model.statistics)
    for name, g in gradients.items():
        slots = {slot[len(name) + 1:]: value for slot, value in before.items() if slot.startswith(name + ".")}
        w, new = updated(before[name], g, slots, o, step["number"] + 1)
        for c in fit["constraints"]:
            if c["variable"] == name:
                w = constrained(w, c)
        after[name] = w
        after.update({name + "." + slot: value for slot, value in new.items()})
    return float(total), {name: value.detach().numpy().ravel() for name, value in after.items()}


def check(path):
    """What is wrong with the steps of a fit, and how many numbers were compared."""
    with open(path) as file:
        description = json.load(file)
    arrays = numpy.fromfile(path[:-len("json")] + "bin", dtype="<f4")
    compared = 0
    for index, step in enumerate(description["steps"]):
        loss, after = expected_step(description, step, arrays)
        where = f"{os.path.basename(path)} step {index}"
        if not abs(loss - step["loss"]) <= 2 * step["loss_allowed"]:
            return f"{where}: loss {step['loss']} instead of {loss}", compared
        if set(after) != set(step["after"]):
            return f"{where}: variables {sorted(set(after) ^ set(step['after']))} are in one only", compared
        for name, entry in step["after"].items():
            got, allowed = (arrays[first:first + count].astype(numpy.float64) for first, count in (entry["values"], entry["allowed"]))
            # The bound is stated for exact attributes; Sinter's are those of f32.
            off = ~(numpy.abs(got - after[name]) <= 2 * allowed + 1e-12)
            compared += len(got)
            if off.any():
                i = int(numpy.argmax(off))
                return f"{where}: {name} element {i} is {got[i]} instead of {after[name][i]}, allowed are {allowed[i]}", compared
    return "", compared


def main():
    paths = sorted(glob.glob(os.path.join(sys.argv[1], "fit_*.json")))
    wrong, compared = 0, 0
    for path in paths:
        message, count = check(path)
        compared += count
        if message:
            wrong += 1
            print(message)
    print(f"{len(paths)} fits, {compared} numbers compared with PyTorch {torch.__version__}, {wrong} fits differ")
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
