# SPDX-License-Identifier: Apache-2.0
"""One call: shapes, orders of axes, arrays in place, and what is refused."""

import sys
import unittest

import numpy as np

import carousel
import cases


class Calls(unittest.TestCase):
    def setUp(self):
        self.network = cases.lstm()
        self.x = cases.sequence(7, 2, 3)
        self.y, (self.h, self.c) = self.network(self.x)

    def test_shapes(self):
        self.assertEqual((self.y.shape, self.h.shape, self.c.shape), ((7, 2, 5), (1, 2, 5), (1, 2, 5)))
        self.assertEqual(self.y.dtype, np.float32)
        np.testing.assert_array_equal(self.y[-1], self.h[0])

    def test_calls_do_not_depend_on_each_other(self):
        for _ in range(3):
            y, (h, c) = self.network(self.x)
            np.testing.assert_array_equal(y, self.y)
            np.testing.assert_array_equal(c, self.c)

    def test_state_goes_on(self):
        y1, state = self.network(self.x[:3])
        y2, (_, c) = self.network(self.x[3:], state=state)
        np.testing.assert_array_equal(np.concatenate([y1, y2]), self.y)
        np.testing.assert_array_equal(c, self.c)

    def test_state_by_name(self):
        _, (h, c) = self.network(self.x[:3])
        self.assertEqual(self.network.state_names, ["l0:h", "l0:c"])
        y, _ = self.network(self.x[3:], state={"l0:h": h[0], "l0:c": c[0]})
        np.testing.assert_array_equal(y, self.y[3:])

    def test_unbatched(self):
        y, (h, c) = self.network(np.ascontiguousarray(self.x[:, 1]))
        self.assertEqual((y.shape, h.shape, c.shape), ((7, 5), (1, 5), (1, 5)))
        np.testing.assert_array_equal(y, self.y[:, 1])
        again, _ = self.network(self.x[:, 1], state=(np.zeros_like(h), np.zeros_like(c)))
        np.testing.assert_array_equal(again, y)

    def test_batch_first(self):
        model = carousel.from_torch(cases.lstm_state_dict())
        model.batch_first = True
        network = carousel.prepare(model, backend="xsimd")
        y, (h, _) = network(np.ascontiguousarray(np.swapaxes(self.x, 0, 1)))
        self.assertEqual(y.shape, (2, 7, 5))
        np.testing.assert_array_equal(np.swapaxes(y, 0, 1), self.y)
        np.testing.assert_array_equal(h, self.h)

    def test_any_strides(self):
        wide = np.zeros((14, 4, 6), np.float32)
        wide[::2, 1:3, :3] = self.x
        views = [wide[::2, 1:3, :3], np.asfortranarray(self.x), np.ascontiguousarray(self.x[::-1])[::-1],
                 np.swapaxes(np.ascontiguousarray(np.swapaxes(self.x, 0, 1)), 0, 1), self.x.tolist() and self.x[:]]
        for view in views:
            np.testing.assert_array_equal(self.network(view)[0], self.y)

    def test_unaligned(self):
        raw = np.zeros(self.x.nbytes + 1, np.uint8)
        raw[1:] = np.frombuffer(self.x.tobytes(), np.uint8)
        self.assertFalse(raw[1:].view(np.float32).flags.aligned)
        y, _ = self.network(raw[1:].view(np.float32).reshape(self.x.shape))
        np.testing.assert_array_equal(y, self.y)

    def test_lengths(self):
        for lengths in ([7, 4], np.array([7, 4]), np.array([7, 4], np.int32), (7, 4)):
            y, (h, _) = self.network(self.x, lengths)
            np.testing.assert_array_equal(y[4:, 1], 0)
            np.testing.assert_array_equal(h[0, 1], self.y[3, 1])
            np.testing.assert_array_equal(y[:, 0], self.y[:, 0])

    def test_no_steps(self):
        y, (h, _) = self.network(self.x[:0])
        self.assertEqual(y.shape, (0, 2, 5))
        np.testing.assert_array_equal(h, 0)

    def refused(self, text, *arguments, **named):
        with self.assertRaisesRegex(carousel.Error, text) as raised:
            self.network(*arguments, **named)
        self.assertEqual(raised.exception.code, carousel.ErrorCode.INVALID_ARGUMENT)

    def test_refusals(self):
        self.refused(r"x: is float64 \[7, 2, 3\].*astype", self.x.astype(np.float64))
        self.refused(r"x: is float32 \[7, 2, 2\]; expected float32 \[steps, batch, 3\]", self.x[..., :2])
        self.refused("x: is", self.x[0, 0])
        self.refused("big|x: is", self.x.astype(">f4"))
        self.refused("lengths has 3 entries", self.x, [1, 2, 3])
        self.refused(r"lengths\[0\] is 8, but must be in", self.x, [8, 1])
        self.refused("lengths: is float64", self.x, [1.5, 2])
        self.refused(r"state: expected \(h_0, c_0\)", self.x, state=self.h)
        self.refused(r"state h_0: is float32 \[1, 1, 5\]; expected the shape \[1, 2, 5\]", self.x,
                     state=(self.h[:, :1], self.c))
        self.refused("state c_0: is float64", self.x, state=(self.h, self.c.astype(np.float64)))
        self.refused("there is no 'l1:h'; there are l0:h, l0:c", self.x, state={"l1:h": self.h[0]})
        np.testing.assert_array_equal(self.network(self.x)[0], self.y)  # no call left anything behind


