// SPDX-License-Identifier: Apache-2.0
// Loads every plug-in named on the command line into one process, symbols global as badly behaved
// hosts do, and expects the same result from each, interleaved.
#include <dlfcn.h>

#include <cmath>
#include <cstdio>
#include <vector>

namespace {

using Run = int (*)(const float*, float*);

Run load(const char* file) {
  void* library = dlopen(file, RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return nullptr;
  }
  return reinterpret_cast<Run>(dlsym(library, "plugin_run"));
}

bool agrees(Run run, std::vector<float>& expected) {
  const std::vector<float> x(8, 0.5F);
  std::vector<float> y(8);
  if (run(x.data(), y.data()) != 0) return false;
  if (expected.empty()) expected = y;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!(std::abs(y[i] - expected[i]) < 1e-5F)) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Run> plugins;
  for (int i = 1; i < argc; ++i) {
    plugins.push_back(load(argv[i]));
    if (plugins.back() == nullptr) return 1;
  }
  std::vector<float> expected;
  for (int round = 0; round < 3; ++round) {
    for (const Run run : plugins) {
      if (!agrees(run, expected)) return 1;
    }
  }
  std::printf("%zu plug-ins agree\n", plugins.size());
  return plugins.size() == 3 ? 0 : 1;
}
