#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains words.safetensors, a bidirectional LSTM that finds the words in English written without spaces.

Needs Debian's python3-torch, python3-numpy, bible-kjv and bible-kjv-text (the text of models/corpus.py).
Shapes: T characters, B lines, V letters. Output per character: the scores of "a word ends here" being no and yes.
"""

import argparse
import pathlib
import sys
import time

import torch
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "models"))
import corpus  # noqa: E402
import safetensors_writer  # noqa: E402

LETTERS = "abcdefghijklmnopqrstuvwxyz'"


class Tagger(nn.Module):
    """ids [T, B] -> scores [T, B, 2]."""

    def __init__(self, hidden):
        super().__init__()
        self.embedding = nn.Embedding(len(LETTERS), 16)
        self.lstm = nn.LSTM(16, hidden, bidirectional=True)
        self.head = nn.Linear(2 * hidden, 2)

    def forward(self, ids):
        return self.head(self.lstm(self.embedding(ids))[0])


def letters_and_ends(text):
    """Returns ids and whether a word ends, int64 tensors of the number of letters in `text`."""
    ids, ends = [], []
    for word in text.lower().split():
        letters = [LETTERS.index(letter) for letter in word if letter in LETTERS]
        ids += letters
        ends += [0] * (len(letters) - 1) + [1] * bool(letters)
    return torch.tensor(ids), torch.tensor(ends)


def windows(count, args):
    """Random indices [T, B] of args.batch stretches of args.length letters."""
    starts = torch.randint(count - args.length, (args.batch,))
    return starts[None, :] + torch.arange(args.length)[:, None]


@torch.no_grad()
def f1(model, text):
    """Harmonic mean of precision and recall of the words' ends, line by line."""
    hits = found = real = 0
    for line in text.splitlines():
        ids, ends = letters_and_ends(line)
        if len(ids):
            guess = model(ids[:, None])[:, 0].argmax(1)
            hits, found, real = hits + int((guess & ends).sum()), found + int(guess.sum()), real + int(ends.sum())
    return 2 * hits / (found + real)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default=str(HERE / "words.safetensors"))
    parser.add_argument("--hidden", type=int, default=48)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.006)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    training, _, held_out = corpus.load()
    ids, ends = letters_and_ends(training)
    model = Tagger(args.hidden)
    optimizer = torch.optim.Adam(model.parameters())
    start, update, recent = time.monotonic(), 0, 1.0
    while (used := (time.monotonic() - start) / 60 / args.minutes) < 1:
        optimizer.param_groups[0]["lr"] = args.rate * (0.01 + 0.99 * (1 - used))
        where = windows(len(ids), args)
        scores = model(ids[where])
        loss = functional.cross_entropy(scores.flatten(0, 1), ends[where].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        recent = 0.98 * recent + 0.02 * loss.item()
        update += 1
        if update % 200 == 0:
            print(f"{100 * used:.0f} %, {update} updates, loss {recent:.4f}", flush=True)

    result = f1(model, held_out)
    tensors = {name: value.numpy() for name, value in model.state_dict().items()}
    safetensors_writer.save(args.output, tensors, {"letters": LETTERS, "f1": f"{result:.4f}", "format": "pt"})
    print(f"{args.output}: {update} updates, F1 of word ends in {corpus.HELD_OUT}: {result:.4f}")


if __name__ == "__main__":
    main()
