// SPDX-License-Identifier: Apache-2.0
#include "ort.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

namespace carousel::onnxruntime {

std::uint32_t version_of(const OrtApiBase& base) {
  const std::string_view text = base.GetVersionString();
  const std::size_t dot = std::min(text.find('.'), text.size() - 1);
  std::uint32_t version = 0;
  std::from_chars(text.data() + dot + 1, text.data() + text.size(), version);
  return version;
}

OrtStatus* take_api(const OrtApiBase& base, std::uint32_t oldest, const char* what) {
  const std::uint32_t version = version_of(base);
  const OrtApi* api = nullptr;
  if (version >= oldest) api = base.GetApi(std::min<std::uint32_t>(version, ORT_API_VERSION));
  if (api == nullptr) {
    constexpr std::uint32_t kFirstTable = 1;
    const std::string text = std::string("Carousel's ") + what + " needs ONNX Runtime 1." +
                             std::to_string(oldest) + " or newer, not " + base.GetVersionString();
    return base.GetApi(kFirstTable)->CreateStatus(ORT_NOT_IMPLEMENTED, text.c_str());
  }
  static const bool taken = [&] {  // once: several threads may register at the same time
    Ort::InitApi(api);
    return true;
  }();
  static_cast<void>(taken);
  return nullptr;
}

}  // namespace carousel::onnxruntime
