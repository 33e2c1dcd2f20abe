// SPDX-License-Identifier: Apache-2.0
// In builds without oneDNN, or with oneDNN as a plug-in.
#include "onednn_peer.hpp"

#include <carousel/error.hpp>

namespace carousel::bench {

std::unique_ptr<Runner> onednn_peer(const Work& /*work*/, int /*threads*/,
                                    Precision /*precision*/) {
  throw Error(ErrorCode::unsupported, "this carousel_bench was built without oneDNN");
}

}  // namespace carousel::bench
