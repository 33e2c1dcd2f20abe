# SPDX-License-Identifier: Apache-2.0
"""What PyTorch computed (tests/golden): layers, directions, projections, orders of axes, packed sequences,
states and chunks, of LSTM, GRU and both RNNs."""

import unittest

import numpy as np

import carousel
import cases


def model_of(tensors, about):
    weights = {name: array for name, array in tensors.items() if name.startswith("rnn.")}
    nonlinearity = about["cell"][4:] if about["cell"].startswith("rnn_") else None
    model = carousel.from_torch(weights, nonlinearity=nonlinearity)
    model.batch_first = about["batch_first"] == "1"
    return model


def given_state(tensors):
    if "h0" not in tensors:
        return None
    return (tensors["h0"], tensors["c0"]) if "c0" in tensors else tensors["h0"]


class Golden(unittest.TestCase):
    def close(self, found, expected):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)

    def check_state(self, state, tensors):
        h, c = state if "c_n" in tensors else (state, None)
        self.close(h, tensors["h_n"])
        if c is not None:
            self.close(c, tensors["c_n"])

    def test_calls(self):
        files = sorted((cases.SOURCE / "tests" / "golden").glob("*.safetensors"))
        self.assertGreater(len(files), 50)
        for file in files:
            with self.subTest(file.stem):
                tensors, about = cases.read_safetensors(file)
                network = carousel.prepare(model_of(tensors, about))
                y, state = network(tensors["x"], tensors.get("lengths"), given_state(tensors))
                self.close(y, tensors["y"])
                self.check_state(state, tensors)

    def test_streams_in_chunks(self):
        chunked = 0
        for file in (cases.SOURCE / "tests" / "golden").glob("*streaming*.safetensors"):
            with self.subTest(file.stem):
                tensors, about = cases.read_safetensors(file)
                stream = carousel.prepare(model_of(tensors, about)).stream(batch=tensors["x"].shape[1])
                stream.state = given_state(tensors)
                first = 0
                for count in map(int, about["chunks"].split(",")):
                    self.close(stream(tensors["x"][first:first + count]), tensors["y"][first:first + count])
                    first += count
                self.check_state(stream.state, tensors)
                chunked += 1
        self.assertGreater(chunked, 2)
