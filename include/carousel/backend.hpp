// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cpu.hpp>
#include <carousel/error.hpp>
#include <carousel/export.h>
#include <carousel/model.hpp>
#include <carousel/precision.hpp>
#include <carousel/spec.hpp>
#include <carousel/view.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The seam between the engine and the ways to execute a layer: implement `Backend`, `Layer` and
/// `Workspace` and add one line to backends/list.cpp.
namespace carousel {

/// A yes, or a no with the reason that people are shown.
struct Support {
  bool ok = true;
  std::string reason{};
  bool fault = false;  ///< not a refusal: a plug-in failed to answer

  [[nodiscard]] static Support yes() { return {}; }
  [[nodiscard]] static Support no(std::string reason) { return {false, std::move(reason)}; }
  explicit operator bool() const noexcept { return ok; }
};

/// What a backend sets apart: rules about numbers (see "Numbers" in plugin.h) that it is known not
/// to keep, so that conformance counts these apart with the reason instead of judging them.
struct SetApart {
  bool not_finite = false;  ///< what comes of NaN and infinities in inputs, states or weights
  std::string reason{};     ///< for people; empty: nothing is set apart
};

struct LayerOptions {
  int threads = 1;             ///< how many threads one `forward` may use
  bool exact_threads = false;  ///< use them all even where fewer are faster
  std::int64_t batch = 1;      ///< The batch that the caller expects: a hint, never a limit.
  std::int64_t steps = 64;     ///< The steps per run that the caller expects: a hint as well.
  /// How to partition the work: one of `Backend::tilings`. Empty: as the backend thinks best.
  std::string tiling{};
  /// How weights are stored and multiplied, of a layer that `has_precision`.
  Precision precision = Precision::float32;
  /// A function that the layer applies to its outputs as it writes them; only where the backend's
  /// `fuses` said yes.
  std::optional<Activation> activation{};
};

struct WorkspaceOptions {
  std::int64_t batch = 1;      ///< exactly the batch of every `forward`
  std::int64_t max_steps = 1;  ///< the most steps of one `forward`
};

/// The mutable scratch of one stream for one layer: all a `forward` needs besides its arguments,
/// allocated beforehand. Used by one thread at a time.
class CAROUSEL_API Workspace {
 public:
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  virtual ~Workspace() = default;
  [[nodiscard]] virtual std::size_t memory_bytes() const noexcept = 0;
};

/// The arguments of one `Layer::forward`. Sizes have been checked by the caller.
struct ForwardArgs {
  /// What the layer reads, [steps, batch, input_size] each: `input_count` sequences, none for a
  /// layer that takes ids. Of several, some may have a single step, which is used at every step.
  std::span<const SequenceView<const float>> inputs{};
  /// What a layer that takes ids reads, [steps, batch, 1].
  SequenceView<const std::int32_t> ids{};
  /// What the layer writes, [output_steps, batch, output_size]; of a bidirectional layer the
  /// forward direction in [0, state_size), the reverse one in [state_size, 2 * state_size).
  SequenceView<float> y{};
  /// Real steps per batch row, each in [0, steps]; null: all rows have `steps`. Outputs of a
  /// recurrent layer past the end are set to zero, its final state is that of the last real step,
  /// and the reverse direction starts there (PyTorch's packed sequences). The state of a causal
  /// convolution is that of the last real step. `reduce_steps` and `select_steps` look at them if
  /// their spec says so. All other layers work on every step; ids past the end may be anything, and
  /// what is no id gives zeros.
  const std::int64_t* lengths = nullptr;
  /// State in and out, in the order of `states(spec)`: each dense, [batch, size].
  std::span<float* const> states{};

  /// The first input.
  [[nodiscard]] const SequenceView<const float>& x() const noexcept { return inputs.front(); }
};

/// One layer prepared (packed) by one backend. Immutable and shared by threads.
class CAROUSEL_API Layer {
 public:
  Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;
  virtual ~Layer() = default;

  /// Allocates everything `forward` will need for streams of this shape. Thread-safe.
  [[nodiscard]] virtual std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const = 0;

  /// Runs `x.steps` steps. No allocation, lock, system call (with one thread) or exception.
  /// Inputs and `y` must not overlap, but for an activation, which may work in place. `workspace`
  /// is one that this layer made.
  virtual Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept = 0;

