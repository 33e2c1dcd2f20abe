# SPDX-License-Identifier: Apache-2.0
"""Runs trained recurrent neural networks on CPUs.

    model = carousel.load("lstm.safetensors")     # or from_torch(module), from_keras_weights(layers)
    network = carousel.prepare(model)             # packed for this CPU; share it between threads
    y, state = network(x)                         # x: float32 [steps, batch, input_size]
    stream = network.stream(batch=1)              # carries its state from call to call

Sequences are float32 arrays [steps, batch, features], or [batch, steps, features] where the model is
batch_first; ids for embeddings are integers [steps, batch]. Whatever goes wrong raises `carousel.Error`.
"""

from carousel._carousel import Model, Network, Stream, load, load_bytes, load_plugin
from carousel.checks import CheckReport, check, cross_check
from carousel.conversion import convert
from carousel.errors import Error, ErrorCode
from carousel.hardware import BackendsReport, backends
from carousel.keras import from_keras_weights
from carousel.plans import PlanReport, explain, prepare
from carousel.ports import Layer, Port
from carousel.pytorch import from_torch
from carousel.rankings import RankReport, rank
from carousel.traces import Trace, encode, trace

__all__ = [
    "BackendsReport",
    "CheckReport",
    "Error",
    "ErrorCode",
    "Layer",
    "Model",
    "Network",
    "PlanReport",
    "Port",
    "RankReport",
    "Stream",
    "Trace",
    "backends",
    "check",
    "convert",
    "cross_check",
    "encode",
    "explain",
    "from_keras_weights",
    "from_torch",
    "load",
    "load_bytes",
    "load_plugin",
    "prepare",
    "rank",
    "trace",
]
