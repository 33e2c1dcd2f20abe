// SPDX-License-Identifier: Apache-2.0
// Loads a library that contains Carousel, uses it on the main thread and on another one, unloads it
// while both still live, and ends them.
#include <dlfcn.h>

#include <cstdio>
#include <thread>

namespace {

int failed(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, dlerror());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (int round = 0; round < 3; ++round) {
    void* const library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return failed("dlopen");
    const auto run_twice = reinterpret_cast<int (*)(const char*)>(dlsym(library, "run_twice"));
    if (run_twice == nullptr) return failed("dlsym");
    bool ok = run_twice("xsimd") == 1;
    std::thread other([&] {
      ok = run_twice("xsimd") == 1 && ok;
      if (dlclose(library) != 0) ok = false;
    });
    other.join();
    if (!ok) return failed("run or dlclose");
  }
  return 0;
}
