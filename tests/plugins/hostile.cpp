// SPDX-License-Identifier: Apache-2.0
// A plug-in that does what the scalar backend does, but one thing wrong: what its file's name says,
// up to the first dot. The tests copy it to such names.
#include "backends/scalar/scalar_backend.hpp"

#include <carousel/plugin.hpp>

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace {

carousel_plugin real;
std::string name;

/// "nan.2" for /some/where/libcarousel_backend_nan.2.so
std::string file_name() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&file_name), &info) == 0) return {};
  const std::string file = info.dli_fname;
  const std::size_t begin = file.find_last_of('_') + 1;
  return file.substr(begin, file.find_last_of('.') - begin);
}

[[noreturn]] void sleep_for_ever() {
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

std::int32_t fail(char* text, std::size_t size) {
  (void)std::snprintf(text, size, "the dog ate it");
  return CAROUSEL_INTERNAL_ERROR;
}

/// No end, and nothing that could be printed.
std::int32_t fail_with_garbage(char* text, std::size_t size) {
  std::memset(text, '\xFF', size);
  return CAROUSEL_INTERNAL_ERROR;
}

using Spec = const carousel_layer_spec*;
using Layer = const carousel_plugin_layer*;
using Workspace = carousel_plugin_workspace*;
using Args = const carousel_plugin_args*;
using Weights = const carousel_weights*;
using Options = const carousel_plugin_options*;

void wrong_table(const std::string& what, carousel_plugin& t) {
  const std::map<std::string, std::function<void()>> crimes{
      {"abi", [&] { t.abi_version = 7; }},
      {"old", [&] { t.abi_version = 1; }},
      {"struct-size", [&] { t.struct_size = 24; }},
      {"spec-size", [&] { t.spec_size = 8; }},
      {"args-size", [&] { t.args_size = std::size_t{1} << 60U; }},
      {"null-function", [&] { t.workspace_create = nullptr; }},
      {"null-name", [&] { t.name = nullptr; }},
      {"bad-name", [&] { t.name = "two words\n"; }},
      {"taken-name", [&] { t.name = "scalar"; }},
      {"null-version", [&] { t.version = nullptr; }},
      {"newer", [&] { t.struct_size += 64; }},  // this one is right
  };
  if (const auto found = crimes.find(what); found != crimes.end()) found->second();
}

void wrong_answers(const std::string& what, carousel_plugin& t) {
  if (what == "unavailable") {
    t.available = [](char* text, std::size_t size) -> std::int32_t {
      (void)std::snprintf(text, size, "needs an abacus");
      return CAROUSEL_UNSUPPORTED;
    };
  } else if (what == "fails-always" || what == "fails-available") {
    t.available = fail;
  } else if (what == "garbage-available") {
    t.available = fail_with_garbage;
  } else if (what == "throws-available") {
    t.available = [](char*, std::size_t) -> std::int32_t { throw std::runtime_error("at once"); };
  } else if (what == "sleeps-available") {
    t.available = [](char*, std::size_t) -> std::int32_t { sleep_for_ever(); };
  } else if (what == "fails-supports") {
    t.supports = [](Spec, char* text, std::size_t size) { return fail(text, size); };
  } else if (what == "throws-supports") {
    t.supports = [](Spec, char*, std::size_t) -> std::int32_t { throw std::logic_error("never"); };
  } else if (what == "sleeps-supports") {
    t.supports = [](Spec, char*, std::size_t) -> std::int32_t { sleep_for_ever(); };
  } else if (what == "agreeable") {
    t.supports = [](Spec spec, char* text, std::size_t size) {
      const std::int32_t answer = real.supports(spec, text, size);
      return spec->kind >= CAROUSEL_LAYER_KIND_END ? std::int32_t{CAROUSEL_OK} : answer;
    };
  } else if (what == "silent-supports") {
    t.supports = [](Spec, char*, std::size_t) -> std::int32_t { return CAROUSEL_UNSUPPORTED; };
  }
}

void wrong_layers(const std::string& what, carousel_plugin& t) {
  if (what == "fails-layer") {
    t.layer_create = [](Spec, Weights, Options, carousel_plugin_layer**, char* text,
                        std::size_t size) { return fail(text, size); };
  } else if (what == "throws-layer") {
    t.layer_create = [](Spec, Weights, Options, carousel_plugin_layer**, char*,
                        std::size_t) -> std::int32_t { throw 42; };
  } else if (what == "bare-status-layer") {
    t.layer_create = [](Spec, Weights, Options, carousel_plugin_layer**, char*,
                        std::size_t) -> std::int32_t { return CAROUSEL_FILE_NOT_FOUND; };
  } else if (what == "null-layer") {
    t.layer_create = [](Spec, Weights, Options, carousel_plugin_layer**, char*,
                        std::size_t) -> std::int32_t { return CAROUSEL_OK; };
  } else if (what == "huge-layer") {
    t.layer_memory_bytes = [](Layer) { return std::numeric_limits<std::size_t>::max(); };
  } else if (what == "fails-workspace") {
    t.workspace_create = [](Layer, std::int64_t, std::int64_t, carousel_plugin_workspace**,
                            char* text, std::size_t size) { return fail(text, size); };
  } else if (what == "throws-workspace") {
    t.workspace_create = [](Layer, std::int64_t, std::int64_t, carousel_plugin_workspace**, char*,
                            std::size_t) -> std::int32_t { throw std::bad_alloc(); };
  } else if (what == "throws-destroy") {
    t.layer_destroy = [](carousel_plugin_layer* layer) {
      real.layer_destroy(layer);
      throw std::runtime_error("too late");
    };
  }
}

void wrong_forward(const std::string& what, carousel_plugin& t) {
  if (what == "fails-forward") {
    t.forward = [](Layer, Workspace, Args, const char** error) -> std::int32_t {
      *error = "no more coffee";
      return CAROUSEL_OUT_OF_MEMORY;
    };
  } else if (what == "silent-forward") {
    t.forward = [](Layer, Workspace, Args, const char**) -> std::int32_t { return 99; };
  } else if (what == "throws-forward") {
    t.forward = [](Layer, Workspace, Args, const char**) -> std::int32_t {
      throw std::runtime_error("in the middle");
    };
  } else if (what == "crashes-forward") {
    t.forward = [](Layer, Workspace, Args, const char**) -> std::int32_t { std::abort(); };
  } else if (what == "sleeps-forward") {
    t.forward = [](Layer, Workspace, Args, const char**) -> std::int32_t { sleep_for_ever(); };
  } else if (what == "nan") {
    t.forward = [](Layer layer, Workspace workspace, Args args, const char** error) {
      const std::int32_t status = real.forward(layer, workspace, args, error);
      if (args->steps > 0 && args->batch > 0) args->y[0] = std::numeric_limits<float>::quiet_NaN();
      return status;
    };
  } else if (what == "wrong-number") {
    t.forward = [](Layer layer, Workspace workspace, Args args, const char** error) {
      const std::int32_t status = real.forward(layer, workspace, args, error);
      if (args->steps > 0 && args->batch > 0) args->y[0] += 0.001F;
      return status;
    };
  } else if (what == "out-of-bounds") {
    t.forward = [](Layer layer, Workspace workspace, Args args, const char** error) {
      const std::int32_t status = real.forward(layer, workspace, args, error);
      if (args->steps > 0 && args->batch > 0) args->y[-1] = 0.0F;
      return status;
    };
  }
}

std::mutex mutex;  // of what is kept here

/// Makes its layers when their first workspace is asked for, of weights that are gone by then.
struct LateLayer {
  carousel_layer_spec spec;
  std::deque<std::string> roles;
  std::deque<std::vector<std::int64_t>> shapes;
  std::vector<carousel_tensor> tensors;
  carousel_plugin_options options;
  carousel_plugin_layer* made = nullptr;
};

std::int32_t keep_weights(Spec spec, Weights weights, Options options, carousel_plugin_layer** made,
                          char*, std::size_t) {
  auto* late = new LateLayer{*spec, {}, {}, {}, *options};
  for (std::size_t k = 0; k < weights->count; ++k) {
    carousel_tensor& kept = late->tensors.emplace_back(weights->tensors[k]);
    kept.role = late->roles.emplace_back(kept.role).c_str();
    kept.shape = late->shapes.emplace_back(kept.shape, kept.shape + kept.rank).data();
  }
  *made = reinterpret_cast<carousel_plugin_layer*>(late);
  return CAROUSEL_OK;
}

std::int32_t make_late(Layer layer, std::int64_t batch, std::int64_t steps, Workspace* made,
                       char* text, std::size_t size) {
  auto& late = *reinterpret_cast<LateLayer*>(const_cast<carousel_plugin_layer*>(layer));
  const carousel_weights weights{sizeof weights, late.tensors.size(), late.tensors.data()};
  if (late.made == nullptr) {
    const std::int32_t status =
        real.layer_create(&late.spec, &weights, &late.options, &late.made, text, size);
    if (status != CAROUSEL_OK) return status;
  }
  return real.workspace_create(late.made, batch, steps, made, text, size);
}

void keep_all_weights(carousel_plugin& t) {
  t.layer_create = keep_weights;
  t.workspace_create = make_late;
  t.layer_memory_bytes = [](Layer) -> std::size_t { return 0; };
  t.layer_destroy = [](carousel_plugin_layer* layer) {
    auto* late = reinterpret_cast<LateLayer*>(layer);
    if (late->made != nullptr) real.layer_destroy(late->made);
    delete late;
  };
  t.forward = [](Layer layer, Workspace workspace, Args args, const char** error) {
    return real.forward(reinterpret_cast<const LateLayer*>(layer)->made, workspace, args, error);
  };
}

/// All streams of a layer, batch and number of steps have the same scratch.
void share_scratch(carousel_plugin& t) {
  t.workspace_create = [](Layer layer, std::int64_t batch, std::int64_t steps, Workspace* made,
                          char* text, std::size_t size) -> std::int32_t {
    static std::map<std::tuple<Layer, std::int64_t, std::int64_t>, Workspace> all;
    const std::lock_guard lock(mutex);
    Workspace& one = all[{layer, batch, steps}];
    const std::int32_t status =
        one == nullptr ? real.workspace_create(layer, batch, steps, &one, text, size) : CAROUSEL_OK;
    *made = one;
    return status;
  };
  t.workspace_destroy = [](Workspace) {};
  t.layer_destroy = [](carousel_plugin_layer*) {};  // or a new one might have its address
}

/// Takes the batch that callers expect for a limit.
void limit_batch(carousel_plugin& t) {
  static std::map<Layer, std::int64_t> limits;
  t.layer_create = [](Spec spec, Weights weights, Options options, carousel_plugin_layer** made,
                      char* text, std::size_t size) -> std::int32_t {
    const std::int32_t status = real.layer_create(spec, weights, options, made, text, size);
    const std::lock_guard lock(mutex);
    limits[*made] = options->batch;
    return status;
  };
  t.workspace_create = [](Layer layer, std::int64_t batch, std::int64_t steps, Workspace* made,
                          char* text, std::size_t size) -> std::int32_t {
    {
      const std::lock_guard lock(mutex);
      if (batch > limits[layer]) return fail(text, size);
    }
    return real.workspace_create(layer, batch, steps, made, text, size);
  };
}

void wants_alignment(carousel_plugin& t) {
  t.layer_create = [](Spec spec, Weights weights, Options options, carousel_plugin_layer** made,
                      char* text, std::size_t size) -> std::int32_t {
    for (std::size_t k = 0; k < weights->count; ++k) {
      if (reinterpret_cast<std::uintptr_t>(weights->tensors[k].data) % 16 != 0) {
        return fail(text, size);
      }
    }
    return real.layer_create(spec, weights, options, made, text, size);
  };
}

/// What only shows where callers do more than usual.
void wrong_promises(const std::string& what, carousel_plugin& t) {
  if (what == "keeps-weights") keep_all_weights(t);
  if (what == "shares-scratch") share_scratch(t);
  if (what == "limits-batch") limit_batch(t);
  if (what == "wants-alignment") wants_alignment(t);
}

}  // namespace

const carousel_plugin* carousel_backend_plugin(const carousel_plugin_host*, char* error,
                                               size_t error_size) {
  const std::string full = file_name();
  const std::string what = full.substr(0, full.find('.'));
  if (what == "throws-entry") throw std::runtime_error("no way in");
  if (what == "sleeps-entry") sleep_for_ever();
  if (what == "no-table") {
    (void)fail(error, error_size);
    return nullptr;
  }
  name = "hostile-" + full;
  const carousel_plugin* table = carousel::export_backend(
      []() -> const carousel::Backend& { return carousel::scalar_backend(); }, name.c_str(), error,
      error_size);
  if (table == nullptr) return nullptr;
  real = *table;
  static carousel_plugin wrong;
  wrong = real;
  wrong_table(what, wrong);
  wrong_answers(what, wrong);
  wrong_layers(what, wrong);
  wrong_forward(what, wrong);
  wrong_promises(what, wrong);
  return &wrong;
}
