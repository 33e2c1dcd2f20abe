# SPDX-License-Identifier: Apache-2.0
"""Lets ONNX's own checker and its strict shape inference judge every .onnx file of a folder."""

import pathlib
import sys

import onnx

files = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
for file in files:
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    for output in inferred.graph.output:
        if not output.type.tensor_type.HasField("shape"):
            sys.exit(f"{file}: output {output.name} has no shape")
print(f"{len(files)} files checked")
