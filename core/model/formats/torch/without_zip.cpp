// SPDX-License-Identifier: Apache-2.0
// In place of zip_archive.cpp when the build has no libzip.
#include "core/model/formats/text.hpp"
#include "zip_archive.hpp"

namespace carousel::loading {

void DiscardZip::operator()(zip*) const noexcept {}

ZipArchive::ZipArchive(std::span<const std::byte>, std::string_view source) {
  fail(source,
       "is a PyTorch archive, which this build of Carousel cannot read (CAROUSEL_ZIP; it needs "
       "libzip-dev); save the state_dict as safetensors instead",
       ErrorCode::unsupported);
}

std::vector<std::byte> ZipArchive::read(std::string_view name) const {
  fail(source_, "has no file " + quote(name));
}

}  // namespace carousel::loading
