#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the golden cases: small recurrent networks with PyTorch's own results, one safetensors file each.

Needs Debian 12's python3-torch and python3-numpy. README.md beside this file describes the format.
Shapes: T steps, B rows, I inputs, L layers, D directions, P outputs per direction (proj_size or hidden_size).
"""

import argparse
import dataclasses
import pathlib
import sys
import zlib

import torch
from torch import nn
from torch.nn.utils import rnn as packing

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "models"))

import safetensors_writer  # noqa: E402

PADDING = 1000.0  # x past the end of a sequence; reading it shows in every result


@dataclasses.dataclass(frozen=True)
class Case:
    """One golden case. `state`: h0 (and c0) given; `gain` scales PyTorch's initial weights."""

    name: str
    input_size: int
    hidden_size: int
    cell: str = "lstm"
    steps: int = 7
    batch: int = 3
    num_layers: int = 1
    bidirectional: bool = False
    proj_size: int = 0
    bias: bool = True
    batch_first: bool = False
    unbatched: bool = False
    state: bool = False
    lengths: tuple = ()
    chunks: tuple = ()
    gain: float = 2.0

    @property
    def seed(self):
        return zlib.crc32(self.name.encode()) & 0x7FFFFFFF


CASES = [
    Case("lstm_1_1_single_step", 1, 1, steps=1, batch=1),
    Case("lstm_1_1", 1, 1),
    Case("lstm_3_5", 3, 5),
    Case("lstm_17_31", 17, 31, steps=9, batch=4),
    Case("lstm_33_15", 33, 15, steps=9, batch=2),
    Case("lstm_7_100", 7, 100, steps=12, batch=2),
    Case("lstm_batch_17", 5, 8, steps=4, batch=17),
    Case("lstm_long", 2, 7, steps=200, batch=1),
    Case("lstm_layers_2", 3, 5, num_layers=2),
    Case("lstm_layers_3", 4, 9, num_layers=3),
    Case("lstm_bidirectional", 3, 5, bidirectional=True),
    Case("lstm_bidirectional_layers_2", 3, 5, bidirectional=True, num_layers=2),
    Case("lstm_bidirectional_layers_3", 1, 3, bidirectional=True, num_layers=3),
    Case("lstm_proj", 5, 9, proj_size=4),
    Case("lstm_proj_1", 3, 7, proj_size=1, num_layers=2),
    Case("lstm_proj_bidirectional_layers_2", 3, 7, proj_size=3, bidirectional=True, num_layers=2),
    Case("lstm_no_bias", 3, 5, bias=False),
    Case("lstm_no_bias_bidirectional_layers_2", 3, 5, bias=False, bidirectional=True, num_layers=2),
    Case("lstm_no_bias_proj", 4, 6, bias=False, proj_size=5),
    Case("lstm_batch_first", 3, 5, batch_first=True),
    Case("lstm_batch_first_bidirectional_layers_2", 3, 5, batch_first=True, bidirectional=True, num_layers=2),
    Case("lstm_unbatched", 3, 5, unbatched=True),
    Case("lstm_unbatched_batch_first_state", 3, 5, unbatched=True, batch_first=True, state=True),
    Case("lstm_unbatched_bidirectional_proj", 3, 5, unbatched=True, bidirectional=True, proj_size=2),
    Case("lstm_state", 3, 5, state=True),
    Case("lstm_state_bidirectional_layers_2", 3, 5, state=True, bidirectional=True, num_layers=2),
    Case("lstm_state_proj_batch_first", 3, 7, state=True, proj_size=4, num_layers=2, batch_first=True),
    Case("lstm_state_single_step", 17, 15, state=True, steps=1, batch=1),
    Case("lstm_packed_sorted", 3, 5, batch=4, lengths=(7, 5, 5, 1)),
    Case("lstm_packed_unsorted", 3, 5, batch=4, lengths=(2, 7, 1, 4)),
    Case("lstm_packed_all_shorter_than_padding", 3, 5, steps=9, lengths=(3, 6, 4)),
    Case("lstm_packed_state_layers_2", 3, 5, state=True, num_layers=2, lengths=(4, 7, 2)),
    Case("lstm_packed_batch_first", 3, 5, batch_first=True, batch=4, lengths=(1, 3, 7, 6)),
    Case("lstm_packed_bidirectional_sorted", 3, 5, bidirectional=True, lengths=(7, 3, 2)),
    Case("lstm_packed_bidirectional_layers_2", 3, 5, bidirectional=True, num_layers=2, lengths=(2, 6, 4)),
    Case("lstm_packed_bidirectional_state", 3, 5, bidirectional=True, state=True, lengths=(1, 7, 5)),
    Case(
        "lstm_packed_bidirectional_proj_layers_2",
        3, 7, bidirectional=True, proj_size=4, num_layers=2, state=True, batch=5, steps=8, lengths=(3, 7, 1, 7, 2),
    ),
    Case("lstm_saturating", 5, 9, steps=12, gain=12.0),
    Case("lstm_saturating_bidirectional_layers_2", 3, 7, gain=12.0, bidirectional=True, num_layers=2),
    Case("lstm_streaming", 3, 5, steps=11, chunks=(1, 1, 4, 2, 3)),
    Case("lstm_streaming_proj_layers_3_state", 3, 7, steps=11, num_layers=3, proj_size=4, state=True, chunks=(5, 1, 5)),
    Case("gru_1_1_single_step", 1, 1, "gru", steps=1, batch=1),
    Case("gru_3_5", 3, 5, "gru"),
    Case("gru_17_31", 17, 31, "gru", batch=2),
    Case("gru_bidirectional_layers_2", 3, 5, "gru", bidirectional=True, num_layers=2),
    Case("gru_no_bias", 3, 5, "gru", bias=False),
    Case("gru_batch_first_state", 3, 5, "gru", batch_first=True, state=True),
    Case("gru_unbatched", 3, 5, "gru", unbatched=True),
    Case("gru_packed_bidirectional_state", 3, 5, "gru", bidirectional=True, state=True, lengths=(2, 6, 4)),
    Case("gru_saturating", 5, 9, "gru", gain=12.0),
    Case("gru_streaming_layers_2", 3, 5, "gru", steps=11, num_layers=2, chunks=(1, 6, 4)),
]
for _cell in ("rnn_tanh", "rnn_relu"):
    CASES += [
        Case(f"{_cell}_3_5", 3, 5, _cell),
        Case(f"{_cell}_17_31", 17, 31, _cell, batch=2),
        Case(f"{_cell}_bidirectional_layers_2_state", 3, 5, _cell, bidirectional=True, num_layers=2, state=True),
        Case(f"{_cell}_no_bias_batch_first", 3, 5, _cell, bias=False, batch_first=True),
        Case(f"{_cell}_unbatched", 3, 5, _cell, unbatched=True),
        Case(f"{_cell}_packed_bidirectional", 3, 5, _cell, bidirectional=True, lengths=(2, 6, 4)),
    ]


