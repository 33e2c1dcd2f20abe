#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains amp.safetensors: an LSTM that imitates a device from a recording of its input and output.

Needs PyTorch and NumPy (Debian: python3-torch, python3-numpy). 16-bit mono WAV files of one rate:

    train.py DRY.wav WET.wav amp.safetensors --minutes 10

Shapes: T steps, B streams.
"""

import argparse
import pathlib
import sys
import time
import wave

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models"))
import safetensors_writer  # noqa: E402


class Amp(nn.Module):
    """x [T, B, 1] -> y [T, B, 1]."""

    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x, state=None):
        h, state = self.lstm(x, state)
        return self.head(h), state


def read_wav(path):
    """Returns the samples as float32 [N] in [-1, 1), and the rate."""
    with wave.open(path, "rb") as file:
        if file.getsampwidth() != 2 or file.getnchannels() != 1:
            raise SystemExit(f"{path}: must be 16-bit mono")
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return data.astype(np.float32) / 32768, file.getframerate()


def streams(samples, count):
    """Cuts [N] into [T, count, 1]."""
    length = len(samples) // count
    return torch.from_numpy(samples[: length * count].reshape(count, length).T[:, :, None].copy())


def error_to_signal(y, target, emphasis=0.0):
    """Energy of the error as a share of the energy of the target; the highs emphasized for training."""
    if emphasis:
        y, target = y[1:] - emphasis * y[:-1], target[1:] - emphasis * target[:-1]
    return ((target - y) ** 2).sum() / ((target**2).sum() + 1e-5)


def train(model, dry, wet, args):
    """Truncated BPTT with carried state until the time is over; the rate falls with time."""
    optimizer = torch.optim.Adam(model.parameters(), lr=args.rate)
    start, update, recent = time.monotonic(), 0, 1.0
    while True:
        # A random rotation each time, so that pieces do not always begin at the same places.
        offset = int(torch.randint(len(dry), (1,)))
        x, target, state = torch.roll(dry, offset, 0), torch.roll(wet, offset, 0), None
        with torch.no_grad():
            _, state = model(x[: args.steps], state)
        for begin in range(args.steps, len(x) - args.steps, args.steps):
            used = (time.monotonic() - start) / 60 / args.minutes
            if used >= 1:
                return update
            optimizer.param_groups[0]["lr"] = args.rate * (0.01 + 0.99 * (1 - used))
            y, state = model(x[begin : begin + args.steps], state)
            state = tuple(part.detach() for part in state)
            piece = target[begin : begin + args.steps]
            loss = error_to_signal(y, piece, 0.85) + error_to_signal(y, piece)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            recent = 0.98 * recent + 0.02 * loss.item()
            update += 1
            if update % 100 == 0:
                print(f"{100 * used:.0f} %, {update} updates, loss {recent:.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dry")
    parser.add_argument("wet")
    parser.add_argument("output")
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--steps", type=int, default=512)
    parser.add_argument("--rate", type=float, default=0.005)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    (dry, rate), (wet, wet_rate) = read_wav(args.dry), read_wav(args.wet)
    if rate != wet_rate or len(dry) != len(wet):
        raise SystemExit("the two files must have the same rate and length")
    model = Amp(args.hidden)
    updates = train(model, streams(dry, args.streams), streams(wet, args.streams), args)
    tensors = {name: value.numpy() for name, value in model.state_dict().items()}
    safetensors_writer.save(args.output, tensors, {"sample_rate": str(rate), "format": "pt"})
    print(f"{args.output}: {updates} updates")


if __name__ == "__main__":
    main()
