# SPDX-License-Identifier: Apache-2.0
"""The stub says what the extension has, and everything public has a docstring."""

import ast
import inspect
import pathlib
import unittest

import carousel

STUB = pathlib.Path(carousel.__file__).with_name("_carousel.pyi")


def public(thing):
    return {name for name in vars(thing) if not name.startswith("_")}


class Types(unittest.TestCase):
    def setUp(self):
        self.stub = ast.parse(STUB.read_text(encoding="utf-8"))

    def names_of(self, body):
        found = set()
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                found.add(node.name)
            elif isinstance(node, ast.AnnAssign):
                found.add(node.target.id)
        return found

    def test_stub_of_the_module(self):
        declared = self.names_of(self.stub.body)
        missing = public(carousel._carousel) - declared
        self.assertFalse(missing, "not in the stub")
        optional = {"check", "rank", "trace", "encode", "TracePage"}  # of builds with the command
        self.assertLessEqual(declared - public(carousel._carousel), optional)

    def test_stubs_of_the_classes(self):
        for node in self.stub.body:
            if isinstance(node, ast.ClassDef) and hasattr(carousel._carousel, node.name):
                self.assertEqual(self.names_of(node.body), public(getattr(carousel._carousel, node.name)), node.name)

    def test_it_says_that_it_has_types(self):
        self.assertTrue(STUB.with_name("py.typed").exists())

    def test_docstrings(self):
        for name in carousel.__all__:
            self.assertTrue(inspect.getdoc(getattr(carousel, name)), name)
