# SPDX-License-Identifier: Apache-2.0
"""Against PyTorch itself, where it can be imported (Debian: python3-torch): modules, cells, layers, directions,
orders of axes, projections, packed sequences, states."""

import itertools
import unittest

import numpy as np

try:
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
except ImportError as missing:
    raise unittest.SkipTest("needs PyTorch (python3-torch)") from missing

import carousel

INPUTS, HIDDEN, STEPS, BATCH = 5, 7, 11, 3
LENGTHS = [11, 4, 1]


def modules():
    """(what, module) of all combinations."""
    kinds = [("LSTM", {}), ("LSTM", {"proj_size": 4}), ("GRU", {}), ("RNN", {}), ("RNN", {"nonlinearity": "relu"})]
    for (kind, more), layers, both, first, bias in itertools.product(kinds, (1, 2, 3), (False, True), (False, True),
                                                                     (False, True)):
        options = {"num_layers": layers, "bidirectional": both, "batch_first": first, "bias": bias, **more}
        yield f"{kind} {options}", getattr(torch.nn, kind)(INPUTS, HIDDEN, **options)


def arrays_of(state):
    if isinstance(state, tuple):
        return tuple(one.numpy() for one in state)
    return state.numpy()


class PyTorch(unittest.TestCase):
    def close(self, found, expected):
        np.testing.assert_allclose(found, expected.numpy(), rtol=1e-5, atol=1e-5)

    def close_states(self, found, expected):
        for one, other in zip(*((state if isinstance(state, tuple) else (state,)) for state in (found, expected))):
            self.close(one, other)

    def random_state(self, module):
        _, state = module(torch.zeros(BATCH, BATCH, INPUTS))
        if isinstance(state, tuple):
            return tuple(torch.randn_like(one) for one in state)
        return torch.randn_like(state)

    def check(self, module):
        network = carousel.prepare(carousel.from_torch(module))
        shape = (BATCH, STEPS, INPUTS) if module.batch_first else (STEPS, BATCH, INPUTS)
        x = torch.randn(shape)
        y, state = module(x)
        found, found_state = network(x.numpy())
        self.close(found, y)
        self.close_states(found_state, state)

        given = self.random_state(module)
        y, state = module(x, given)
        for x_given, state_given in ((x.numpy(), arrays_of(given)), (x, given)):  # tensors on the CPU will do
            found, found_state = network(x_given, state=state_given)
            self.close(found, y)
            self.close_states(found_state, state)

        packed = pack_padded_sequence(x, LENGTHS, batch_first=module.batch_first)
        y, state = module(packed, given)
        y, _ = pad_packed_sequence(y, batch_first=module.batch_first, total_length=STEPS)
        found, found_state = network(x, LENGTHS, given)
        self.close(found, y)
        self.close_states(found_state, state)

        row = x[0] if module.batch_first else x[:, 0]
        y, state = module(row)
        found, found_state = network(row)
        self.close(found, y)
        self.close_states(found_state, state)

    def test_every_combination(self):
        torch.manual_seed(1)
        count = 0
        with torch.no_grad():
            for what, module in modules():
                with self.subTest(what):
                    self.check(module)
                count += 1
        self.assertEqual(count, 120)

    def test_network(self):
        torch.manual_seed(2)

        class Tagger(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.embedding = torch.nn.Embedding(20, 6)
                self.dropout = torch.nn.Dropout(0.5)
                self.lstm = torch.nn.LSTM(6, 8, 2, batch_first=True, bidirectional=True)
                self.head = torch.nn.Linear(16, 4)

            def forward(self, ids):
                return self.head(self.lstm(self.dropout(self.embedding(ids)))[0])

        module = Tagger().eval()
        network = carousel.prepare(carousel.from_torch(module))
        ids = torch.randint(0, 20, (2, 9))
        with torch.no_grad():
            self.close(network(ids)[0], module(ids))

    def test_bfloat16_and_double(self):
        torch.manual_seed(3)
        x = torch.randn(STEPS, BATCH, INPUTS)
        for dtype in (torch.bfloat16, torch.float16, torch.float64):
            module = torch.nn.LSTM(INPUTS, HIDDEN).to(dtype)
            network = carousel.prepare(carousel.from_torch(module))
            with torch.no_grad():
                self.close(network(x)[0], module.float()(x)[0])

    def test_refusals(self):
        relu = torch.nn.Sequential(torch.nn.LSTM(3, 4), torch.nn.ReLU())
        mixed = torch.nn.ModuleList([torch.nn.LSTM(3, 4), torch.nn.LSTM(4, 4, batch_first=True)])
        rnns = torch.nn.ModuleList([torch.nn.RNN(3, 4), torch.nn.RNN(4, 4, nonlinearity="relu")])
        for module, text in ((relu, "has a ReLU"), (mixed, "batch_first and others"), (rnns, "different functions")):
            with self.subTest(text), self.assertRaisesRegex(carousel.Error, text):
                carousel.from_torch(module)
        with self.assertRaisesRegex(carousel.Error, "says its nonlinearity"):
            carousel.from_torch(torch.nn.RNN(3, 4), nonlinearity="relu")
