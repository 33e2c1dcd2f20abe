# SPDX-License-Identifier: Apache-2.0
"""Streams: states in place, outputs into arrays of the caller."""

import gc
import unittest

import numpy as np

import carousel
import cases


class Streams(unittest.TestCase):
    def setUp(self):
        self.network = cases.lstm(layers=2)
        self.x = cases.sequence(9, 2, 3)
        self.y, self.state = self.network(self.x)
        self.stream = self.network.stream(batch=2)

    def test_state_is_carried(self):
        pieces = [self.stream(self.x[first:first + 2]) for first in range(0, 9, 2)]
        np.testing.assert_array_equal(np.concatenate(pieces), self.y)
        np.testing.assert_array_equal(self.stream.state[1], self.state[1])

    def test_reset(self):
        self.stream(self.x)
        self.stream.reset()
        np.testing.assert_array_equal(self.stream(self.x), self.y)
        self.stream.state = None
        np.testing.assert_array_equal(self.stream(self.x), self.y)

    def test_states_are_views(self):
        views, (h, c) = self.stream.states, self.stream.state
        self.assertEqual(list(views), ["l0:h", "l0:c", "l1:h", "l1:c"])
        self.stream(self.x)
        np.testing.assert_array_equal(h, self.state[0])
        np.testing.assert_array_equal(views["l1:c"], c[1])
        self.assertTrue(np.shares_memory(views["l1:c"], c))
        views["l1:c"][:] = 0
        np.testing.assert_array_equal(c[1], 0)
        h[:] = c[:] = 0
        np.testing.assert_array_equal(self.stream(self.x), self.y)

    def test_views_outlive_their_stream(self):
        self.stream(self.x)
        h, c = self.stream.state
        del self.stream, self.network
        gc.collect()
        np.testing.assert_array_equal(h, self.state[0])

    def test_out(self):
        out = np.full((9, 2, 5), np.nan, np.float32)
        self.assertIs(self.stream(self.x, out=out), out)
        np.testing.assert_array_equal(out, self.y)
        wide = np.full((9, 4, 10), 7, np.float32)
        self.stream.reset()
        self.stream(self.x, out=wide[:, ::2, :5])
        np.testing.assert_array_equal(wide[:, ::2, :5], self.y)
        np.testing.assert_array_equal(wide[:, 1::2], 7)

    def test_refusals(self):
        read_only = np.zeros((9, 2, 5), np.float32)
        read_only.flags.writeable = False
        both = np.zeros((9, 2, 8), np.float32)
        for text, x, out in ((r"out: is float32 \[9, 2, 4\]", self.x, np.zeros((9, 2, 4), np.float32)),
                             ("out: is float64", self.x, np.zeros((9, 2, 5))),
                             ("features side by side", self.x, np.zeros((9, 2, 10), np.float32)[..., ::2]),
                             ("read-only", self.x, read_only),
                             ("shares memory", both[..., :3], both[..., 3:]),
                             ("out: expected a NumPy array", self.x, [1]),
                             ("x: has 1 rows; this stream was made for 2", self.x[:, :1], None)):
            with self.subTest(text), self.assertRaisesRegex(carousel.Error, text):
                self.stream(x, out=out)
        np.testing.assert_array_equal(self.stream(self.x), self.y)  # the state is as it was

    def test_a_state_is_set_as_a_whole_or_not_at_all(self):
        self.stream(self.x)
        h, c = self.stream.state
        before = h.copy(), c.copy()
        for wrong in ((h * 0, c[:, :1]), {"l0:h": h[0] * 0, "l1:c": c[1, :1]}, {"l0:h": h[0] * 0, "l9:h": c[0]}):
            with self.assertRaises(carousel.Error):
                self.stream.state = wrong
        np.testing.assert_array_equal(h, before[0])
        np.testing.assert_array_equal(c, before[1])

    def test_whole_sequences(self):
        network = cases.lstm(directions=2)
        self.assertTrue(network.whole_sequence)
        x = cases.sequence(300, 1, 3)
        self.assertEqual(network(x)[0].shape, (300, 1, 10))  # a call takes any length
        with self.assertRaisesRegex(carousel.Error, "max_steps"):
            network.stream(max_steps=64)(x)
        np.testing.assert_array_equal(network.stream(max_steps=300)(x), network(x)[0])

    def test_memory(self):
        self.assertGreater(self.stream.memory_bytes, 0)
        self.assertGreater(self.network.memory_bytes, 0)
