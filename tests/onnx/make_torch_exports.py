#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes torch_exports.safetensors: networks as PyTorch's ONNX exporter writes them, with PyTorch's own results.

Needs Debian 12's python3-torch (1.13) and python3-numpy. Each case NAME is a group of tensors:

  NAME/onnx                 the exported file, as bytes
  NAME/x or NAME/ids        the input, in the file's own order of axes
  NAME/h0, NAME/c0          initial states [L*D, B, H], where the file has inputs for them
  NAME/lengths              sequence lengths [B], likewise
  NAME/y                    the first output
  NAME/hn, NAME/cn          final states [L*D, B, H], where the file has outputs for them

Files with dynamic axes are exported with other numbers of steps and rows than the results are of.
"""

import io
import itertools
import pathlib
import sys
import warnings
import zlib

import torch
from torch import nn
from torch.nn.utils import rnn as packing

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "models"))

import safetensors_writer  # noqa: E402

STEPS, BATCH, INPUTS, HIDDEN, OUTPUTS, SYMBOLS = 5, 2, 3, 4, 6, 11


class Recurrent(nn.Module):
    """The module alone, states in and out as separate tensors."""

    def __init__(self, cell, **options):
        super().__init__()
        self.is_lstm = cell == "LSTM"
        self.rnn = getattr(nn, cell)(**options)

    def forward(self, x, *state):
        if not state:
            y, end = self.rnn(x)
        else:
            y, end = self.rnn(x, state if self.is_lstm else state[0])
        return (y, *end) if self.is_lstm else (y, end)


class Packed(nn.Module):
    def __init__(self, batch_first=False, **options):
        super().__init__()
        self.batch_first = batch_first
        self.rnn = nn.LSTM(INPUTS, HIDDEN, batch_first=batch_first, **options)

    def forward(self, x, lengths):
        packed = packing.pack_padded_sequence(x, lengths, self.batch_first)
        y, (h, c) = self.rnn(packed)
        return packing.pad_packed_sequence(y, self.batch_first)[0], h, c


class Tagger(nn.Module):
    """Embedding, LSTM, linear head and an activation."""

    def __init__(self, tail=None, embedding=True, last=None, head=True, **options):
        super().__init__()
        self.last = last
        self.embedding = nn.Embedding(SYMBOLS, INPUTS) if embedding else None
        self.rnn = nn.LSTM(INPUTS, HIDDEN, batch_first=True, **options)
        width = HIDDEN * (2 if options.get("bidirectional") else 1)
        self.head = nn.Linear(width, OUTPUTS) if head else None
        self.tail = tail
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        if self.embedding is not None:
            x = self.embedding(x)
        y, (h, _) = self.rnn(x)
        if self.last == "output":
            y = y[:, -1]
        elif self.last == "state":
            y = h[-1]
        y = self.drop(y)
        if self.head is not None:
            y = self.head(y)
        return y if self.tail is None else self.tail(y)


class Learned(nn.Module):
    """Starts from states that are parameters."""

    def __init__(self, **options):
        super().__init__()
        self.rnn = nn.LSTM(INPUTS, HIDDEN, **options)
        slots = self.rnn.num_layers * (2 if self.rnn.bidirectional else 1)
        self.h = nn.Parameter(torch.zeros(slots, 1, HIDDEN))
        self.c = nn.Parameter(torch.zeros(slots, 1, HIDDEN))

    def forward(self, x):
        rows = x.shape[0 if self.rnn.batch_first else 1]
        y, (h, c) = self.rnn(x, (self.h.expand(-1, rows, -1), self.c.expand(-1, rows, -1)))
        return y, h, c


TENSORS = {}


def export(name, module, make_inputs, inputs, outputs, dynamic=None, opset=13):
    """Exports `module` with some inputs and stores the file with PyTorch's results for others."""
    module.eval()
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -1, 1)
    file = io.BytesIO()
    example = make_inputs(STEPS, BATCH)
    torch.onnx.export(module, example, file, input_names=inputs, output_names=outputs,
                      dynamic_axes=dynamic, opset_version=opset)
    arguments = make_inputs(STEPS + 2, BATCH + 1) if dynamic else example
    with torch.no_grad():
        results = module(*arguments)
    if not isinstance(results, tuple):
        results = (results,)
    TENSORS[f"{name}/onnx"] = torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8)
    for key, value in zip(inputs + outputs, arguments + results):
        TENSORS[f"{name}/{key}"] = value


def recurrent_cases():
    flags = (False, True)
    for cell, options in (("LSTM", {}), ("GRU", {}), ("RNN", {"nonlinearity": "tanh"}),
                          ("RNN", {"nonlinearity": "relu"})):
        for layers, bidirectional, batch_first, state, dynamic in itertools.product(
                (1, 2), flags, flags, flags, flags):
            name = "_".join([cell.lower(), *options.values(), f"layers{layers}"]
                            + ["bidirectional"] * bidirectional + ["batch_first"] * batch_first
                            + ["state"] * state + ["dynamic"] * dynamic)
            module = Recurrent(cell, input_size=INPUTS, hidden_size=HIDDEN, num_layers=layers,
                               bidirectional=bidirectional, batch_first=batch_first, **options)
            export_recurrent(name, module, layers * (1 + bidirectional), batch_first, state, dynamic)


