#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the coefficients of kernel_math.hpp where there is no table: lowest power first.

    2^f              for |f| <= 1/2, of degree 6, the first one being 1
    tanh(x) / x - 1  for x^2 <= THRESHOLD^2, as x^2 times a polynomial in x^2

    python3 exp_coefficients.py      (needs numpy)
"""
import numpy as np

from minimax import minimax

THRESHOLD = 0.625


def show(name, coefficients, error):
    text = ", ".join(f"{float(np.float32(c)):.9g}F" for c in coefficients)
    print(f"{name}: {{{text}}}  relative error {error:.1e}")


def powers(x, degrees):
    return np.stack([x**d for d in degrees], axis=1)


def main():
    f = np.cos(np.linspace(0, np.pi, 4001)) * 0.5
    basis = powers(f, range(1, 7))
    found = minimax(basis, np.exp2(f) - 1, np.exp2(-f))
    rounded = np.float32(found).astype(np.float64)
    error = np.abs((basis @ rounded + 1) * np.exp2(-f) - 1).max()
    show("2^f", [1.0, *found], error)

    x = (np.cos(np.linspace(0, np.pi, 4001)) + 1.0001) / 2.0001 * THRESHOLD
    basis = powers(x * x, range(1, 6))
    target = np.tanh(x) / x - 1
    found = minimax(basis, target, x / np.tanh(x))
    rounded = np.float32(found).astype(np.float64)
    error = np.abs((basis @ rounded - target) * x / np.tanh(x)).max()
    show("tanh", found, error)


if __name__ == "__main__":
    main()
