// SPDX-License-Identifier: Apache-2.0
#include "core/engine/cpu_limits.hpp"
#include "core/model/formatted.hpp"

#include "core/engine/environment.hpp"
#include "core/model/quote.hpp"

#include <carousel/error.hpp>

#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace carousel {
namespace {

void hide_avx512(CpuFeatures& f) {
  f.avx512f = f.avx512cd = f.avx512bw = f.avx512dq = f.avx512vl = false;
  f.avx512_vnni = f.avx512_bf16 = false;
}

void hide_sve(CpuFeatures& f) {
  f.sve = false;
  f.sve_bits = 0;
}

/// The bytes that "512K" stands for; nothing if it is no size.
std::optional<std::int64_t> parse_bytes(std::string_view text) {
  unsigned shift = 0;
  if (text.ends_with('K')) shift = 10;
  if (text.ends_with('M')) shift = 20;
  if (shift > 0) text.remove_suffix(1);
  constexpr std::int64_t kMost = std::int64_t{1} << 30U;  // of each unit
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || count < 1 || count > kMost) return std::nullopt;
  return count << shift;
}

[[noreturn]] void refuse_sizes(std::string_view sizes) {
  throw Error(ErrorCode::invalid_argument,
              formatted("CAROUSEL_CACHE_SIZES: {} is not the sizes of L1d, L2 and L3, each larger "
                        "than the one before, as in 32K,512K,16M",
                        quote(sizes)));
}

}  // namespace

CpuFeatures with_max_isa(CpuFeatures features, std::string_view isa) {
  if (isa.empty() || isa == "avx512") return features;
  if (isa == "neon") {
    hide_sve(features);
    return features;
  }
  if (isa != "avx2" && isa != "sse2") {
    throw Error(ErrorCode::invalid_argument,
                formatted("CAROUSEL_MAX_ISA: {} is none of sse2, avx2, avx512, neon", quote(isa)));
  }
  hide_avx512(features);
  if (isa == "sse2") {
    features.sse4_2 = features.avx = features.avx2 = features.fma = features.f16c = false;
    features.avx_vnni = false;
  }
  return features;
}

CpuFeatures with_cache_sizes(CpuFeatures features, std::string_view sizes) {
  if (sizes.empty()) return features;
  std::array<std::int64_t, 3> bytes{};
  std::string_view rest = sizes;
  for (std::size_t level = 0; level < bytes.size(); ++level) {
    const bool last = level + 1 == bytes.size();
    const std::size_t end = last ? rest.size() : rest.find(',');
    if (end == std::string_view::npos) refuse_sizes(sizes);
    const auto size = parse_bytes(rest.substr(0, end));
    if (!size || (level > 0 && *size <= bytes.at(level - 1))) refuse_sizes(sizes);
    bytes.at(level) = *size;
    if (!last) rest.remove_prefix(end + 1);
  }
  features.l1d_bytes = bytes[0];
  features.l2_bytes = bytes[1];
  features.l3_bytes = bytes[2];
  return features;
}

CpuFeatures limited_by_environment(CpuFeatures features) {
  return with_cache_sizes(with_max_isa(std::move(features), environment_text("CAROUSEL_MAX_ISA")),
                          environment_text("CAROUSEL_CACHE_SIZES"));
}

}  // namespace carousel