def export_recurrent(name, module, slots, batch_first=False, state=False, dynamic=False, opset=13):
    torch.manual_seed(zlib.crc32(name.encode()))
    states = ["h0", "c0"][:2 if module.is_lstm else 1] if state else []

    def inputs(steps, batch):
        shape = (batch, steps) if batch_first else (steps, batch)
        h = [torch.rand(slots, batch, module.rnn.hidden_size) - 0.5 for _ in states]
        return (torch.rand(*shape, module.rnn.input_size) - 0.5, *h)

    axes = {"x": {0: "batch", 1: "steps"} if batch_first else {0: "steps", 1: "batch"}}
    axes.update({key: {1: "batch"} for key in states})
    export(name, module, inputs, ["x", *states], ["y", "hn"] + ["cn"] * module.is_lstm,
           axes if dynamic else None, opset)


def projection_is_refused():
    """The combinations have no projection because PyTorch does not export it (nor has ONNX an operator for it)."""
    module = Recurrent("LSTM", input_size=INPUTS, hidden_size=HIDDEN, proj_size=2)
    try:
        torch.onnx.export(module, (torch.rand(STEPS, BATCH, INPUTS),), io.BytesIO())
    except torch.onnx.errors.SymbolicValueError as error:
        assert "projections" in str(error)
        return
    raise AssertionError("PyTorch exports projections now: add them to the combinations")


def other_cases():
    for opset in (9, 11, 14, 16):
        for cell in ("LSTM", "GRU"):
            module = Recurrent(cell, input_size=INPUTS, hidden_size=HIDDEN, num_layers=2,
                               bidirectional=True, batch_first=True)
            export_recurrent(f"{cell.lower()}_opset{opset}", module, 4, True, False, True, opset)
    for cell in ("LSTM", "GRU", "RNN"):
        module = Recurrent(cell, input_size=1, hidden_size=1, num_layers=2, bias=False)
        export_recurrent(f"{cell.lower()}_one_no_bias", module, 2)
        module = Recurrent(cell, input_size=INPUTS, hidden_size=1, bidirectional=True,
                           num_layers=2, dropout=0.5)
        export_recurrent(f"{cell.lower()}_hidden1_dropout", module, 4, dynamic=True)


def tagger_cases():
    def ids(steps, batch):
        return (torch.randint(SYMBOLS, (batch, steps)),)

    def floats(steps, batch):
        return (torch.rand(batch, steps, INPUTS) - 0.5,)

    tails = {"none": None, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu,
             "softmax": nn.Softmax(-1), "log_softmax": nn.LogSoftmax(-1)}
    axes = {0: "batch", 1: "steps"}
    for name, tail in tails.items():
        torch.manual_seed(zlib.crc32(name.encode()))
        export(f"tagger_{name}", Tagger(tail, num_layers=2), ids, ["ids"], ["y"], {"ids": axes})
        export(f"tagger_bidirectional_{name}", Tagger(tail, bidirectional=True), ids, ["ids"],
               ["y"], {"ids": axes})
    for last in ("output", "state"):
        export(f"last_{last}", Tagger(tails["softmax"], False, last, num_layers=2), floats, ["x"],
               ["y"], {"x": axes})
        export(f"last_{last}_alone", Tagger(None, False, last, False), floats, ["x"], ["y"],
               {"x": axes})


def learned_cases():
    for layers, bidirectional, dynamic in itertools.product((1, 2), (False, True), (False, True)):
        name = f"lstm_learned_layers{layers}" + "_bidirectional" * bidirectional
        name += "_dynamic" * dynamic
        torch.manual_seed(zlib.crc32(name.encode()))
        export(name, Learned(num_layers=layers, bidirectional=bidirectional),
               lambda steps, batch: (torch.rand(steps, batch, INPUTS) - 0.5,), ["x"],
               ["y", "hn", "cn"], {"x": {0: "steps", 1: "batch"}} if dynamic else None)


def packed_cases():
    for batch_first in (False, True):
        for bidirectional in (False, True):
            def inputs(steps, batch, batch_first=batch_first):
                shape = (batch, steps) if batch_first else (steps, batch)
                lengths = torch.tensor([steps] + [steps - 2] * (batch - 1))
                return torch.rand(*shape, INPUTS) - 0.5, lengths

            first, second = ("batch", "steps") if batch_first else ("steps", "batch")
            name = "packed" + "_batch_first" * batch_first + "_bidirectional" * bidirectional
            torch.manual_seed(zlib.crc32(name.encode()))
            module = Packed(batch_first, num_layers=2, bidirectional=bidirectional)
            export(name, module, inputs, ["x", "lengths"], ["y", "hn", "cn"],
                   {"x": {0: first, 1: second}, "lengths": {0: "batch"}})


def main():
    warnings.filterwarnings("ignore")
    projection_is_refused()
    recurrent_cases()
    other_cases()
    tagger_cases()
    packed_cases()
    learned_cases()
    arrays = {key: value.detach().contiguous().numpy() for key, value in TENSORS.items()}
    safetensors_writer.save(HERE / "torch_exports.safetensors", arrays,
                            {"torch": torch.__version__})


main()
