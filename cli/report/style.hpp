// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace carousel::cli {

/// A page of HTML up to its first section. `title` is HTML; `more_style` is added to the style
/// sheet that all pages have.
[[nodiscard]] std::string page_start(const std::string& title, const std::string& more_style = {});

/// The style element of a picture that stands in a file of its own.
[[nodiscard]] std::string picture_style();

}  // namespace carousel::cli
