# SPDX-License-Identifier: Apache-2.0
"""Keras's recurrent layers as NumPy equations: what its weights have to compute. x: [steps, inputs]."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def lstm(x, kernel, recurrent, bias):
    """keras/src/layers/rnn/lstm.py: gates i, f, c, o."""
    h, c, outputs = np.zeros(len(recurrent)), np.zeros(len(recurrent)), []
    for row in x:
        i, f, candidate, o = np.split(row @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(candidate)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.array(outputs)


def gru(x, kernel, recurrent, bias, reset_after=True):
    """keras/src/layers/rnn/gru.py: gates z, r, h."""
    outer, inner = bias if reset_after else (bias, np.zeros_like(bias))
    units, outputs = len(recurrent), []
    h = np.zeros(units)
    for row in x:
        xz, xr, xh = np.split(row @ kernel + outer, 3)
        hz, hr, hh = np.split(h @ recurrent + inner, 3)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        inside = r * hh if reset_after else (r * h) @ recurrent[:, 2 * units:]
        h = z * h + (1 - z) * np.tanh(xh + inside)
        outputs.append(h)
    return np.array(outputs)
