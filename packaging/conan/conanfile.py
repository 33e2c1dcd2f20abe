# SPDX-License-Identifier: Apache-2.0
"""Conan 2 recipe of the checkout it lies in: conan create packaging/conan"""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load

required_conan_version = ">=2.0"


class CarouselConan(ConanFile):
    name = "carousel"
    description = "Runs trained LSTM, GRU and RNN networks on CPUs, inside C and C++ programs"
    license = "Apache-2.0"
    topics = ("lstm", "gru", "inference", "real-time", "simd")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    implements = ["auto_shared_fpic"]

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        text = load(self, os.path.join(self._root, "CMakeLists.txt"))
        self.version = re.search(r"project\(carousel VERSION ([0-9.]+)", text).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "CMakePresets.json", "LICENSE", "CHANGELOG.md",
                        "THIRD_PARTY_NOTICES.md",
                        "include/*", "core/*", "backends/*", "cmake/*"):
            copy(self, pattern, self._root, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("xsimd/[>=13]", visible=False)
        self.requires("nlohmann_json/[>=3.7 <4]", visible=False)

    def validate(self):
        if self.settings.os == "Windows":
            raise ConanInvalidConfiguration("Windows is not supported")
        check_min_cppstd(self, 20)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "CLI", "BENCH", "EXAMPLES"):
            toolchain.cache_variables[f"CAROUSEL_BUILD_{part}"] = False
        toolchain.cache_variables["CAROUSEL_FETCH_DEPS"] = False
        # Conan's packages of these lack what Carousel needs: OpenMP, and ONNX's schema file.
        toolchain.cache_variables["CAROUSEL_ONEDNN"] = "OFF"
        toolchain.cache_variables["CAROUSEL_ONNX"] = "OFF"
        toolchain.cache_variables["CAROUSEL_ZIP"] = "OFF"  # the recipe does not require libzip
        toolchain.cache_variables["CAROUSEL_PYTHON"] = "OFF"
        xsimd = self.dependencies["xsimd"].cpp_info.aggregated_components()
        toolchain.cache_variables["CAROUSEL_XSIMD_INCLUDE_DIR"] = xsimd.includedirs[0]
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        for text in ("LICENSE", "THIRD_PARTY_NOTICES.md"):
            copy(self, text, self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        # The CMake package that Carousel installs, rather than one that Conan makes up.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "carousel")]
        self.cpp_info.libs = ["carousel"]
        if not self.options.shared:
            self.cpp_info.defines = ["CAROUSEL_STATIC"]
            self.cpp_info.system_libs = ["pthread", "m"]
