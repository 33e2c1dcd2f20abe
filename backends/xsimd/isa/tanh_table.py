#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints kernel_tanh_table.hpp: a piecewise polynomial for tanh on [0, LIMIT].

The 16 pieces are those of the exponent and the first two mantissa bits of y = SCALE |x| + 1/2 in
[1/2, 8), so that a shift of y's bits finds the piece. In piece p

    tanh(a) = c0[p] + t (c1[p] + t (c2[p] + t (c3[p] + t (c4[p] + t c5[p])))),  t = a - center[p].

Piece 0 has center 0 and c0 = 0, which keeps the relative error small down to the smallest float.
Elsewhere the center is the float near the middle whose tanh lies nearest to a float, so that
rounding c0 costs nothing (the idea of Gal's accurate tables).

    python3 tanh_table.py > kernel_tanh_table.hpp      (needs numpy)
"""
import struct

import numpy as np

from minimax import minimax

LIMIT = 9.02  # beyond, tanh rounds to 1
DEGREE = 5
PIECES = 16
SCALE = float(np.float32(7.5 / (LIMIT + 0.01)))


def start_of(piece):
    y = 0.5 * 2 ** (piece // 4) * (1 + piece % 4 / 4)
    return y, (y - 0.5) / SCALE


def index_of(piece):
    """What (bits of y >> 21) mod 16 is in this piece."""
    return struct.unpack("<I", struct.pack("<f", start_of(piece)[0]))[0] >> 21 & 15


def best_center(low, high):
    middle = np.float32((low + high) / 2)
    near = middle + np.arange(-3000, 3001).astype(np.float32) * np.spacing(middle)
    exact = np.tanh(near.astype(np.float64))
    return near[np.argmin(np.abs(exact.astype(np.float32) - exact))]


def fit(piece):
    """center, c0, ..., c5, and the largest relative error before rounding the evaluation."""
    low = start_of(piece)[1]
    high = start_of(piece + 1)[1] if piece + 1 < PIECES else 7.5 / SCALE
    nodes = np.cos(np.pi * (np.arange(2000) + 0.5) / 2000)
    x = np.abs((low + high) / 2 + (high - low) / 2 * nodes * 1.0001)
    center = np.float32(0) if piece == 0 else best_center(low, high)
    t, tanh = x - float(center), np.tanh(x)
    coefficients = [float(np.float32(np.tanh(float(center))))]
    for power in range(1, DEGREE + 1):  # each is rounded before the next ones are fitted
        rest = tanh - sum(c * t**j for j, c in enumerate(coefficients))
        basis = np.stack([t**j for j in range(power, DEGREE + 1)], axis=1)
        coefficients.append(float(np.float32(minimax(basis, rest, 1 / tanh)[0])))
    error = np.abs(sum(c * t**j for j, c in enumerate(coefficients)) / tanh - 1).max()
    return [float(center), *coefficients], error


def main():
    table = np.zeros((DEGREE + 2, PIECES))
    worst = 0.0
    for piece in range(PIECES):
        table[:, index_of(piece)], error = fit(piece)
        worst = max(worst, error)
    print("// SPDX-License-Identifier: Apache-2.0")
    print("#pragma once\n")
    print("// Made by tanh_table.py, which says what it is; relative error of the polynomials")
    print(f"// {worst:.1e}.\n")
    print("namespace carousel::simd {\nnamespace {\n")
    print("// clang-format off")
    print(f"constexpr float kTableLimit = {LIMIT}F;")
    print(f"constexpr float kTableScale = {SCALE:.9g}F;")
    print(f"constexpr int kTableDegree = {DEGREE};")
    print("/// Centers, then the coefficients from the lowest power up.")
    print(f"alignas(64) constexpr float kTanhTable[kTableDegree + 2][{PIECES}] = {{")
    for row in table:
        print("    {" + ", ".join(f"{str(np.float32(v))}F" for v in row) + "},")
    print("};")
    print("// clang-format on\n")
    print("}  // namespace\n}  // namespace carousel::simd")


main()
