// SPDX-License-Identifier: Apache-2.0
#include "roofline_json.hpp"

namespace carousel::cli {

Json reads_json(const Roofline& roofline) {
  Json reads = Json::array();
  for (const ReadRate& rate : roofline.reads) {
    reads.push_back({{"bytes", rate.bytes}, {"bytes_per_second", rate.bytes_per_second}});
  }
  return reads;
}

}  // namespace carousel::cli
