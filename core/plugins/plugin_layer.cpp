// SPDX-License-Identifier: Apache-2.0
#include "core/plugins/plugin_layer.hpp"

#include "core/plugins/answer.hpp"
#include "core/plugins/c_spec.hpp"
#include "core/plugins/c_weights.hpp"

#include "core/model/idle_clip.hpp"

#include <cstdint>
#include <type_traits>

namespace carousel::plugins {
namespace {

/// A handle and how to destroy it. What a destructor throws is lost: nobody could do anything.
template <class T>
struct Destroy {
  void (*function)(T*);
  void operator()(T* handle) const noexcept {
    try {
      function(handle);
    } catch (...) {  // NOLINT(bugprone-empty-catch)
    }
  }
};
using LayerHandle = std::unique_ptr<carousel_plugin_layer, Destroy<carousel_plugin_layer>>;
using WorkspaceHandle =
    std::unique_ptr<carousel_plugin_workspace, Destroy<carousel_plugin_workspace>>;

/// How many bytes the plug-in says a handle holds. No address space has more than 2^56.
template <class T>
std::size_t ask_bytes(const PluginBackend& backend, const char* function,
                      std::size_t (*f)(const T*), std::type_identity_t<const T*> handle) {
  constexpr std::size_t kMost = std::size_t{1} << 56U;
  std::size_t count = 0;
  const Answer answer = ask([&](char*, std::size_t) {
    count = f(handle);
    return std::int32_t{CAROUSEL_OK};
  });
  if (!answer.ok()) {
    throw Error(ErrorCode::plugin_failed,
                backend.in_file(std::string(function) + " " + answer.text));
  }
  if (count < kMost) return count;
  throw Error(ErrorCode::plugin_failed,
              backend.in_file(std::string(function) + " says " + std::to_string(count) +
                              " bytes, more than any memory has"));
}

/// What a status of the plug-in's stands for in an Error of ours.
ErrorCode code_of(std::int32_t status) {
  switch (status) {
    case CAROUSEL_UNSUPPORTED: return ErrorCode::unsupported;
    case CAROUSEL_OUT_OF_MEMORY: return ErrorCode::out_of_memory;
    default: return ErrorCode::plugin_failed;
  }
}

void require_ok(const PluginBackend& backend, const char* function, const Answer& answer,
                const void* handle, const std::string& what) {
  if (!answer.ok()) {
    throw Error(code_of(answer.status), backend.in_file(std::string(function) + " failed for " +
                                                        what + ": " + answer.text));
  }
  if (handle == nullptr) {
    throw Error(ErrorCode::plugin_failed,
                backend.in_file(std::string(function) + " said that all is well for " + what +
                                ", but gave nothing"));
  }
}

class PluginWorkspace final : public Workspace {
 public:
  PluginWorkspace(const PluginBackend& backend, WorkspaceHandle handle)
      : handle_(std::move(handle)),
        bytes_(ask_bytes(backend, "workspace_memory_bytes", backend.table().workspace_memory_bytes,
                         handle_.get())) {}

  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return bytes_; }
  [[nodiscard]] carousel_plugin_workspace* handle() const noexcept { return handle_.get(); }

 private:
  WorkspaceHandle handle_;
  std::size_t bytes_;
};

class PluginLayer final : public Layer {
 public:
  PluginLayer(const PluginBackend& backend, const LayerSpec& spec, LayerHandle handle)
      : backend_(backend),
        spec_(spec),
        handle_(std::move(handle)),
        forward_(backend.table().forward),
        looks_at_lengths_(std::holds_alternative<RecurrentSpec>(spec)),
        bytes_(ask_bytes(backend, "layer_memory_bytes", backend.table().layer_memory_bytes,
                         handle_.get())) {}

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions& o) const override {
    const carousel_plugin& table = backend_.table();
    carousel_plugin_workspace* made = nullptr;
    const Answer answer = ask([&](char* error, std::size_t size) {
      return table.workspace_create(handle_.get(), o.batch, o.max_steps, &made, error, size);
    });
    require_ok(backend_, "workspace_create", answer, made, describe(spec_));
    return std::make_unique<PluginWorkspace>(backend_,
                                             WorkspaceHandle(made, {table.workspace_destroy}));
  }

  Status forward(const ForwardArgs& a, Workspace& workspace) const noexcept override {
    const carousel_plugin_args args{.struct_size = sizeof args,
                                    .steps = a.x().steps,
                                    .batch = a.x().batch,
                                    .x = a.x().data,
                                    .x_step_stride = a.x().step_stride,
                                    .x_batch_stride = a.x().batch_stride,
                                    .y = a.y.data,
                                    .y_step_stride = a.y.step_stride,
                                    .y_batch_stride = a.y.batch_stride,
                                    .lengths = looks_at_lengths_ ? a.lengths : nullptr,
                                    .states = a.states.data(),
                                    .state_count = static_cast<std::int64_t>(a.states.size())};
    const char* error = nullptr;
    try {
      const std::int32_t status =
          forward_(handle_.get(), static_cast<PluginWorkspace&>(workspace).handle(), &args, &error);
      return status == CAROUSEL_OK ? Status() : backend_.failure(status, error);
    } catch (...) {
      return backend_.threw();
    }
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return bytes_; }

 private:
  const PluginBackend& backend_;
  LayerSpec spec_;
  LayerHandle handle_;
  decltype(carousel_plugin::forward) forward_;
  bool looks_at_lengths_;
  std::size_t bytes_;
};

}  // namespace

std::unique_ptr<Layer> make_plugin_layer(const PluginBackend& backend, const LayerSpec& spec,
                                         const Weights& weights, const LayerOptions& options) {
  const carousel_plugin& table = backend.table();
  const carousel_layer_spec c_spec = c_types::to_c(without_idle_clip(spec));
  const c_types::FloatWeights floats(spec, weights);
  const carousel_plugin_options c_options{.struct_size = sizeof c_options,
                                          .threads = options.threads,
                                          .exact_threads = options.exact_threads ? 1 : 0,
                                          .batch = options.batch,
                                          .steps = options.steps,
                                          .precision = static_cast<std::int32_t>(options.precision),
                                          .reserved = 0};
  carousel_plugin_layer* made = nullptr;
  const Answer answer = ask([&](char* error, std::size_t size) {
    return table.layer_create(&c_spec, &floats.c(), &c_options, &made, error, size);
  });
  require_ok(backend, "layer_create", answer, made, describe(spec));
  return std::make_unique<PluginLayer>(backend, spec, LayerHandle(made, {table.layer_destroy}));
}

}  // namespace carousel::plugins
