// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

int main(int argc, char** argv) {
  using namespace carousel::cli;
  return run_program(kCarousel, [&] { return run_carousel(argc, argv); });
}
