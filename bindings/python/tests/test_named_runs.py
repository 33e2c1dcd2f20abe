# SPDX-License-Identifier: Apache-2.0
"""Arrays by name, with the axes of the model's file."""

import importlib.util
import json
import tempfile
import unittest

import numpy as np

import carousel
import cases
from carousel.safetensors import to_bytes


def two_inputs():
    """An LSTM that reads both inputs side by side; its output and a linear layer's."""
    layers = [{"kind": "concatenate", "name": "both", "inputs": ["a", "b"], "sizes": [2, 1]},
              {"kind": "recurrent", "name": "lstm", "cell": "lstm", "input_size": 3, "hidden_size": 5},
              {"kind": "dense", "name": "head", "input_size": 5, "output_size": 2, "bias": False}]
    metadata = {"carousel.layers": json.dumps(layers),
                "carousel.inputs": json.dumps([{"name": "a", "size": 2}, {"name": "b", "size": 1}]),
                "carousel.outputs": json.dumps([{"name": "scores", "layer": "head"},
                                                {"name": "features", "layer": "lstm"}])}
    state = {f"lstm.{name[:-3]}": array for name, array in cases.lstm_state_dict().items()}
    head = cases.uniform(np.random.default_rng(5), 2, 5)
    return carousel.load_bytes(to_bytes(state | {"head.weight": head}, metadata, frozenset()), "two inputs"), head


class NamedRuns(unittest.TestCase):
    def setUp(self):
        model, self.head = two_inputs()
        self.network = carousel.prepare(model, backend="xsimd")
        self.x = cases.sequence(7, 2, 3)
        self.y, (_, c) = cases.lstm()(self.x)
        self.c = c[0]
        self.given = {"b": self.x[..., 2:], "a": self.x[..., :2]}

    def test_what_it_takes_and_gives(self):
        self.assertEqual([str(port) for port in self.network.inputs],
                         ["a: float32 [steps, batch, 2]", "b: float32 [steps, batch, 1]"])
        self.assertEqual([(port.name, port.size) for port in self.network.outputs], [("scores", 2), ("features", 5)])

    def test_network(self):
        outputs, states = self.network.run(self.given)
        np.testing.assert_array_equal(outputs["features"], self.y)
        np.testing.assert_allclose(outputs["scores"], self.y @ self.head.T, rtol=1e-5, atol=1e-6)
        self.assertEqual(list(states), ["lstm:h", "lstm:c"])
        np.testing.assert_array_equal(states["lstm:c"], self.c)

    def test_states_go_on(self):
        _, states = self.network.run({name: x[:3] for name, x in self.given.items()})
        outputs, _ = self.network.run({name: x[3:] for name, x in self.given.items()}, states=states)
        np.testing.assert_array_equal(outputs["features"], self.y[3:])

    def test_lengths(self):
        outputs, states = self.network.run(self.given, [7, 4])
        np.testing.assert_array_equal(outputs["features"][4:, 1], 0)
        np.testing.assert_array_equal(states["lstm:h"][1], self.y[3, 1])

    def test_stream(self):
        stream = self.network.stream(batch=2)
        pieces = [stream.run({name: x[t:t + 1] for name, x in self.given.items()})["features"] for t in range(7)]
        np.testing.assert_array_equal(np.concatenate(pieces), self.y)

    def test_integers_become_floats_where_that_is_exact(self):
        ones = {"a": np.ones((1, 1, 2), np.int64), "b": np.ones((1, 1, 1), bool)}
        floats = {name: one.astype(np.float32) for name, one in ones.items()}
        np.testing.assert_array_equal(self.network.run(ones)[0]["scores"], self.network.run(floats)[0]["scores"])
        with self.assertRaisesRegex(carousel.Error, "input 'a': has integers that float32 cannot hold"):
            self.network.run(ones | {"a": np.full((1, 1, 2), 2**24 + 1)})

    def test_refusals(self):
        for text, given in (("there is no input 'c'; there are a, b", self.given | {"c": self.x}),
                            ("input 'a'.*is float64", self.given | {"a": self.x[..., :2].astype(np.float64)}),
                            ("input 'a'", self.given | {"a": self.x}),
                            ("input 'b'|steps", self.given | {"b": self.x[:3, :, 2:]}),
                            ("input 'b' is missing", {"a": self.given["a"]})):
            with self.subTest(text), self.assertRaisesRegex(carousel.Error, text):
                self.network.run(given)
        with self.assertRaisesRegex(carousel.Error, "give them by name"):
            self.network(self.x[..., :2])
        with self.assertRaisesRegex(carousel.Error, "this stream was made for 3"):
            self.network.stream(batch=3).run(self.given)


def batch_first_onnx(file, state):
    """A graph as exporters make it: x [batch, steps, 3] to y [batch, steps, 5]."""
    from onnx import TensorProto, helper, numpy_helper, save

    def gates(name):
        i, f, g, o = np.split(state[name], 4)
        return np.concatenate([i, o, f, g])

    weights = {"W": gates("weight_ih_l0")[np.newaxis], "R": gates("weight_hh_l0")[np.newaxis],
               "B": np.concatenate([gates("bias_ih_l0"), gates("bias_hh_l0")])[np.newaxis],
               "axis": np.array([1], np.int64)}
    nodes = [helper.make_node("Transpose", ["x"], ["xt"], perm=[1, 0, 2]),
             helper.make_node("LSTM", ["xt", "W", "R", "B"], ["Y"], hidden_size=5),
             helper.make_node("Squeeze", ["Y", "axis"], ["yt"]),
             helper.make_node("Transpose", ["yt"], ["y"], perm=[1, 0, 2])]
    graph = helper.make_graph(
        nodes, "lstm", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "steps", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", "steps", 5])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), file)


@unittest.skipUnless(importlib.util.find_spec("onnx"), "needs python3-onnx")
class FilesWithAnOrderOfTheirOwn(unittest.TestCase):
    def test_batch_first(self):
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/lstm.onnx"
            batch_first_onnx(file, cases.lstm_state_dict())
            try:
                model = carousel.load(file)
            except carousel.Error as error:
                self.assertEqual(error.code, carousel.ErrorCode.UNSUPPORTED)
                self.skipTest("this build does not read ONNX files")
        network = carousel.prepare(model, backend="xsimd")
        self.assertTrue(network.batch_first)
        self.assertEqual(network.inputs[0].axes, "[batch, steps, 3]")
        x = cases.sequence(7, 2, 3)
        expected = np.swapaxes(cases.lstm()(x)[0], 0, 1)
        given = np.ascontiguousarray(np.swapaxes(x, 0, 1))
        np.testing.assert_array_equal(network(given)[0], expected)
        np.testing.assert_array_equal(network.run({"x": given})[0]["y"], expected)
        np.testing.assert_array_equal(network.run({"x": np.swapaxes(x, 0, 1)})[0]["y"], expected)
        np.testing.assert_array_equal(network.stream(batch=2)(given), expected)
        self.assertEqual(carousel.cross_check(model, given).batch, 2)
