// SPDX-License-Identifier: Apache-2.0
// The plug-in's side: the C table on top of a Backend. Knows nothing of the host.
#include "core/plugins/c_spec.hpp"
#include "core/plugins/c_weights.hpp"

#include <carousel/plugin.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>

// What the opaque handles are.
struct carousel_plugin_layer {
  carousel::LayerSpec spec;
  std::unique_ptr<carousel::Layer> layer;
};

struct carousel_plugin_workspace {
  std::unique_ptr<carousel::Workspace> workspace;
};

namespace carousel {
namespace {

/// The exported backend, with the strings of its table.
struct Exported {
  const Backend& backend;
  std::string name;
  std::string version;
  std::string description;
  carousel_plugin table;
};

std::optional<Exported>& exported() {
  static std::optional<Exported> one;
  return one;
}

void write_text(const char* text, char* to, std::size_t size) noexcept {
  if (to == nullptr || size == 0) return;
  const std::size_t count = std::min(std::strlen(text), size - 1);
  std::memcpy(to, text, count);
  to[count] = '\0';
}

/// Runs `work`, turning what it throws into a status and a text.
template <class Work>
std::int32_t guarded(char* error, std::size_t error_size, Work&& work) noexcept {
  try {
    return work();
  } catch (const Error& e) {
    write_text(e.what(), error, error_size);
    return static_cast<std::int32_t>(e.code());
  } catch (const std::bad_alloc&) {
    write_text("out of memory", error, error_size);
    return CAROUSEL_OUT_OF_MEMORY;
  } catch (const std::exception& e) {
    write_text(e.what(), error, error_size);
  } catch (...) {
    write_text("an exception of unknown type", error, error_size);
  }
  return CAROUSEL_INTERNAL_ERROR;
}

std::int32_t answer(const Support& support, char* reason, std::size_t size) noexcept {
  if (support) return CAROUSEL_OK;
  write_text(support.reason.c_str(), reason, size);
  return CAROUSEL_UNSUPPORTED;
}

/// An older host's struct may be shorter: what it lacks is zero.
LayerSpec read_spec(const carousel_layer_spec& given) {
  carousel_layer_spec spec{};
  std::memcpy(&spec, &given, std::min(given.struct_size, sizeof spec));
  return c_types::from_c(spec);
}

/// The backend's answer; a no if the host is newer than this plug-in, and the spec has what the
/// latter does not know.
Support ask(const carousel_layer_spec& spec, Precision precision) {
  if (c_types::uses_members_past(&spec, spec.struct_size, sizeof spec)) {
    return Support::no("the layer is of a kind that this plug-in does not know");
  }
  LayerSpec known;
  try {
    known = read_spec(spec);
  } catch (const Error& error) {
    return Support::no(error.what());
  }
  return exported()->backend.supports(known, precision);
}

std::int32_t available(char* reason, std::size_t size) {
  return guarded(reason, size,
                 [&] { return answer(exported()->backend.available(cpu()), reason, size); });
}

std::int32_t supports(const carousel_layer_spec* spec, char* reason, std::size_t size) {
  return guarded(reason, size,
                 [&] { return answer(ask(*spec, Precision::float32), reason, size); });
}

std::int32_t supports_precision(const carousel_layer_spec* spec, std::int32_t precision,
                                char* reason, std::size_t size) {
  return guarded(reason, size, [&] {
    return answer(ask(*spec, c_types::precision_from_c(precision, "supports_precision")), reason,
                  size);
  });
}

std::int32_t sets_apart(const carousel_layer_spec* spec, std::uint32_t* what, char* reason,
                        std::size_t size) {
  return guarded(reason, size, [&] {
    const SetApart apart = exported()->backend.sets_apart(read_spec(*spec));
    *what = apart.not_finite ? CAROUSEL_SET_APART_NOT_FINITE : CAROUSEL_SET_APART_NOTHING;
    write_text(apart.reason.c_str(), reason, size);
    return std::int32_t{CAROUSEL_OK};
  });
}

std::int32_t layer_create(const carousel_layer_spec* c_spec, const carousel_weights* weights,
                          const carousel_plugin_options* options, carousel_plugin_layer** layer,
                          char* error, std::size_t error_size) {
  return guarded(error, error_size, [&] {
    const LayerSpec spec = read_spec(*c_spec);
    *layer = new carousel_plugin_layer{
        spec, exported()->backend.prepare(
                  spec, c_types::from_c(*weights, spec, "the layer"),
                  {.threads = options->threads,
                   .exact_threads = options->exact_threads != 0,
                   .batch = options->batch,
                   .steps = options->steps,
                   .precision = c_types::precision_from_c(options->precision, "options")})};
    return std::int32_t{CAROUSEL_OK};
  });
}

std::size_t layer_memory_bytes(const carousel_plugin_layer* layer) {
  return layer->layer->memory_bytes();
}

void layer_destroy(carousel_plugin_layer* layer) { delete layer; }

std::int32_t workspace_create(const carousel_plugin_layer* layer, std::int64_t batch,
                              std::int64_t max_steps, carousel_plugin_workspace** workspace,
                              char* error, std::size_t error_size) {
  return guarded(error, error_size, [&] {
    *workspace = new carousel_plugin_workspace{
        layer->layer->workspace({.batch = batch, .max_steps = max_steps})};
    return std::int32_t{CAROUSEL_OK};
  });
}

std::size_t workspace_memory_bytes(const carousel_plugin_workspace* workspace) {
  return workspace->workspace->memory_bytes();
}

void workspace_destroy(carousel_plugin_workspace* workspace) { delete workspace; }

std::int32_t forward(const carousel_plugin_layer* layer, carousel_plugin_workspace* workspace,
                     const carousel_plugin_args* a, const char** error) {
  const SequenceView<const float> x{
      a->x, a->steps, a->batch, input_size(layer->spec), a->x_step_stride, a->x_batch_stride};
  const Status status =
      layer->layer->forward({.inputs = {&x, 1},
                             .y = {a->y, a->steps, a->batch, output_size(layer->spec),
                                   a->y_step_stride, a->y_batch_stride},
                             .lengths = a->lengths,
                             .states = {a->states, static_cast<std::size_t>(a->state_count)}},
                            *workspace->workspace);
  if (status) return CAROUSEL_OK;
  *error = status.message();
  return CAROUSEL_INTERNAL_ERROR;
}

carousel_plugin make_table(const Exported& from) {
  return {.abi_version = CAROUSEL_PLUGIN_ABI_VERSION,
          .reserved = 0,
          .struct_size = sizeof(carousel_plugin),
          .spec_size = sizeof(carousel_layer_spec),
          .args_size = sizeof(carousel_plugin_args),
          .name = from.name.c_str(),
          .version = from.version.c_str(),
          .description = from.description.c_str(),
          .available = available,
          .supports = supports,
          .layer_create = layer_create,
          .layer_memory_bytes = layer_memory_bytes,
          .layer_destroy = layer_destroy,
          .workspace_create = workspace_create,
          .workspace_memory_bytes = workspace_memory_bytes,
          .workspace_destroy = workspace_destroy,
          .forward = forward,
          .supports_precision = supports_precision,
          .sets_apart = sets_apart};
}

std::string id(const Backend& backend) {
  std::string text(backend.family());
  if (!backend.isa().empty()) text.append(":").append(backend.isa());
  return text;
}

}  // namespace

const carousel_plugin* export_backend(const Backend& (*make)(), const char* name, char* error,
                                      std::size_t error_size) noexcept {
  const std::int32_t status = guarded(error, error_size, [&] {
    const Backend& backend = make();
    std::optional<Exported>& one = exported();
    if (one.has_value()) {
      if (&one->backend == &backend) return std::int32_t{CAROUSEL_OK};
      throw Error(ErrorCode::invalid_argument,
                  "this plug-in has exported another backend, " + one->name);
    }
    one.emplace(Exported{
        backend, *name == '\0' ? id(backend) : name, backend.version(), backend.description(), {}});
    one->table = make_table(*one);
    return std::int32_t{CAROUSEL_OK};
  });
  return status == CAROUSEL_OK ? &exported()->table : nullptr;
}

}  // namespace carousel
