# SPDX-License-Identifier: Apache-2.0
"""conan_recipe.py RECIPE_DIR VERSION XSIMD_INCLUDE CMAKE FOLDER: runs the recipe's methods against
stand-ins for Conan's modules, and configures Carousel from the files that it exports."""

import fnmatch
import importlib.util
import os
import shutil
import subprocess
import sys
import types

recipe_dir, version, xsimd, cmake, folder = sys.argv[1:]
configured = []


def copy(recipe, pattern, src, dst):
    """Conan's: every file below src whose path matches."""
    found = False
    for path, _, files in os.walk(src):
        for name in files:
            relative = os.path.relpath(os.path.join(path, name), src)
            if fnmatch.fnmatch(relative, pattern):
                target = os.path.join(dst, relative)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy2(os.path.join(src, relative), target)
                found = True
    assert found, f"nothing matches {pattern}"


class Toolchain:
    def __init__(self, recipe):
        self.cache_variables = {}
        configured.append(self)

    def generate(self):
        pass


class Anything:
    """Takes every call."""

    def __init__(self, *arguments, **options):
        pass

    def __getattr__(self, name):
        return lambda *arguments, **options: None


class ConanFile:
    def __init__(self):
        self.required = []
        self.recipe_folder = recipe_dir
        self.requires = lambda what, **options: self.required.append(what)
        self.settings = types.SimpleNamespace(os="Linux")
        self.options = types.SimpleNamespace(shared=False)
        self.cpp_info = types.SimpleNamespace(set_property=lambda name, value: None)
        parts = types.SimpleNamespace(includedirs=[xsimd])
        self.dependencies = {"xsimd": types.SimpleNamespace(
            cpp_info=types.SimpleNamespace(aggregated_components=lambda: parts))}


def module(name, **members):
    made = types.ModuleType(name)
    vars(made).update(members)
    sys.modules[name] = made


def load(recipe, path):
    with open(path, encoding="utf-8") as file:
        return file.read()


module("conan", ConanFile=ConanFile)
module("conan.errors", ConanInvalidConfiguration=ValueError)
module("conan.tools")
module("conan.tools.build", check_min_cppstd=lambda recipe, standard: None, can_run=lambda recipe: True)
module("conan.tools.cmake", CMake=Anything, CMakeDeps=Anything, CMakeToolchain=Toolchain,
       cmake_layout=lambda recipe: None)
module("conan.tools.files", copy=copy, load=load)


def recipe_class(directory, name):
    spec = importlib.util.spec_from_file_location("recipe", os.path.join(directory, "conanfile.py"))
    loaded = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(loaded)
    return getattr(loaded, name)


shutil.rmtree(folder, ignore_errors=True)
recipe = recipe_class(recipe_dir, "CarouselConan")()
recipe.set_version()
assert recipe.version == version, f"the recipe is of {recipe.version}, not {version}"
recipe.export_sources_folder = os.path.join(folder, "export")
recipe.export_sources()
recipe.layout()
recipe.requirements()
assert [what.split("/")[0] for what in recipe.required] == ["xsimd", "nlohmann_json"]
recipe.validate()
recipe.settings.os = "Windows"
try:
    recipe.validate()
    sys.exit("Windows was accepted")
except ValueError:
    recipe.settings.os = "Linux"
recipe.generate()
recipe.source_folder = recipe.export_sources_folder
recipe.package_folder = os.path.join(folder, "package")
recipe.build()
recipe.package()
recipe.package_info()
assert recipe.cpp_info.libs == ["carousel"] and "CAROUSEL_STATIC" in recipe.cpp_info.defines
recipe_class(os.path.join(recipe_dir, "test_package"), "CarouselTestConan")

options = [f"-D{name}={str(value).upper() if isinstance(value, bool) else value}"
           for name, value in configured[0].cache_variables.items()]
result = subprocess.run(
    [cmake, "-S", recipe.export_sources_folder, "-B", os.path.join(folder, "build"), *options],
    capture_output=True, text=True, check=False)
assert result.returncode == 0, result.stdout + result.stderr
assert "Manually-specified variables were not used" not in result.stderr, result.stderr
print(f"Conan recipe of {version}: its methods run, and what it exports can be configured")
