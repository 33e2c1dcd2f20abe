# SPDX-License-Identifier: Apache-2.0
"""Builds the package for pip (PEP 517), with CMake and the standard library.

CMAKE_ARGS (environment): more arguments for CMake, separated by spaces.
CAROUSEL_BUILD_DIR (environment): a build tree that has been configured; without it build/pip is made.
"""

import base64
import hashlib
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# rank, check and trace are parts of the command, which is built as far as they need it.
OPTIONS = ["-DCMAKE_BUILD_TYPE=Release", "-DCAROUSEL_PYTHON=ON", "-DCAROUSEL_BUILD_TESTS=OFF", "-DCAROUSEL_BUILD_BENCH=OFF",
           "-DCAROUSEL_BUILD_EXAMPLES=OFF", "-DCAROUSEL_BUILD_CLI=ON", "-DBUILD_SHARED_LIBS=OFF"]


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 517: writes the wheel into the folder and returns its name."""
    with tempfile.TemporaryDirectory() as folder:
        _install(pathlib.Path(folder))
        tag = f"cp{sys.version_info[0]}{sys.version_info[1]}"
        platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
        name = f"carousel-{_version()}-{tag}-{tag}-{platform}.whl"
        _write_wheel(pathlib.Path(wheel_directory) / name, pathlib.Path(folder), f"{tag}-{tag}-{platform}")
    return name


def build_sdist(sdist_directory, config_settings=None):
    """PEP 517, for archives of the source."""
    raise RuntimeError("the source of this package is the whole project: install it from there, or build a wheel")


def _version():
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(r"project\(carousel VERSION ([0-9.]+)", text).group(1)


def _install(folder):
    """Builds the package and puts it into the folder."""
    build = os.environ.get("CAROUSEL_BUILD_DIR")
    if build is None:
        build = ROOT / "build" / "pip"
        generator = ["-G", "Ninja"] if shutil.which("ninja") else []
        subprocess.run(["cmake", "-S", ROOT, "-B", build, *generator, *OPTIONS,
                        f"-DCAROUSEL_PYTHON_EXECUTABLE={sys.executable}", *shlex.split(os.environ.get("CMAKE_ARGS", ""))],
                       check=True)
    subprocess.run(["cmake", "--build", build, "--target", "carousel_python", "--parallel", str(os.cpu_count() or 1)],
                   check=True)
    with tempfile.TemporaryDirectory() as prefix:
        subprocess.run(["cmake", "--install", build, "--component", "python", "--prefix", prefix, "--strip"], check=True,
                       stdout=subprocess.DEVNULL)
        (package,) = (init.parent for init in pathlib.Path(prefix).rglob("carousel/__init__.py"))
        shutil.copytree(package, folder / "carousel")


def _metadata(tag):
    return {
        "METADATA": ("Metadata-Version: 2.1\nName: carousel\n"
                     f"Version: {_version()}\nSummary: Runs trained recurrent neural networks on CPUs\n"
                     "License: Apache-2.0\nRequires-Python: >=3.9\nRequires-Dist: numpy\n"),
        "WHEEL": f"Wheel-Version: 1.0\nGenerator: carousel\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }


def _write_wheel(file, folder, tag):
    """The archive with every file and, in RECORD, its hash."""
    info = f"carousel-{_version()}.dist-info"
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*"))
                if path.is_file()}
    contents |= {f"{info}/{name}": text.encode() for name, text in _metadata(tag).items()}
    contents |= {f"{info}/{name}": (ROOT / name).read_bytes() for name in ("LICENSE", "THIRD_PARTY_NOTICES.md")}
    records = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in contents.items():
            wheel.writestr(name, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            records.append(f"{name},sha256={digest},{len(data)}")
        wheel.writestr(f"{info}/RECORD", "\n".join([*records, f"{info}/RECORD,,"]) + "\n")
