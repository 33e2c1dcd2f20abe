/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAROUSEL_TYPES_H
#define CAROUSEL_TYPES_H

/**
 * \file
 * What the C interface (carousel.h) and plug-ins (plugin.h) share: how a layer and its weights are
 * described, and what became of a call. Enumerations and structs only grow, at their ends.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What became of a call. */
typedef enum carousel_status {
  CAROUSEL_OK = 0,
  CAROUSEL_INVALID_ARGUMENT = 1, /**< a null pointer, a wrong size, a value out of its range */
  CAROUSEL_BAD_MODEL = 2,        /**< a file or weights that break a rule of the format */
  CAROUSEL_UNSUPPORTED = 3,      /**< no such backend, or it cannot run this here */
  CAROUSEL_OUT_OF_MEMORY = 4,
  CAROUSEL_INTERNAL_ERROR = 5 /**< a mistake in Carousel: please report it */
} carousel_status;

typedef enum carousel_cell {
  CAROUSEL_LSTM = 0,
  CAROUSEL_GRU = 1,
  CAROUSEL_RNN = 2,
  CAROUSEL_LINEAR = 3 /**< y = W x + b: the head */
} carousel_cell;

typedef enum carousel_direction {
  CAROUSEL_FORWARD = 0,
  CAROUSEL_REVERSE = 1,
  CAROUSEL_BIDIRECTIONAL = 2
} carousel_direction;

/** ONNX's activation functions; DEFAULT is what the cell is known for. */
typedef enum carousel_activation_kind {
  CAROUSEL_ACTIVATION_DEFAULT = 0,
  CAROUSEL_SIGMOID = 1,
  CAROUSEL_TANH = 2,
  CAROUSEL_RELU = 3,
  CAROUSEL_AFFINE = 4,
  CAROUSEL_LEAKY_RELU = 5,
  CAROUSEL_THRESHOLDED_RELU = 6,
  CAROUSEL_SCALED_TANH = 7,
  CAROUSEL_HARD_SIGMOID = 8,
  CAROUSEL_ELU = 9,
  CAROUSEL_SOFTSIGN = 10,
  CAROUSEL_SOFTPLUS = 11
} carousel_activation_kind;

typedef struct carousel_activation {
  int32_t kind; /**< a carousel_activation_kind */
  float alpha;  /**< meaning as in ONNX */
  float beta;
} carousel_activation;

typedef enum carousel_gate_coupling {
  CAROUSEL_COUPLING_NONE = 0,
  CAROUSEL_FORGET_FROM_INPUT = 1, /**< f = 1 - i */
  CAROUSEL_INPUT_FROM_FORGET = 2  /**< i = 1 - f */
} carousel_gate_coupling;

typedef enum carousel_precision {
  CAROUSEL_FLOAT32 = 0,
  CAROUSEL_BFLOAT16 = 1,
  CAROUSEL_INT8 = 2
} carousel_precision;

/** One layer; sizes in elements. All zero but `cell`, the sizes and `struct_size`: a usual one. */
typedef struct carousel_layer_spec {
  size_t struct_size;
  int32_t cell;      /**< a carousel_cell */
  int32_t direction; /**< a carousel_direction */
  int64_t input_size;
  int64_t hidden_size; /**< CAROUSEL_LINEAR: the number of outputs */
  int64_t proj_size;   /**< LSTM with projection; 0: none */
  bool no_bias;
  bool peephole;             /**< LSTM: weights from the cell state to the gates */
  int32_t coupling;          /**< LSTM: a carousel_gate_coupling */
  bool reset_before_product; /**< GRU: ONNX's default placement instead of PyTorch's */
  float clip;                /**< bounds gate pre-activations; 0: none */
  float cell_clip;           /**< LSTM: bounds the cell state; 0: none */
  /** Per direction: gates, candidate, output (LSTM); gates, candidate (GRU); one (RNN). */
  carousel_activation activations[2][3];
  int32_t precision; /**< a carousel_precision */
} carousel_layer_spec;

/**
 * The weights of one direction, row-major, in PyTorch's layout: G gates (LSTM: i, f, g, o; GRU: r,
 * z, n), H = hidden_size, I = input_size, S = proj_size or else H. What the spec does not use is
 * NULL.
 */
typedef struct carousel_weights {
  size_t struct_size;
  const float* weight_ih; /**< [G*H, I] */
  const float* weight_hh; /**< [G*H, S]; NULL for CAROUSEL_LINEAR */
  const float* bias_ih;   /**< [G*H]; NULL with no_bias */
  const float* bias_hh;   /**< [G*H]; NULL with no_bias and for CAROUSEL_LINEAR */
  const float* weight_hr; /**< [proj_size, H] */
  const float* peephole;  /**< [3*H] in the order i, f, o */
  /** The state that sequences start from, where it was learned; NULL: zeros. */
  const float* initial_h; /**< [S] */
  const float* initial_c; /**< [H]; LSTM only */
} carousel_weights;

#endif
