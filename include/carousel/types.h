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
  CAROUSEL_BAD_FORMAT = 2,       /**< the contents of a file break a rule of its format */
  CAROUSEL_UNSUPPORTED = 3,      /**< well-formed, but nothing here can do it */
  CAROUSEL_OUT_OF_MEMORY = 4,
  CAROUSEL_INTERNAL_ERROR = 5, /**< a mistake in Carousel: please report it */
  CAROUSEL_FILE_NOT_FOUND = 6, /**< there is no such file */
  CAROUSEL_FILE_ACCESS = 7,    /**< a file cannot be read or written */
  CAROUSEL_PLUGIN_FAILED = 8   /**< a plug-in cannot be loaded, or did not keep its contract */
} carousel_status;

/** What a layer computes at each step. */
typedef enum carousel_layer_kind {
  CAROUSEL_LSTM = 0,
  CAROUSEL_GRU = 1,
  CAROUSEL_RNN = 2,
  CAROUSEL_DENSE = 3,       /**< y = W x + b */
  CAROUSEL_EMBEDDING = 4,   /**< rows of a table, looked up by id */
  CAROUSEL_ACTIVATION = 5,  /**< a function of every frame */
  CAROUSEL_CONCATENATE = 6, /**< the features of several inputs side by side */
  CAROUSEL_SLSTM = 7,       /**< the sLSTM cell of xLSTM (arXiv 2405.04517) */
  /** Not a kind: one more than the last. */
  CAROUSEL_LAYER_KIND_END = 8
} carousel_layer_kind;

typedef enum carousel_direction {
  CAROUSEL_FORWARD = 0,
  CAROUSEL_REVERSE = 1,
  CAROUSEL_BIDIRECTIONAL = 2
} carousel_direction;

/** Activation functions, most of them ONNX's; DEFAULT is what the cell is known for. */
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
  CAROUSEL_SOFTPLUS = 11,
  CAROUSEL_SOFTMAX = 12,    /**< over all features of a frame; not for recurrent cells */
  CAROUSEL_LOG_SOFTMAX = 13 /**< likewise */
} carousel_activation_kind;

typedef struct carousel_activation {
  int32_t kind; /**< a carousel_activation_kind */
  float alpha;  /**< meaning as in ONNX */
  float beta;   /**< meaning as in ONNX */
} carousel_activation;

typedef enum carousel_gate_coupling {
  CAROUSEL_COUPLING_NONE = 0,
  CAROUSEL_FORGET_FROM_INPUT = 1, /**< f = 1 - i */
  CAROUSEL_INPUT_FROM_FORGET = 2  /**< i = 1 - f */
} carousel_gate_coupling;

/** How the weights of recurrent, dense and convolution layers are stored and multiplied. */
typedef enum carousel_precision {
  CAROUSEL_FLOAT32 = 0,
  CAROUSEL_FLOAT16 = 1,  /**< weights rounded to binary16, multiplied and added in float32 */
  CAROUSEL_BFLOAT16 = 2, /**< weights rounded to the upper half of a float32, likewise */
  CAROUSEL_INT8 = 3      /**< weights and activations in 8 bits, products added in int32 */
} carousel_precision;

/** How the elements of a tensor are stored. */
typedef enum carousel_dtype {
  CAROUSEL_DTYPE_F32 = 0,
  CAROUSEL_DTYPE_F64 = 1,
  CAROUSEL_DTYPE_F16 = 2,
  CAROUSEL_DTYPE_BF16 = 3
} carousel_dtype;

/**
 * One layer; sizes in elements. Which members count depends on `kind`; the others are zero, and
 * refused where they are not. In carousel.h, `carousel_layer_spec_init` fills one in with the usual
 * values of its kind (a bias, PyTorch's GRU), and members that you have no opinion about stay as
 * they are then.
 */
typedef struct carousel_layer_spec {
  size_t struct_size;
  int32_t kind;        /**< a carousel_layer_kind */
  int32_t direction;   /**< recurrent: a carousel_direction */
  int64_t input_size;  /**< features of the input; embedding: num_embeddings */
  int64_t hidden_size; /**< recurrent: units */
  int64_t proj_size;   /**< LSTM with projection; 0: none */
  int64_t output_size; /**< dense: outputs; embedding: embedding_dim; activation: input_size */
  bool bias;           /**< recurrent and dense: has a bias */
  bool peephole;       /**< LSTM: weights from the cell state to the gates */
  /** GRU: PyTorch's placement of the reset gate, after the matrix; false is ONNX's default. */
  bool linear_before_reset;
  bool layer_norm;  /**< LSTM: the gates' pre-activations are normalized over the units */
  int32_t coupling; /**< LSTM: a carousel_gate_coupling */
  float clip;       /**< recurrent: bounds gate pre-activations; 0: none */
  float cell_clip;  /**< LSTM: bounds the cell state; 0: none */
  /** Per direction: gates, candidate, output (LSTM); gates, candidate (GRU); one (RNN). An
   * activation layer has its function at [0][0]. */
  carousel_activation activations[2][3];
  float layer_norm_epsilon;   /**< with `layer_norm`: added to the variance; 0: 1e-5 */
  int64_t heads;              /**< sLSTM: blocks of the recurrent matrix; 0: 1 */
  const int64_t* input_sizes; /**< concatenate: features of each input */
  int64_t input_count;        /**< concatenate: how many inputs */
} carousel_layer_spec;

/**
 * The most that a count may say of how many things stand in an array of structs, names, sizes or
 * axes. A greater one is a mistake, and refused before the array is read.
 */
#define CAROUSEL_MOST_COUNT 65536

/** An array, row-major and dense. */
typedef struct carousel_tensor {
  const char* role;     /**< "weight_ih", "weight_hh_reverse", ...: see `carousel::weight_roles` */
  int32_t dtype;        /**< a carousel_dtype */
  int32_t rank;         /**< sizes in `shape` */
  const int64_t* shape; /**< [rank] */
  const void* data;     /**< aligned to its elements, no more */
} carousel_tensor;

/**
 * The weights of a layer, in PyTorch's layout: G gates (LSTM: i, f, g, o; GRU: r, z, n; sLSTM: i,
 * f, z, o), H = hidden_size, I = input_size, S = proj_size or else H.
 *  - recurrent: weight_ih [G*H, I], weight_hh [G*H, S] (sLSTM: [G*H, H / heads]), with `bias`
 *    bias_ih and bias_hh [G*H], with projection weight_hr [proj_size, H], with peepholes peephole
 *    [3*H] in the order i, f, o, with `layer_norm` norm_weight [G*H], and where sequences start
 *    from a learned state initial_h [S] and initial_c, ... [H]; those of the second direction end
 *    in _reverse (a layer of direction CAROUSEL_REVERSE has one direction, without the ending).
 *  - dense: weight [output_size, input_size], with `bias` bias [output_size].
 *  - embedding: weight [num_embeddings, embedding_dim].
 */
typedef struct carousel_weights {
  size_t struct_size;
  size_t count;
  const carousel_tensor* tensors; /**< [count] */
} carousel_weights;

#endif
