# SPDX-License-Identifier: Apache-2.0
"""Fits polynomials; used by tanh_table.py and exp_coefficients.py (needs numpy)."""
import numpy as np


def minimax(basis, target, weight):
    """Coefficients of the least largest weighted error, by reweighted least squares."""
    importance = np.ones(len(target))
    best, least = None, np.inf
    for _ in range(60):
        w = np.sqrt(importance) * weight
        solution = np.linalg.lstsq(basis * w[:, None], target * w, rcond=None)[0]
        error = np.abs((basis @ solution - target) * weight)
        if error.max() < least:
            best, least = solution, error.max()
        importance *= error / error.max() + 1e-3
        importance /= importance.mean()
    return best