  /// Bytes held by the packed weights.
  [[nodiscard]] virtual std::size_t memory_bytes() const noexcept = 0;
};

/// A way to execute one layer on this CPU. Stateless, process-wide.
class CAROUSEL_API Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  /// "scalar", "xsimd", "onednn"
  [[nodiscard]] virtual std::string_view family() const noexcept = 0;
  /// The instruction set of this variant ("avx512"), empty where a family has only one.
  [[nodiscard]] virtual std::string_view isa() const noexcept { return {}; }
  /// What it is and which library version it stands on, in one line.
  [[nodiscard]] virtual std::string description() const = 0;
  /// Changes whenever its speed, packing or numbers may: part of the key of what the planner keeps
  /// on disk. Usually the version of the library it stands on and one of its own, in one line.
  [[nodiscard]] virtual std::string version() const = 0;
  /// "xsimd:avx512", or just the family
  [[nodiscard]] std::string id() const;

  /// Whether this CPU and operating system can run it at all.
  [[nodiscard]] virtual Support available(const CpuFeatures& cpu) const = 0;
  /// Whether it can run this layer with weights of this precision, given that it is available. The
  /// precision does not matter to layers that have none (see `has_precision`).
  [[nodiscard]] virtual Support supports(const LayerSpec& spec, Precision precision) const = 0;
  /// What it does not promise for layers of this spec, which it supports: nothing, unless a backend
  /// stands on a library that is known to differ. Throws Error where a plug-in fails to answer.
  [[nodiscard]] virtual SetApart sets_apart(const LayerSpec& spec) const;
  /// Whether a layer of this spec can apply an elementwise activation function to its outputs as it
  /// writes them (`LayerOptions::activation`), with the same bits as a layer of its own.
  [[nodiscard]] virtual bool fuses(const LayerSpec& spec, const Activation& function) const;
  /// The ways in which it can partition the work of this layer, by name, in the order of
  /// preference; the first is what it does when it is told nothing. Results are the same to the
  /// bit. Empty: there is one way. `options.tiling` is not looked at.
  [[nodiscard]] virtual std::vector<std::string> tilings(const LayerSpec& spec,
                                                         const LayerOptions& options) const;
  /// Packs the weights, of which every required one is there and has its shape, in whatever dtype
  /// (see `Float32View`); nothing is kept of them. Called only after `available` and `supports`
  /// said yes. Throws Error, also when `options.tiling` is the name of no tiling of this layer (see
  /// `require_tiling`).
  [[nodiscard]] virtual std::unique_ptr<Layer> prepare(const LayerSpec& spec,
                                                       const Weights& weights,
                                                       const LayerOptions& options) const = 0;

 protected:
  /// For `prepare`: throws Error when `options.tiling` is neither empty nor one of `tilings`.
  void require_tiling(const LayerSpec& spec, const LayerOptions& options) const;
};

/// One line of the table of backends: a backend, or the reason why there is none.
struct BackendEntry {
  const Backend* backend = nullptr;
  std::string_view name;            ///< id, also when `backend` is null
  std::string_view missing_reason;  ///< empty when there is one
  std::string_view plugin{};        ///< the plug-in's file; empty: built in
};

/// Every backend this process knows, in priority order (the order in which `auto` tries them):
/// those of the build, then plug-ins in the order in which they were loaded. A plug-in by the name
/// of one that the build lacks stands in its place.
///
/// The first call loads the plug-ins of the environment variable CAROUSEL_PLUGIN_PATH, a list of
/// absolute paths separated by colons: files, and folders of files libcarousel_backend_*.so. Those
/// that cannot be loaded are entries with the reason. Spans stay valid and as they are for good;
/// `load_plugin` makes the next one longer. Thread-safe.
[[nodiscard]] CAROUSEL_API std::span<const BackendEntry> backends();

/// Loads the plug-in in a shared library (see plugin.h), for good, and adds it to `backends()`; if
/// it has been loaded before, returns what it was then. `path` is absolute. Throws Error naming the
/// file and what is wrong with it, and then changes nothing. Files that others than root and the
/// user may replace or write to are refused (see docs/plugins.md). Thread-safe.
CAROUSEL_API const Backend& load_plugin(const std::filesystem::path& path);

/// The backends that a choice names: "auto", a family ("xsimd") or an id ("xsimd:avx2"), in
/// priority order; or several of these with commas between, "onednn,auto": those of the first, then
/// those of the next that are not among them. Throws Error listing the choices when one of them
/// names no backend, or when this CPU can run none of those that are named.
[[nodiscard]] CAROUSEL_API std::vector<const Backend*> select_backends(std::string_view choice);

/// The same as a list for each of the choices between commas. A layer is run by the first list that
/// has a backend for it.
[[nodiscard]] CAROUSEL_API std::vector<std::vector<const Backend*>> select_alternatives(
    std::string_view choice);

/// The first backend of `choice` that supports `spec` in this precision. Throws Error with each
/// refusal's reason.
[[nodiscard]] CAROUSEL_API const Backend& select_backend(std::string_view choice,
                                                         const LayerSpec& spec,
                                                         Precision precision = Precision::float32);

}  // namespace carousel
