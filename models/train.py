#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains models/charlm.safetensors, a character-level LSTM language model, and writes its test data.

Needs Debian 12's python3-torch, python3-numpy, bible-kjv and bible-kjv-text (libopenblas0-pthread for speed).
Everything random comes from --seed. Shapes below: T steps, B streams, V symbols.
"""

import argparse
import copy
import ctypes
import json
import math
import os
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import corpus
import safetensors_writer

HERE = pathlib.Path(__file__).resolve().parent
EMBEDDING, HIDDEN, LAYERS = 64, 256, 2
SLICE_CHARS = 4096
LOGIT_STEPS = 512


class CharLM(nn.Module):
    """ids [T, B] -> logits [T, B, V]; the state is PyTorch's (h, c), each [LAYERS, B, HIDDEN]."""

    def __init__(self, symbols):
        super().__init__()
        self.embedding = nn.Embedding(symbols, EMBEDDING)
        self.lstm = nn.LSTM(EMBEDDING, HIDDEN, LAYERS)
        self.head = nn.Linear(HIDDEN, symbols)
        for layer in range(LAYERS):  # start by remembering: forget gate bias 1
            getattr(self.lstm, f"bias_ih_l{layer}").data[HIDDEN : 2 * HIDDEN] = 1.0

    def forward(self, ids, state=None):
        outputs, state = self.lstm(self.embedding(ids), state)
        return self.head(outputs), state


def encode(text, vocabulary):
    """Returns the symbol ids of `text` as an int64 tensor [len(text)]."""
    ids = {symbol: index for index, symbol in enumerate(vocabulary)}
    return torch.tensor([ids[symbol] for symbol in text])


@torch.no_grad()
def bits_per_char(model, ids, chunk=1024):
    """Mean -log2 p(ids[t+1] | ids[0..t]) in one pass from the zero state; `ids` is [N]."""
    total, state = 0.0, None
    for begin in range(0, len(ids) - 1, chunk):
        end = min(begin + chunk, len(ids) - 1)
        logits, state = model(ids[begin:end, None], state)
        targets = ids[begin + 1 : end + 1]
        total += functional.cross_entropy(logits[:, 0].double(), targets, reduction="sum").item()
    return total / (len(ids) - 1) / math.log(2)


def batches(ids, args, generator):
    """Yields (ids [T, B], next ids [T, B], whether an epoch starts) for args.epochs passes over `ids` [N].

    Each epoch cuts the text, rotated by a random amount, into B contiguous streams.
    """
    for _ in range(args.epochs):
        offset = int(torch.randint(len(ids), (1,), generator=generator))
        length = len(ids) // args.batch
        streams = torch.roll(ids, -offset)[: length * args.batch].view(args.batch, length).t().contiguous()
        for begin in range(0, length - args.steps, args.steps):
            end = begin + args.steps
            yield streams[begin:end], streams[begin + 1 : end + 1], begin == 0


