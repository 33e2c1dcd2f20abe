// SPDX-License-Identifier: Apache-2.0
#include "precision_choice.hpp"

#include "csv.hpp"

namespace carousel::cli {

std::vector<Precision> precisions_by_names(const std::string& words) {
  if (words == "all") return {precisions().begin(), precisions().end()};
  std::vector<Precision> chosen;
  for (const std::string& word : split(words)) chosen.push_back(precision_by_name(word));
  return chosen;
}

}  // namespace carousel::cli
