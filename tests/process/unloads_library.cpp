// SPDX-License-Identifier: Apache-2.0
// Loads a library that contains Carousel, uses it and unloads it: when no thread that used it lives
// any more, and while such threads live.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

/// Asked by LeakSanitizer: the list of backends is made once and never freed, and nothing points to
/// it once the library is unloaded.
extern "C" [[gnu::visibility("default")]] int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return 1; }

namespace {

using RunTwice = int (*)(const char*);

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "unloads_library: %s\n", what);
  std::exit(1);
}

struct Library {
  void* handle = nullptr;
  RunTwice run_twice = nullptr;
};

Library load(const char* file) {
  Library library;
  library.handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  require(library.handle != nullptr, "the library cannot be loaded");
  library.run_twice = reinterpret_cast<RunTwice>(dlsym(library.handle, "run_twice"));
  require(library.run_twice != nullptr, "the library has no run_twice");
  return library;
}

bool is_loaded(const char* file) {
  void* const handle = dlopen(file, RTLD_NOW | RTLD_NOLOAD);
  if (handle != nullptr) dlclose(handle);
  return handle != nullptr;
}

void run(const Library& library) { require(library.run_twice("xsimd") == 1, "a run"); }

void unload_after_the_thread(const char* file) {
  const Library library = load(file);
  std::thread([&] { run(library); }).join();
  require(dlclose(library.handle) == 0, "dlclose");
  require(!is_loaded(file), "the library is still there");
}

void unload_before_the_threads_end(const char* file) {
  const Library library = load(file);
  run(library);
  std::thread([&] {
    run(library);
    require(dlclose(library.handle) == 0, "dlclose");
  }).join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (int round = 0; round < 3; ++round) unload_after_the_thread(argv[1]);
  for (int round = 0; round < 3; ++round) unload_before_the_threads_end(argv[1]);
  return 0;
}
