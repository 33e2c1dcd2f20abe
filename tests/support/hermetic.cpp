// SPDX-License-Identifier: Apache-2.0
// Part of every test program: no test reads or writes the wisdom of whoever runs it.
#include <cstdlib>

namespace {

const int kNoWisdom = setenv("CAROUSEL_WISDOM", "/dev/null", 1);

}  // namespace
