#!/usr/bin/env python3
"""Times training steps of PyTorch: zero_grad, forward, backward, RMSprop step, on made-up samples in memory.

Usage: torch_step.py MODEL BATCH THREADS SECONDS; prints JSON. Models are those of the Keras scripts, dropout included.
"""
import json
import statistics
import sys
import time

import torch
from torch import nn


class SamePad(nn.Module):
    """Keras's 'same' for a 2x2 window: the surplus goes to the bottom and right."""

    def forward(self, x):
        return nn.functional.pad(x, (0, 1, 0, 1))


def mnist_mlp():
    return (28, 28), nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 512), nn.ReLU(),
                                   nn.Dropout(0.2), nn.Linear(512, 10))


def cifar_cnn():
    layers, channels = [], 3
    for filters in (16, 32, 64):
        layers += [SamePad(), nn.Conv2d(channels, filters, 2), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    layers += [nn.Dropout(0.3), nn.Flatten(), nn.Linear(1024, 500), nn.ReLU(), nn.Dropout(0.4), nn.Linear(500, 10)]
    return (3, 32, 32), nn.Sequential(*layers)


def main(name, batch, threads, seconds):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    shape, model = {'mnist_mlp': mnist_mlp, 'cifar_cnn': cifar_cnn}[name]()
    model.train()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)
    x = torch.rand(batch, *shape)
    y = torch.randint(0, 10, (batch,))

    def step():
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    for _ in range(3):
        step()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    print(json.dumps({'version': torch.__version__, 'median_ms': 1e3 * statistics.median(times),
                      'params': sum(p.numel() for p in model.parameters())}))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
