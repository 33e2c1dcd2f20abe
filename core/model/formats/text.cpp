// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

namespace carousel::loading {

void fail(std::string_view source, std::string_view text, ErrorCode code) {
  std::string message = source.empty() ? "(memory)" : escaped(source);
  throw Error(code, message.append(": ").append(text));
}

}  // namespace carousel::loading
