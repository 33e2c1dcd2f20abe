#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small forecaster in PyTorch and writes what the C++ program needs to run and compare it.

    train.py FOLDER      writes forecast.safetensors, x.npy and PyTorch's answer y.npy

Needs PyTorch and NumPy; the package `safetensors` is used where it is installed. Shapes: T steps, B series.
"""

import argparse
import pathlib
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Forecast(nn.Module):
    """x [T, B, 1] -> a forecast of the next value at each step [T, B, 1]."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(input_size=1, hidden_size=24, num_layers=2)
        self.head = nn.Linear(24, 1)

    def forward(self, x):
        return self.head(self.lstm(x)[0])


def series(steps, batch):
    """Sums of two sines of random frequency and phase, with a little noise: [T + 1, B, 1]."""
    t = torch.arange(steps + 1.0)[:, None]
    frequency, phase = 0.05 + 0.3 * torch.rand(2, batch), 6.28 * torch.rand(2, batch)
    waves = torch.sin(t * frequency[0] + phase[0]) + 0.5 * torch.sin(t * frequency[1] + phase[1])
    return (waves + 0.02 * torch.randn(steps + 1, batch))[:, :, None]


def save(model, path):
    """A state_dict as safetensors is all that Carousel needs."""
    tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
    try:
        from safetensors.torch import save_file
    except ImportError:  # Debian has no such package; the project's own writer does as well
        sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models"))
        import safetensors_writer

        safetensors_writer.save(path, {name: value.numpy() for name, value in tensors.items()}, {"format": "pt"})
    else:
        save_file(tensors, path, {"format": "pt"})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--updates", type=int, default=300)
    args = parser.parse_args()

    torch.manual_seed(1)
    model = Forecast()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for update in range(args.updates):
        values = series(64, 32)
        loss = functional.mse_loss(model(values[:-1]), values[1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (update + 1) % 100 == 0:
            print(f"{update + 1} updates, mean squared error {loss.item():.5f}", flush=True)

    x = series(48, 3)[:-1].contiguous()
    with torch.no_grad():
        y = model(x)
    args.folder.mkdir(parents=True, exist_ok=True)
    save(model, str(args.folder / "forecast.safetensors"))
    np.save(args.folder / "x.npy", x.numpy())
    np.save(args.folder / "y.npy", y.numpy())


if __name__ == "__main__":
    main()
