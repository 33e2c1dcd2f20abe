// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network_case.hpp"

#include <calls.hpp>

#include <carousel/network.hpp>

#include <memory>
#include <string>
#include <vector>

namespace carousel::bench {

/// Something that makes all calls of a case, again and again.
class NetworkSubject {
 public:
  NetworkSubject() = default;
  NetworkSubject(const NetworkSubject&) = delete;
  NetworkSubject& operator=(const NetworkSubject&) = delete;
  virtual ~NetworkSubject() = default;

  /// Makes all calls once; seconds that they took, without what is done between them.
  virtual double run() = 0;
  /// What computes.
  [[nodiscard]] virtual std::string resolved() const = 0;

  /// Runs for as long as a sample should take at least; seconds of one call.
  [[nodiscard]] double sample(std::int64_t calls);
};

/// Carousel, by the backends that `backend` names. `network` must outlive the subject.
[[nodiscard]] std::unique_ptr<NetworkSubject> whole_network(const NetworkCase& network,
                                                            const std::string& backend);

/// Only the recurrent layers of the case's network, each as a network of its own, on as many steps
/// and rows as in a call. Null where there are none.
[[nodiscard]] std::unique_ptr<NetworkSubject> recurrent_layers(const NetworkCase& network,
                                                               const std::string& backend);

}  // namespace carousel::bench
