# SPDX-License-Identifier: Apache-2.0
"""Weights as Keras has them against Keras's equations."""

import sys
import unittest

import numpy as np

import carousel
import cases

sys.path.insert(0, str(cases.SOURCE / "tests" / "support"))

from keras_cells import gru, lstm  # noqa: E402

STEPS, INPUTS, UNITS = 6, 3, 4
random = np.random.default_rng(1)


def simple_rnn(x, kernel, recurrent, bias, function):
    h, outputs = np.zeros(UNITS), []
    for row in x:
        h = function(row @ kernel + h @ recurrent + bias)
        outputs.append(h)
    return np.array(outputs)


def weights(gates, bias_rows=None, inputs=INPUTS):
    bias = (gates * UNITS,) if bias_rows is None else (bias_rows, gates * UNITS)
    return [cases.uniform(random, inputs, gates * UNITS), cases.uniform(random, UNITS, gates * UNITS),
            cases.uniform(random, *bias)]


class Keras(unittest.TestCase):
    def setUp(self):
        self.x = cases.uniform(random, STEPS, INPUTS)

    def check(self, layers, expected):
        network = carousel.prepare(carousel.from_keras_weights(layers))
        self.assertTrue(network.batch_first)
        y, _ = network(self.x[np.newaxis])
        np.testing.assert_allclose(y[0], expected, rtol=1e-5, atol=1e-6)

    def test_lstm(self):
        arrays = weights(4)
        self.check([("LSTM", arrays)], lstm(self.x, *arrays))
        self.check([("LSTM", arrays[:2])], lstm(self.x, *arrays[:2], 0))

    def test_gru(self):
        after, before = weights(3, 2), weights(3)
        self.check([("GRU", after)], gru(self.x, *after, True))
        self.check([("GRU", before)], gru(self.x, *before, False))

    def test_simple_rnn(self):
        arrays = weights(1)
        self.check([("SimpleRNN", arrays)], simple_rnn(self.x, *arrays, np.tanh))
        self.check([("SimpleRNN", arrays, "relu")], simple_rnn(self.x, *arrays, lambda a: np.maximum(a, 0)))

    def test_bidirectional(self):
        forward, backward = weights(4), weights(4)
        expected = np.concatenate([lstm(self.x, *forward), lstm(self.x[::-1], *backward)[::-1]], axis=1)
        self.check([("LSTM", forward + backward)], expected)

    def test_layers_on_each_other(self):
        first, second = weights(4), weights(3, 2, UNITS)
        dense = [cases.uniform(random, UNITS, 2), cases.uniform(random, 2)]
        logits = gru(lstm(self.x, *first), *second, True) @ dense[0] + dense[1]
        self.check([("LSTM", first), ("GRU", second), ("Dense", dense)], logits)
        exponents = np.exp(logits)
        self.check([("LSTM", first), ("GRU", second), ("Dense", dense, "softmax")],
                   exponents / exponents.sum(-1, keepdims=True))

    def test_embedding(self):
        table, arrays = cases.uniform(random, 10, INPUTS), weights(4)
        network = carousel.prepare(carousel.from_keras_weights([("Embedding", [table]), ("LSTM", arrays)]))
        ids = np.array([[3, 1, 4, 1]])
        np.testing.assert_allclose(network(ids)[0][0], lstm(table[ids[0]], *arrays), rtol=1e-5, atol=1e-6)

    def test_refusals(self):
        for layers, text in (([("Conv1D", [])], "layer 0 is a Conv1D; there are LSTM"),
                             ([("LSTM", weights(3))], r"should be 4 \* 4"),
                             ([("LSTM", weights(4), "relu")], "usual ones"),
                             ([("SimpleRNN", weights(1), "swish")], "no activation 'swish'"),
                             ([("LSTM", weights(4)[:1])], "has 1 arrays"),
                             ([("Dense", [np.zeros(3)])], "expected a kernel")):
            with self.subTest(text), self.assertRaisesRegex(carousel.Error, text):
                carousel.from_keras_weights(layers)
