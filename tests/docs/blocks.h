/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAROUSEL_TESTS_DOCS_BLOCKS_H
#define CAROUSEL_TESTS_DOCS_BLOCKS_H

/* What the pieces of C in docs/ are compiled with: x [64, 2, 8], y [64, 2, 16], and a stream of two
   rows of the network that they fit. */
#include <carousel/carousel.h>

#include <stdint.h>
#include <stdio.h>

typedef void (*doc_block)(const float* x, float* y, carousel_stream* two_rows);

void doc_block_add(const char* name, doc_block block);
void reached_end(void);

/* Runs before main, like the initializer of a global object in C++. */
#define CAROUSEL_DOC_BLOCK(page, number)                                            \
  static void page##_##number(const float* x, float* y, carousel_stream* two_rows); \
  __attribute__((constructor)) static void add_##page##_##number(void) {            \
    doc_block_add(#page " " #number, page##_##number);                              \
  }                                                                                 \
  static void page##_##number(__attribute__((unused)) const float* x,               \
                              __attribute__((unused)) float* y,                     \
                              __attribute__((unused)) carousel_stream* two_rows)

#endif
