#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# %% [markdown]
# # What the gates of a language model do while it reads
# `# %%` starts a cell where editors know cells (Jupyter, VS Code, Spyder); as a script it runs from top to bottom:
#
#     PYTHONPATH=build/release/python examples/python-gates/gates.py models/charlm.safetensors --picture gates.png
#
# matplotlib (python3-matplotlib) draws the picture; without it the figures are printed.

# %% The model, and a text for it
import argparse

import numpy as np

import carousel

arguments = argparse.ArgumentParser(description="What the gates of a language model do while it reads.")
arguments.add_argument("model", help="a safetensors file with a vocabulary")
arguments.add_argument("--text", default="In the beginning God created the heaven and the earth. And the earth was")
arguments.add_argument("--layer", default=None, help="the name of a layer (default: the last one)")
arguments.add_argument("--picture", default="gates.png")
given = arguments.parse_args()
model = carousel.load(given.model)

# %% Which characters the model expects: a call gives the logits of the next one at every step
network = carousel.prepare(model)
ids = carousel.encode(model, given.text)
logits, _ = network(ids)  # [steps, ids]
logits = logits.astype(np.float64)
log_probabilities = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
bits = -log_probabilities[np.arange(len(ids) - 1), ids[1:]] / np.log(2)
print(f"{given.text!r}: {bits.mean():.2f} bits for each character")

# %% What happened inside: every gate and state of every layer, [steps, units]
traced = carousel.trace(model, given.text)
layer = traced[given.layer] if given.layer else traced.layers[-1]
print(traced)

# %% The units that remember longest: -1 / mean(ln f) steps until 1/e of the state is left
kept = layer["f"]
memory = -1 / np.log(kept).mean(0)
for unit in np.argsort(memory)[::-1][:5]:
    print(f"{layer.name} unit {unit}: {kept[:, unit].mean():.3f} kept at a step, 1/e after {memory[unit]:.0f} steps")


# %% The picture: what is kept, what comes out, and what surprised the model
def draw(file):
    """Heat maps over the text of the forget gate and the output, and bits for each character."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    steps = len(traced.symbols)
    figure, (top, middle, bottom) = pyplot.subplots(3, 1, figsize=(0.16 * steps + 2, 8), sharex=True,
                                                    height_ratios=(3, 3, 1.5), layout="constrained")
    units = layer.shown  # of all kinds, from long memories to short ones
    for axes, key, limits, colours in ((top, "f", (0, 1), "viridis"), (middle, "h", (-1, 1), "RdBu")):
        image = axes.imshow(layer[key][:, units].T, aspect="auto", interpolation="nearest", cmap=colours,
                            vmin=limits[0], vmax=limits[1])
        axes.set_title(f"{layer.signals[key].title} {key} of {layer.name}, the longest memories on top", loc="left")
        axes.set_yticks(range(len(units)), units, fontsize=6)
        axes.set_ylabel("unit")
        figure.colorbar(image, ax=axes, pad=0.01)
    bottom.bar(np.arange(1, steps), bits, color="tab:gray")
    bottom.set_title("how hard each character was to foresee", loc="left")
    bottom.set_ylabel("bits")
    bottom.set_xticks(range(steps), [symbol if symbol != " " else "␣" for symbol in traced.symbols], fontsize=7)
    figure.savefig(file, dpi=120)


try:
    draw(given.picture)
    print(f"written: {given.picture}")
except ImportError:
    print("no picture: it needs matplotlib (python3-matplotlib)")
