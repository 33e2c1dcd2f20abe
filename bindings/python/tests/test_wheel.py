# SPDX-License-Identifier: Apache-2.0
"""What `pip install ./bindings/python` would install, made of the build tree that is being tested."""

import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

import cases

BACKEND = cases.SOURCE / "bindings" / "python" / "build_backend.py"


def backend():
    spec = importlib.util.spec_from_file_location("build_backend", BACKEND)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Wheel(unittest.TestCase):
    def test_it_works_where_it_is_unpacked(self):
        with tempfile.TemporaryDirectory() as folder:
            name = backend().build_wheel(folder)
            self.assertRegex(name, rf"^carousel-[0-9.]+-cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-linux_\w+\.whl$")
            site = pathlib.Path(folder, "site")
            with zipfile.ZipFile(pathlib.Path(folder, name)) as wheel:
                wheel.extractall(site)
            self.assertTrue((site / "carousel" / "py.typed").exists())
            (record,) = site.glob("*.dist-info/RECORD")
            listed = {line.split(",")[0] for line in record.read_text().splitlines()}
            self.assertEqual(listed, {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()})
            code = f"import carousel; print(carousel.__file__, carousel.load({str(cases.CHARLM)!r}).output_size)"
            found = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(site)}, cwd=folder,
                                   capture_output=True, text=True, check=True).stdout
            self.assertTrue(found.startswith(str(site)), found)

    def test_there_is_no_archive_of_the_source(self):
        with self.assertRaisesRegex(RuntimeError, "the whole project"):
            backend().build_sdist(".")