def build(case):
    """Returns the PyTorch module of `case`, its weights scaled by case.gain."""
    options = {
        "num_layers": case.num_layers,
        "bidirectional": case.bidirectional,
        "bias": case.bias,
        "batch_first": case.batch_first,
    }
    if case.cell == "lstm":
        module = nn.LSTM(case.input_size, case.hidden_size, proj_size=case.proj_size, **options)
    elif case.cell == "gru":
        module = nn.GRU(case.input_size, case.hidden_size, **options)
    else:
        nonlinearity = case.cell.removeprefix("rnn_")
        module = nn.RNN(case.input_size, case.hidden_size, nonlinearity=nonlinearity, **options)
    for parameter in module.parameters():
        parameter.data.mul_(case.gain)
    return module


def make_input(case):
    """Returns x: [T, B, I], [B, T, I] for batch_first or [T, I] for unbatched, PADDING past each length."""
    if case.unbatched:
        return torch.randn(case.steps, case.input_size)
    x = torch.randn(case.steps, case.batch, case.input_size)
    for row, length in enumerate(case.lengths):
        x[length:, row] = PADDING
    return x.transpose(0, 1).contiguous() if case.batch_first else x


def make_state(case):
    """Returns {"h0": [L*D, B, P], "c0": [L*D, B, H]} (no B for unbatched; c0 for LSTM), empty unless case.state."""
    if not case.state:
        return {}
    rows = [] if case.unbatched else [case.batch]
    lead = [case.num_layers * (2 if case.bidirectional else 1), *rows]
    state = {"h0": torch.rand(*lead, case.proj_size or case.hidden_size) * 2 - 1}
    if case.cell == "lstm":
        state["c0"] = torch.rand(*lead, case.hidden_size) * 4 - 2
    return state


