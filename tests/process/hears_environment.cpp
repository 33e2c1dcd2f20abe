// SPDX-License-Identifier: Apache-2.0
// Exits with 1 if Carousel hears the environment variable CAROUSEL_BACKEND, whose backend must not
// exist, and with 0 if it does not.
#include "small_network.hpp"

int main() {
  try {
    (void)carousel::prepare(carousel::process_test::small_model());
  } catch (const carousel::Error&) {
    return 1;
  }
  return 0;
}
