// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>

/// The inner loops of the roofline, one table per instruction set.
struct RooflineProbe {
  /// Multiplies and adds in independent chains, `rounds` times; returns the number of floating
  /// point operations done and writes a value that depends on all of them to `sink`.
  double (*compute)(size_t rounds, float* sink);
  /// Reads `count` floats (a multiple of 1024, 64-byte aligned) once.
  void (*read)(const float* data, size_t count, float* sink);
};