def call(module, x, state):
    """Runs `module` and returns (y, {"h_n": ..., "c_n": ... for LSTM}); `state` may be empty."""
    if isinstance(module, nn.LSTM):
        y, (h_n, c_n) = module(x, (state["h0"], state["c0"]) if state else None)
        return y, {"h_n": h_n, "c_n": c_n}
    y, h_n = module(x, state.get("h0"))
    return y, {"h_n": h_n}


def run(case, module, x, state):
    """Runs the case as a user of PyTorch would; packs x if the case has lengths. y is zero past each length."""
    if not case.lengths:
        return call(module, x, state)
    is_sorted = list(case.lengths) == sorted(case.lengths, reverse=True)
    packed = packing.pack_padded_sequence(x, case.lengths, case.batch_first, enforce_sorted=is_sorted)
    packed_y, final = call(module, packed, state)
    y, _ = packing.pad_packed_sequence(packed_y, case.batch_first, total_length=case.steps)
    return y, final


def expect_close(case, what, actual, expected):
    """Stops with a message unless the tensors agree to float32 rounding."""
    if not torch.allclose(actual, expected, rtol=1e-5, atol=5e-6):
        worst = (actual - expected).abs().max().item()
        raise SystemExit(f"{case.name}: {what} differs by {worst:g}")


def check_rows(case, module, x, state, y, final):
    """Every row, run alone in float64 and cut to its length, gives the same y, h_n and c_n; y is zero after it."""
    if case.unbatched:
        x, y = x.unsqueeze(1), y.unsqueeze(1)
        state, final = ({k: v.unsqueeze(1) for k, v in part.items()} for part in (state, final))
    elif case.batch_first:
        x, y = x.transpose(0, 1), y.transpose(0, 1)
    alone = build(dataclasses.replace(case, batch_first=False)).double()
    alone.load_state_dict(module.state_dict())
    for row, length in enumerate(case.lengths or [case.steps] * x.shape[1]):
        cut = slice(row, row + 1)
        row_state = {name: value[:, cut].double() for name, value in state.items()}
        row_y, row_final = call(alone, x[:length, cut].double(), row_state)
        expect_close(case, f"y of row {row}", y[:length, cut].double(), row_y)
        for name, value in row_final.items():
            expect_close(case, f"{name} of row {row}", final[name][:, cut].double(), value)
        if y[length:, row].any():
            raise SystemExit(f"{case.name}: y of row {row} is not zero past its end")


def check_chunks(case, module, x, state, y, final):
    """Feeding the chunks one after another with carried state gives the same y and final state."""
    parts, carried = [], state
    for part in torch.split(x, case.chunks):
        part_y, part_final = call(module, part, carried)
        parts.append(part_y)
        carried = {"h0": part_final["h_n"], "c0": part_final.get("c_n")}
    expect_close(case, "y in chunks", torch.cat(parts), y)
    for name, value in final.items():
        expect_close(case, f"{name} in chunks", part_final[name], value)


def metadata_of(case):
    """Returns the case as safetensors metadata (all strings, booleans as 0 or 1)."""
    sizes = ("input_size", "hidden_size", "num_layers", "proj_size")
    flags = ("bidirectional", "bias", "batch_first", "unbatched")
    metadata = {name: str(int(getattr(case, name))) for name in sizes + flags}
    metadata.update(case=case.name, cell=case.cell, seed=str(case.seed), torch_version=str(torch.__version__))
    if case.chunks:
        metadata["chunks"] = ",".join(map(str, case.chunks))
    return metadata


@torch.no_grad()
def write(case, directory):
    """Makes, checks and writes one case as `directory`/<name>.safetensors."""
    torch.manual_seed(case.seed)
    module, x, state = build(case), make_input(case), make_state(case)
    y, final = run(case, module, x, state)
    check_rows(case, module, x, state, y, final)
    if case.chunks:
        check_chunks(case, module, x, state, y, final)
    tensors = {f"rnn.{name}": value for name, value in module.state_dict().items()}
    tensors.update(x=x, y=y, **state, **final)
    if case.lengths:
        tensors["lengths"] = torch.tensor(case.lengths)
    arrays = {name: value.numpy() for name, value in tensors.items()}
    safetensors_writer.save(directory / f"{case.name}.safetensors", arrays, metadata_of(case))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=HERE, help="folder for the files (default: this one)")
    directory = parser.parse_args().output
    torch.set_num_threads(1)
    for case in CASES:
        write(case, directory)
    print(f"{len(CASES)} cases written")


if __name__ == "__main__":
    main()