class Ids(unittest.TestCase):
    def setUp(self):
        self.network = carousel.prepare(carousel.load(cases.CHARLM), backend="xsimd")

    def test_integers_of_any_type(self):
        ids = np.array([[3, 1], [4, 1], [5, 9]])
        y, _ = self.network(ids)
        self.assertEqual(y.shape, (3, 2, self.network.output_size))
        for dtype in (np.int32, np.uint8, np.uint64):
            np.testing.assert_array_equal(self.network(ids.astype(dtype))[0], y)
        np.testing.assert_array_equal(self.network(ids.T.copy().T)[0], y)
        np.testing.assert_array_equal(self.network(ids[:, 0])[0], y[:, 0])

    def test_refusals(self):
        for ids in ([2**40], [-1], [10**6], [1.5]):
            with self.assertRaises(carousel.Error):
                self.network(np.array(ids))


class Arguments(unittest.TestCase):
    """By position or by name, as of any function of Python."""

    def setUp(self):
        self.network = cases.lstm()
        self.x = cases.sequence(4, 2, 3)
        self.first, self.state = self.network(self.x)
        self.rest = self.network(self.x, None, self.state)[0]

    def test_networks(self):
        made = {"".join(("sta", "te")): self.state}  # a string that is not interned
        for y, _ in (self.network(self.x, state=self.state), self.network(state=self.state, x=self.x),
                     self.network(self.x, lengths=None, state=self.state), self.network(self.x, **made),
                     self.network.__call__(self.x, state=self.state)):
            np.testing.assert_array_equal(y, self.rest)
        np.testing.assert_array_equal(self.network(x=self.x)[0], self.first)
        np.testing.assert_array_equal(self.network(self.x, [2, 4])[0], self.network(self.x, lengths=[2, 4])[0])

    def test_streams(self):
        out = np.empty_like(self.first)
        for call in (lambda stream: stream(self.x, None, out), lambda stream: stream(self.x, out=out),
                     lambda stream: stream(x=self.x, out=out)):
            out[:] = 0
            self.assertIs(call(self.network.stream(batch=2)), out)
            np.testing.assert_array_equal(out, self.first)

    def test_those_that_do_not_fit(self):
        for call in (lambda: self.network(), lambda: self.network(self.x, None, None, None),
                     lambda: self.network(self.x, stat=None), lambda: self.network(self.x, x=self.x),
                     lambda: self.network(self.x, None, lengths=None), lambda: self.network(state=self.state),
                     lambda: self.network.stream(batch=2)(self.x, state=self.state)):
            with self.assertRaises(TypeError):
                call()

    def test_errors_have_their_code(self):
        with self.assertRaises(carousel.Error) as raised:
            self.network(self.x, state=(self.state[0],))
        self.assertEqual(raised.exception.code, carousel.ErrorCode.INVALID_ARGUMENT)

        class Broken:
            def __array__(self, *arguments, **options):
                raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            self.network(Broken())

    def test_references(self):
        before = [sys.getrefcount(one) for one in (self.x, self.state, None)]
        for _ in range(1000):
            self.network(self.x, state=self.state)
        after = [sys.getrefcount(one) for one in (self.x, self.state, None)]
        self.assertLess(max(abs(b - a) for a, b in zip(before, after)), 100)

    def test_documentation(self):
        self.assertIn("lengths: integers", carousel.Network.__call__.__doc__)


class OtherStates(unittest.TestCase):
    def test_layers_of_different_sizes(self):
        random = np.random.default_rng(3)
        state = {f"{name}.{key}": value for name, sizes in (("rnn1", (3, 5)), ("rnn2", (5, 4)))
                 for key, value in cases.lstm_state_dict(*sizes).items()}
        network = carousel.prepare(carousel.from_torch(state), backend="xsimd")
        x = cases.uniform(random, 6, 2, 3)
        y, states = network(x)
        self.assertEqual(list(states), ["rnn1.l0:h", "rnn1.l0:c", "rnn2.l0:h", "rnn2.l0:c"])
        self.assertEqual(states["rnn2.l0:c"].shape, (2, 4))
        y1, states = network(x[:2])
        y2, _ = network(x[2:], state=states)
        np.testing.assert_array_equal(np.concatenate([y1, y2]), y)
        alone, states = network(x[:2, 0])
        np.testing.assert_array_equal(network(x[2:, 0], state=states)[0], y[2:, 0])

    def test_none(self):
        model = carousel.from_keras_weights([("Dense", [np.ones((3, 2), np.float32)])])
        y, state = carousel.prepare(model)(np.ones((1, 4, 3), np.float32))
        np.testing.assert_array_equal(y, np.full((1, 4, 2), 3))
        self.assertIsNone(state)
