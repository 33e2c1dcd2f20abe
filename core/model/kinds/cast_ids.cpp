// SPDX-License-Identifier: Apache-2.0
#include "core/model/kinds/kinds.hpp"

namespace carousel::kinds {

std::string_view kind_name(const CastIdsSpec&) noexcept { return "cast_ids"; }

std::int64_t input_size(const CastIdsSpec&, std::size_t) noexcept { return 1; }

std::int64_t output_size(const CastIdsSpec&) noexcept { return 1; }

bool takes_ids(const CastIdsSpec&) noexcept { return true; }

void validate(const CastIdsSpec&) {}

std::string describe(const CastIdsSpec&) { return "Ids as features"; }

}  // namespace carousel::kinds
