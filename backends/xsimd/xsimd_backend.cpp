// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/xsimd_backend.hpp"

#include "backends/kind_backend.hpp"
#include "backends/version.hpp"
#include "backends/xsimd/host/layers.hpp"
#include "core/model/formatted.hpp"

#include <algorithm>
#include <span>

namespace carousel {
namespace {

/// To be raised with each change of speed, packing or numbers.
constexpr int kRevision = 18;

/// A way to multiply int8 numbers, and the CPU features that it needs besides those of its
/// instruction set.
struct Int8Choice {
  const simd::Int8Dot& dot;
  std::vector<std::string_view> features;
};

/// Those of these CPU features that are missing, with commas.
std::string missing_features(const CpuFeatures& cpu, std::span<const std::string_view> needed) {
  const std::vector<std::string> present = cpu.names();
  std::string missing;
  for (const std::string_view feature : needed) {
    if (std::ranges::find(present, feature) == present.end()) {
      missing += (missing.empty() ? "" : ", ") + std::string(feature);
    }
  }
  return missing;
}

/// One instruction set: its kernels, and the CPU features that they need.
struct Isa {
  std::string_view name;
  std::string_view description;
  const simd::Kernels& kernels;
  std::vector<std::string_view> features;  ///< as CpuFeatures::names() spells them
  std::vector<Int8Choice> int8;            ///< the fastest first; the last one needs nothing more
};

class XsimdBackend final : public KindBackend {
 public:
  explicit XsimdBackend(Isa isa) : isa_(std::move(isa)) {}

  [[nodiscard]] std::string_view family() const noexcept override { return "xsimd"; }
  [[nodiscard]] std::string_view isa() const noexcept override { return isa_.name; }
  [[nodiscard]] std::string description() const override {
    return formatted("{}, int8 by {}", isa_.description, int8_dot().name);
  }

  [[nodiscard]] std::string version() const override { return built_in_version(kRevision); }

  [[nodiscard]] Support available(const CpuFeatures& cpu) const override {
    const std::string missing = missing_features(cpu, isa_.features);
    if (missing.empty()) return Support::yes();
    const std::string why = "the CPU or operating system lacks " + missing;
    return Support::no(cpu.sve ? formatted("{}: its SVE vectors have {} bits", why, cpu.sve_bits)
                               : why);
  }

  [[nodiscard]] std::vector<std::string> tilings(const LayerSpec& spec,
                                                 const LayerOptions& options) const override {
    const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
    if (recurrent == nullptr) return {};
    return simd::recurrent_tilings(isa_.kernels, *recurrent, options);
  }

 protected:
  [[nodiscard]] Support supports_precision(Precision precision) const override {
    // The kernels of AVX2 convert float16 by instructions of F16C.
    if (precision == Precision::float16 && isa_.name == "avx2" && !cpu().f16c) {
      return Support::no("weights in float16 need f16c, which the CPU or operating system lacks");
    }
    return Support::yes();
  }
  [[nodiscard]] std::unique_ptr<Layer> prepare_recurrent(
      const RecurrentSpec& spec, const Weights& weights,
      const LayerOptions& options) const override {
    return simd::make_recurrent_layer(isa_.kernels, int8_dot(), spec, weights, options);
  }
  [[nodiscard]] std::unique_ptr<Layer> prepare_dense(const DenseSpec& spec, const Weights& weights,
                                                     const LayerOptions& options) const override {
    return simd::make_dense_layer(isa_.kernels, int8_dot(), spec, weights, options);
  }
  [[nodiscard]] bool dense_applies(ActivationKind kind) const override {
    return simd::has_vector_activation(kind);
  }
  [[nodiscard]] VectorActivation vector_activation(ActivationKind kind) const override {
    return simd::has_vector_activation(kind) ? isa_.kernels.activate : nullptr;
  }

 private:
  /// The fastest way to multiply int8 numbers on this CPU.
  [[nodiscard]] const simd::Int8Dot& int8_dot() const {
    const auto runs = [](const Int8Choice& choice) {
      return missing_features(cpu(), choice.features).empty();
    };
    const auto found = std::ranges::find_if(isa_.int8, runs);
    return (found == isa_.int8.end() ? isa_.int8.back() : *found).dot;
  }

  Isa isa_;
};

}  // namespace

#if defined(__x86_64__)

const Backend& xsimd_avx512_backend() {
  static const XsimdBackend backend(
      {"avx512",
       "16 floats a vector, fused multiply-add",
       simd::kernels_avx512,
       {"avx2", "fma", "avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"},
       {{simd::int8_dot_avx512_vnni, {"avx512_vnni"}}, {simd::int8_dot_avx512, {}}}});
  return backend;
}

const Backend& xsimd_avx2_backend() {
  static const XsimdBackend backend(
      {"avx2",
       "8 floats a vector, fused multiply-add",
       simd::kernels_avx2,
       {"avx", "avx2", "fma"},
       {{simd::int8_dot_avx2_vnni, {"avx_vnni"}}, {simd::int8_dot_avx2, {}}}});
  return backend;
}

const Backend& xsimd_sse2_backend() {
  static const XsimdBackend backend({"sse2",
                                     "4 floats a vector, the x86-64 baseline",
                                     simd::kernels_sse2,
                                     {"sse2"},
                                     {{simd::int8_dot_sse2, {}}}});
  return backend;
}

#elif defined(__aarch64__)

const Backend& xsimd_sve512_backend() {
  static const XsimdBackend backend({"sve512",
                                     "16 floats a vector, fused multiply-add",
                                     simd::kernels_sve512,
                                     {"sve512"},
                                     {{simd::int8_dot_sve512, {}}}});
  return backend;
}

const Backend& xsimd_sve256_backend() {
  static const XsimdBackend backend({"sve256",
                                     "8 floats a vector, fused multiply-add",
                                     simd::kernels_sve256,
                                     {"sve256"},
                                     {{simd::int8_dot_sve256, {}}}});
  return backend;
}

const Backend& xsimd_neon_backend() {
  static const XsimdBackend backend(
      {"neon",
       "4 floats a vector, fused multiply-add",
       simd::kernels_neon,
       {"neon"},
       {{simd::int8_dot_neon_dotprod, {"asimddp"}}, {simd::int8_dot_neon, {}}}});
  return backend;
}

#elif defined(__wasm__)

const Backend& xsimd_wasm_backend() {
  static const XsimdBackend backend({"wasm",
                                     "4 floats a vector, WebAssembly's SIMD",
                                     simd::kernels_wasm,
                                     {},  // an engine without SIMD refuses the whole module
                                     {{simd::int8_dot_wasm, {}}}});
  return backend;
}

#endif

}  // namespace carousel
