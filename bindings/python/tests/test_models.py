# SPDX-License-Identifier: Apache-2.0
"""Models: files, state dicts, conversion, errors with their codes."""

import os
import pickle
import tempfile
import unittest
import warnings

import numpy as np

import carousel
import cases
from carousel import ErrorCode


class Models(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def raises(self, code, text, function, *arguments, **named):
        with self.assertRaisesRegex(carousel.Error, text) as raised:
            function(*arguments, **named)
        self.assertEqual(raised.exception.code, code)
        return raised.exception

    def test_what_a_model_says(self):
        model = carousel.load(cases.CHARLM)
        self.assertTrue(model.takes_ids)
        self.assertEqual([layer.kind for layer in model.layers], ["embedding", "recurrent", "recurrent", "dense"])
        self.assertEqual(sum(layer.parameters for layer in model.layers), model.parameter_count)
        (port,) = model.inputs
        self.assertEqual((port.ids, port.id_count, port.axes), (True, model.output_size, "[steps, batch]"))
        self.assertIn("carousel.vocab", model.metadata)
        self.assertEqual(model.non_finite, [])
        self.assertIn("LSTM", repr(model))
        self.assertIn("LSTM", repr(carousel.prepare(model)))

    def test_round_trip(self):
        model = carousel.from_torch(cases.lstm_state_dict(layers=2))
        x = cases.sequence(7, 2, 3)
        expected = carousel.prepare(model, backend="scalar")(x)[0]
        model.save(self.path("m.safetensors"))
        again = carousel.load(self.path("m.safetensors"))
        np.testing.assert_array_equal(carousel.prepare(again, backend="scalar")(x)[0], expected)
        with open(self.path("m.safetensors"), "rb") as file:
            memory = carousel.load_bytes(file.read(), "memory")
        np.testing.assert_array_equal(carousel.prepare(memory, backend="scalar")(x)[0], expected)

    def test_element_types(self):
        state = cases.lstm_state_dict()
        x = cases.sequence(7, 2, 3)
        for dtype in (np.float64, np.float16):
            given = {name: array.astype(dtype) for name, array in state.items()}
            rounded = {name: array.astype(np.float32) for name, array in given.items()}
            y, expected = (carousel.prepare(carousel.from_torch(one), backend="scalar")(x)[0] for one in (given, rounded))
            np.testing.assert_array_equal(y, expected)

    def test_errors(self):
        self.raises(ErrorCode.FILE_NOT_FOUND, "missing.safetensors", carousel.load, self.path("missing.safetensors"))
        with open(self.path("bad.safetensors"), "wb") as file:
            file.write(b"\x08\0\0\0\0\0\0\0{}      trailing")
        self.raises(ErrorCode.BAD_FORMAT, "bad.safetensors", carousel.load, self.path("bad.safetensors"))
        model = carousel.from_torch(cases.lstm_state_dict())
        self.raises(ErrorCode.UNSUPPORTED, "nonsense", carousel.prepare, model, backend="nonsense")
        self.raises(ErrorCode.INVALID_ARGUMENT, "plan", carousel.prepare, model, plan="guess")
        self.raises(ErrorCode.UNSUPPORTED, "precision|int4", carousel.prepare, model, precision="int4")
        self.raises(ErrorCode.INVALID_ARGUMENT, "lengths", model.save, self.path("m.safetensors"), lengths=True)
        with self.assertRaisesRegex(TypeError, "ignore_extra"):
            carousel.load(cases.CHARLM, ignore_extras=True)
        extra = cases.lstm_state_dict() | {"other": np.zeros(3, np.float32)}
        self.raises(ErrorCode.BAD_FORMAT, "other", carousel.from_torch, extra)
        self.assertEqual(len(carousel.from_torch(extra, ignore_extra=True).layers), 1)
        self.raises(ErrorCode.INVALID_ARGUMENT, "not a int", carousel.from_torch, 3)
        self.raises(ErrorCode.INVALID_ARGUMENT, "bias_ih_l0 is int64", carousel.from_torch,
                    cases.lstm_state_dict() | {"bias_ih_l0": np.zeros(20, np.int64)})

    def damage_wisdom(self):
        with open(self.path("wisdom.json"), "w", encoding="utf-8") as file:
            file.write('{"carousel wisdom": 1, "entries": [')

    def test_wisdom_that_cannot_be_used_is_a_warning(self):
        self.damage_wisdom()
        model = carousel.from_torch(cases.lstm_state_dict())
        with self.assertWarnsRegex(RuntimeWarning, "wisdom.json"):
            carousel.prepare(model, wisdom=self.path("wisdom.json"))
        self.damage_wisdom()  # the first one set it aside and keeps its own
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with self.assertRaisesRegex(RuntimeWarning, "wisdom.json"):
                carousel.prepare(model, wisdom=self.path("wisdom.json"))

    def test_measured_plans(self):
        model = carousel.from_torch(cases.lstm_state_dict())
        network = carousel.prepare(model, plan="measure", seconds_per_layer=0.01, wisdom=self.path("wisdom.json"),
                                   cross_check=True)
        self.assertEqual(network.layers[0].source, "measured")
        report = carousel.explain(model, plan="wisdom-only", wisdom=self.path("wisdom.json"))
        self.assertEqual(report.layers[0].source, "wisdom")
        self.assertGreater(report.layers[0].candidates[0].measured_seconds, 0)

    def test_errors_can_be_sent_to_another_process(self):
        error = self.raises(ErrorCode.FILE_NOT_FOUND, "missing", carousel.load, self.path("missing"))
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((again.code, str(again)), (error.code, str(error)))

    def test_convert(self):
        carousel.from_torch(cases.lstm_state_dict()).save(self.path("m.safetensors"))
        self.raises(ErrorCode.INVALID_ARGUMENT, "m.txt", carousel.convert, self.path("m.safetensors"), self.path("m.txt"))
        try:
            carousel.convert(self.path("m.safetensors"), self.path("m.onnx"), lengths=True, states=True)
        except carousel.Error as error:
            if error.code == ErrorCode.UNSUPPORTED:
                self.skipTest("this build does not write ONNX files")
            raise
        carousel.convert(self.path("m.onnx"), self.path("again.safetensors"))
        x = cases.sequence(7, 2, 3)
        expected = cases.lstm()(x)[0]
        network = carousel.prepare(carousel.load(self.path("m.onnx")), backend="xsimd")
        outputs, _ = network.run({"x": x, "lengths": np.array([7, 7])})
        np.testing.assert_array_equal(outputs["y"], expected)