def updates_in(characters, args):
    """The number of items that batches() yields."""
    return args.epochs * len(range(0, characters // args.batch - args.steps, args.steps))


def rate_at(update, total, args):
    """Linear warm-up, then a cosine from args.rate down to 1 % of it."""
    if update < args.warmup:
        return args.rate * (update + 1) / args.warmup
    progress = (update - args.warmup) / max(1, total - args.warmup)
    return args.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


@torch.no_grad()
def follow(average, model, update):
    """Moves the averaged weights towards the current ones (exponential mean, shorter at the start)."""
    decay = min(0.998, (1 + update) / (10 + update))
    for mean, value in zip(average.parameters(), model.parameters()):
        mean.lerp_(value, 1 - decay)


def train(model, ids, validation, args):
    """Trains `model` on `ids` [N] by truncated BPTT with carried state; returns the averaged model."""
    average = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters())
    generator = torch.Generator().manual_seed(args.seed)
    total, state, started, smoothed = updates_in(len(ids), args), None, time.monotonic(), None
    for update, (inputs, targets, first) in enumerate(batches(ids, args, generator)):
        state = None if first else tuple(part.detach() for part in state)
        optimizer.param_groups[0]["lr"] = rate_at(update, total, args)
        optimizer.zero_grad(set_to_none=True)
        logits, state = model(inputs, state)
        loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        optimizer.step()
        follow(average, model, update)
        bits = loss.item() / math.log(2)
        smoothed = bits if smoothed is None else 0.98 * smoothed + 0.02 * bits
        if (update + 1) % args.report == 0 or update + 1 == total:
            minutes = (time.monotonic() - started) / 60
            print(
                f"{update + 1}/{total} updates, {minutes:.1f} min, training {smoothed:.3f}, "
                f"validation {bits_per_char(average, validation):.3f} bits/char",
                flush=True,
            )
    return average


def save_model(model, vocabulary, heldout_bits, slice_bits, path):
    """Writes the weights as float32 safetensors with the vocabulary and the results as metadata."""
    tensors = {name: value.numpy().astype("<f4") for name, value in model.state_dict().items()}
    metadata = {
        "carousel.bits_per_char": f"{heldout_bits:.6f}",
        "carousel.heldout_slice_bits_per_char": f"{slice_bits:.6f}",
        "carousel.trained_by": "models/train.py",
        "carousel.vocab": json.dumps(vocabulary, separators=(",", ":")),
        "format": "pt",
    }
    safetensors_writer.save(path, tensors, metadata)


@torch.no_grad()
def save_test_data(model, text, ids, directory):
    """Writes the held-out slice as text and the logits [LOGIT_STEPS, V] of its first characters, from zero state."""
    safetensors_writer.write_atomically(directory / "heldout.txt", text[:SLICE_CHARS].encode("ascii"))
    logits, _ = model(ids[:LOGIT_STEPS, None])
    partial = directory / "heldout_logits.partial.npy"
    np.save(partial, logits[:, 0].numpy().astype("<f4"))
    os.replace(partial, directory / "heldout_logits.npy")


@torch.no_grad()
def sample(model, vocabulary, prompt, characters, seed, temperature=0.7):
    """Returns `prompt` continued by `characters` symbols drawn from the model."""
    generator = torch.Generator().manual_seed(seed)
    text, state, inputs = prompt, None, encode(prompt, vocabulary)
    for _ in range(characters):
        logits, state = model(inputs[:, None], state)
        weights = torch.softmax(logits[-1, 0] / temperature, dim=0)
        inputs = torch.multinomial(weights, 1, generator=generator)
        text += vocabulary[int(inputs)]
    return text


def keep_freed_memory():
    """Stops glibc from returning each step's buffers to the kernel, which halves the speed of training."""
    mmap_max, trim_threshold, top_pad = -4, -1, -2
    libc = ctypes.CDLL(None)
    libc.mallopt(mmap_max, 0)
    libc.mallopt(trim_threshold, 2**31 - 1)
    libc.mallopt(top_pad, 1 << 28)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=4, help="passes over the training text (default %(default)s)")
    parser.add_argument("--batch", type=int, default=64, help="parallel streams B (default %(default)s)")
    parser.add_argument("--steps", type=int, default=96, help="BPTT steps T (default %(default)s)")
    parser.add_argument("--rate", type=float, default=4e-3, help="peak Adam step size (default %(default)s)")
    parser.add_argument("--warmup", type=int, default=150, help="warm-up updates (default %(default)s)")
    parser.add_argument("--clip", type=float, default=1.0, help="gradient norm limit (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1997, help="seed of everything random (default %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads; one is fastest here (default %(default)s)")
    parser.add_argument("--report", type=int, default=100, help="updates between reports (default %(default)s)")
    parser.add_argument("--output", type=pathlib.Path, default=HERE, help="folder for the files (default: this one)")
    return parser.parse_args()


def main():
    args = parse_arguments()
    keep_freed_memory()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    training, validation, held_out = corpus.load()
    vocabulary = sorted(set(training))
    print(f"{len(training)} training characters, {len(held_out)} held out, {len(vocabulary)} symbols", flush=True)
    model = CharLM(len(vocabulary))
    print(f"{sum(value.numel() for value in model.parameters())} parameters", flush=True)
    model = train(model, encode(training, vocabulary), encode(validation, vocabulary), args)

    held_out_ids = encode(held_out, vocabulary)
    heldout_bits = bits_per_char(model, held_out_ids)
    slice_bits = bits_per_char(model, held_out_ids[:SLICE_CHARS])
    save_model(model, vocabulary, heldout_bits, slice_bits, args.output / "charlm.safetensors")
    save_test_data(model, held_out, held_out_ids, args.output)
    print(f"held out {heldout_bits:.4f} bits/char, its first {SLICE_CHARS} characters {slice_bits:.4f}")
    print(sample(model, vocabulary, "And it came to pass", 800, args.seed))


if __name__ == "__main__":
    main()
