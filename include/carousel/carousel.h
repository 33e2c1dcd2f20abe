/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAROUSEL_CAROUSEL_H
#define CAROUSEL_CAROUSEL_H

/**
 * \file
 * The C interface (C11): everything that the C++ interface offers for inference.
 *
 * \code
 * carousel_model* model = NULL;
 * carousel_network* network = NULL;
 * carousel_stream* stream = NULL;
 * if (carousel_model_load("vad.safetensors", NULL, &model) != CAROUSEL_OK ||
 *     carousel_prepare(model, NULL, &network) != CAROUSEL_OK ||
 *     carousel_stream_new(network, NULL, &stream) != CAROUSEL_OK ||
 *     carousel_stream_run(stream, steps, x, y) != CAROUSEL_OK) {
 *   fprintf(stderr, "%s\n", carousel_last_error());
 * }
 * carousel_stream_free(stream);
 * carousel_network_free(network);
 * carousel_model_free(model);
 * \endcode
 *
 * Rules that hold everywhere:
 * - No C++ exception leaves a function. What can fail returns a ::carousel_status; on failure its
 *   results are untouched, handles that it should have made are NULL, and ::carousel_last_error
 *   says what was wrong.
 * - A null pointer where none is allowed is ::CAROUSEL_INVALID_ARGUMENT, never a crash. Functions
 *   that return a size or a string return 0 or NULL for a null handle.
 * - Structs that may grow start with `struct_size`: set it to the size of the struct and everything
 *   you have no opinion about to zero, which always means the default.
 * - "Any thread": may be called at any time by any thread. "One thread at a time": calls with the
 *   same handle must not overlap; calls with different handles may.
 */

#include <carousel/export.h>
#include <carousel/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this header; ::carousel_version is that of the library. */
#define CAROUSEL_VERSION_MAJOR 0
#define CAROUSEL_VERSION_MINOR 1
#define CAROUSEL_VERSION_PATCH 0

/** "0.1.0". Any thread. */
CAROUSEL_API const char* carousel_version(void);

/**
 * The text of the last failure on the calling thread, naming file, tensor, shape or option and the
 * rule broken; empty if there was none. Valid until the thread's next failing call. Any thread.
 */
CAROUSEL_API const char* carousel_last_error(void);

/* --- Backends ---------------------------------------------------------------------------------*/

/** One way to execute a layer. The strings live as long as the program. */
typedef struct carousel_backend_info {
  size_t struct_size;
  const char* id;          /**< "xsimd:avx2" */
  const char* description; /**< one line; empty when the build lacks it */
  bool available;          /**< can run on this CPU */
  const char* reason;      /**< why it cannot; empty when it can */
  const char* plugin;      /**< file of the plug-in; empty when built in */
} carousel_backend_info;

/** How many backends this process knows, plug-ins included. Any thread. */
CAROUSEL_API size_t carousel_backend_count(void);

/** The backend at `index`, in the order in which "auto" tries them. Any thread. */
CAROUSEL_API carousel_status carousel_backend_get(size_t index, carousel_backend_info* info);

/**
 * Loads the plug-in in the shared library at `path`, which is absolute, as `carousel::load_plugin`
 * does: for good, once. Its backend is then one of those above, under the name that it says. Any
 * thread.
 */
CAROUSEL_API carousel_status carousel_load_plugin(const char* path);

/* --- Models -----------------------------------------------------------------------------------*/

/** Specs and weights, as loaded or built. Reading is for any thread, changing for one at a time. */
typedef struct carousel_model carousel_model;

typedef struct carousel_load_options {
  size_t struct_size;
  /** Prefix of the recurrent tensors, e.g. "encoder.lstm."; NULL: detected. */
  const char* prefix;
  /** Name of the embedding and the linear head before ".weight"; NULL: detected, "": none. */
  const char* embedding;
  const char* head;
  /** Leave tensors alone that belong to none of these instead of refusing the file. */
  bool ignore_extra;
  /** ONNX: the first and the last node to take, or an output of it; NULL: of the whole graph. */
  const char* from;
  const char* to;
} carousel_load_options;

/** Reads a model file as `carousel::load` does. `options` may be NULL. Any thread. */
CAROUSEL_API carousel_status carousel_model_load(const char* path,
                                                 const carousel_load_options* options,
                                                 carousel_model** model);

/**
 * The same from `size` bytes of memory, of which nothing is kept; `source` stands for the file name
 * in messages, its ending (".onnx") tells the format, and it may be NULL. Any thread.
 */
CAROUSEL_API carousel_status carousel_model_load_memory(const void* bytes, size_t size,
                                                        const char* source,
                                                        const carousel_load_options* options,
                                                        carousel_model** model);

/** An empty model, to which layers are added bottom up. Any thread. */
CAROUSEL_API carousel_status carousel_model_new(carousel_model** model);

/**
 * Looks ids up in `weight` [num_embeddings, embedding_dim] in front of the first layer; copied.
 * One thread at a time.
 */
CAROUSEL_API carousel_status carousel_model_set_embedding(carousel_model* model,
                                                          int64_t num_embeddings,
                                                          int64_t embedding_dim,
                                                          const float* weight);

/**
 * Adds a layer on top; the arrays are copied. CAROUSEL_LINEAR is the head: the last layer, once.
 * `reverse` belongs to the second direction of a bidirectional layer and is NULL for others (the
 * weights of a CAROUSEL_REVERSE layer are its only ones: `forward`). One thread at a time.
 */
CAROUSEL_API carousel_status carousel_model_add_layer(carousel_model* model,
                                                      const carousel_layer_spec* spec,
                                                      const carousel_weights* forward,
                                                      const carousel_weights* reverse);

/** What is applied to the outputs of the last layer, to each step of each row. */
typedef enum carousel_tail {
  CAROUSEL_TAIL_NONE = 0,
  CAROUSEL_TAIL_SIGMOID = 1,
  CAROUSEL_TAIL_TANH = 2,
  CAROUSEL_TAIL_RELU = 3,
  CAROUSEL_TAIL_SOFTMAX = 4, /**< over all outputs of a step, like the next */
  CAROUSEL_TAIL_LOG_SOFTMAX = 5
} carousel_tail;

/** Sets the activation of the outputs, a carousel_tail. One thread at a time. */
CAROUSEL_API carousel_status carousel_model_set_tail(carousel_model* model, int32_t tail);
/** That activation. Any thread that reads. */
CAROUSEL_API int32_t carousel_model_tail(const carousel_model* model);

/** Writes a safetensors file as `carousel::save` does. Any thread that reads. */
CAROUSEL_API carousel_status carousel_model_save(const carousel_model* model, const char* path);

/**
 * Writes an ONNX file as `carousel::save_onnx` does with its default options. CAROUSEL_BAD_MODEL
 * for what ONNX cannot express and where the library was built without ONNX. Any thread that reads.
 */
CAROUSEL_API carousel_status carousel_model_save_onnx(const carousel_model* model,
                                                      const char* path);

/** Features of x per step; 1 for a model that takes ids. Any thread that reads. */
CAROUSEL_API int64_t carousel_model_input_size(const carousel_model* model);
/** Features of y per step. Any thread that reads. */
CAROUSEL_API int64_t carousel_model_output_size(const carousel_model* model);
/** Rows of the embedding; 0: the model has none. Any thread that reads. */
CAROUSEL_API int64_t carousel_model_num_embeddings(const carousel_model* model);
/** Floats among the weights. Any thread that reads. */
CAROUSEL_API int64_t carousel_model_parameter_count(const carousel_model* model);
/**
 * The value of a metadata key of the file; NULL: no such key. Valid while the model lives. Any
 * thread that reads.
 */
CAROUSEL_API const char* carousel_model_metadata(const carousel_model* model, const char* key);

/** Networks made from it live on. NULL is allowed. The last call with this handle. */
CAROUSEL_API void carousel_model_free(carousel_model* model);

/* --- Networks ---------------------------------------------------------------------------------*/

/** A model prepared for this CPU. Immutable: every function is for any thread. */
typedef struct carousel_network carousel_network;

/** How a backend and a number of threads are chosen for each layer where the options leave it open.
 */
typedef enum carousel_plan {
  CAROUSEL_PLAN_DEFAULT = 0,    /**< CAROUSEL_PLAN_ESTIMATE */
  CAROUSEL_PLAN_FIXED = 1,      /**< first in the order of priority: the same from run to run */
  CAROUSEL_PLAN_ESTIMATE = 2,   /**< what wisdom knows, else a cost model: takes microseconds */
  CAROUSEL_PLAN_MEASURE = 3,    /**< what wisdom knows, else measure and add it to wisdom */
  CAROUSEL_PLAN_WISDOM_ONLY = 4 /**< what wisdom knows; CAROUSEL_UNSUPPORTED where it does not */
} carousel_plan;

typedef struct carousel_prepare_options {
  size_t struct_size;
  /**
   * "auto", a family ("xsimd", "onednn", "scalar") or an id ("xsimd:avx2"). NULL or empty: the
   * environment variable CAROUSEL_BACKEND, else "auto". Anything but "auto" is binding.
   */
  const char* backend;
  int threads;        /**< threads one run may use, fewer where more would be slower; 0: 1 */
  int64_t batch;      /**< expected batch and steps per run: hints, not limits; 0: 1 */
  int64_t steps;      /**< 0: 64 */
  bool exact_threads; /**< use all threads even where fewer are faster: for measuring */
  int32_t plan;       /**< a carousel_plan */
  /** CAROUSEL_PLAN_MEASURE: about how long it may take for each kind of layer; 0: 0.5 */
  double seconds_per_layer;
  bool measure_again; /**< measure what wisdom knows already, too */
  bool cross_check;   /**< accept a backend only if it agrees with the scalar one */
  const char* wisdom; /**< the wisdom file; NULL: $CAROUSEL_WISDOM, else in the cache folder */
  /** Told the share of the measuring that is done, in [0, 1]; may be NULL. */
  void (*progress)(void* context, double done);
  /** Told what went wrong without being an error, in one line; may be NULL. */
  void (*report)(void* context, const char* text);
  void* context; /**< what these two are given */
} carousel_prepare_options;

/** Packs every layer for the chosen backend. `options` may be NULL. Any thread that reads `model`.
 */
CAROUSEL_API carousel_status carousel_prepare(const carousel_model* model,
                                              const carousel_prepare_options* options,
                                              carousel_network** network);

/** How one layer is executed. */
typedef struct carousel_layer_info {
  size_t struct_size;
  int32_t cell;      /**< a carousel_cell */
  int32_t direction; /**< a carousel_direction */
  int64_t input_size;
  int64_t hidden_size;
  int64_t state_size;  /**< width of h per direction */
  int64_t output_size; /**< state_size times directions */
  const char* backend; /**< "xsimd:avx512"; valid while the network lives */
  size_t memory_bytes; /**< packed weights */
  int threads;         /**< that one run may use for it */
  const char*
      source; /**< what the choice is based on: "fixed", "cost model", "wisdom", "measured" */
  const char* reason; /**< in one line; valid while the network lives */
  const char* tiling; /**< how the backend cuts the work, "" where it has one way; valid likewise */
} carousel_layer_info;

/** Layers, the head included. Any thread. */
CAROUSEL_API size_t carousel_network_layer_count(const carousel_network* network);
/** The layer at `index`, bottom up. Any thread. */
CAROUSEL_API carousel_status carousel_network_layer(const carousel_network* network, size_t index,
                                                    carousel_layer_info* info);
/** Features of x per step; 1 for a network that takes ids. Any thread. */
CAROUSEL_API int64_t carousel_network_input_size(const carousel_network* network);
/** Features of y per step. Any thread. */
CAROUSEL_API int64_t carousel_network_output_size(const carousel_network* network);
/** Has an embedding: run it on ids. Any thread. */
CAROUSEL_API bool carousel_network_takes_ids(const carousel_network* network);
/** Has a reverse direction, so that it takes at most max_steps steps per run. Any thread. */
CAROUSEL_API bool carousel_network_bidirectional(const carousel_network* network);
/** Packed weights and embedding. Any thread. */
CAROUSEL_API size_t carousel_network_memory_bytes(const carousel_network* network);

/** Streams made from it live on. NULL is allowed. The last call with this handle. */
CAROUSEL_API void carousel_network_free(carousel_network* network);

/* --- Streams ----------------------------------------------------------------------------------*/

/** The mutable part of one caller: h, c and scratch memory. One thread at a time. */
typedef struct carousel_stream carousel_stream;

typedef struct carousel_stream_options {
  size_t struct_size;
  int64_t batch;     /**< rows of every run; 0: 1 */
  int64_t max_steps; /**< steps worked off at once; 0: 64 */
} carousel_stream_options;

/** A stream with zero state, all its memory allocated. `options` may be NULL. Any thread. */
CAROUSEL_API carousel_status carousel_stream_new(const carousel_network* network,
                                                 const carousel_stream_options* options,
                                                 carousel_stream** stream);

/**
 * Runs dense x [steps, batch, input_size] from the current state into y [steps, batch,
 * output_size]; the state moves on, so a long sequence may be given in pieces of any size. x and y
 * must not overlap. Allocates nothing, takes no lock and, with one thread, makes no system call.
 * On failure y and the state are untouched. One thread at a time.
 */
CAROUSEL_API carousel_status carousel_stream_run(carousel_stream* stream, int64_t steps,
                                                 const float* x, float* y);

/** The same for a network with an embedding: ids [steps, batch]. One thread at a time. */
CAROUSEL_API carousel_status carousel_stream_run_ids(carousel_stream* stream, int64_t steps,
                                                     const int32_t* ids, float* y);

/** Everything a run can be told. Strides are counted in elements; features are contiguous. */
typedef struct carousel_run_args {
  size_t struct_size;
  int64_t steps;
  const float* x; /**< one of these two, the other NULL */
  const int32_t* ids;
  float* y;
  /** Both zero: dense [steps, batch, features]. Batch-first is step = features, batch = steps *
   * features. */
  int64_t x_step_stride, x_batch_stride; /**< of x or ids */
  int64_t y_step_stride, y_batch_stride;
  /**
   * NULL, or for each batch row its real steps in [0, steps]: y past the end is zero, the state
   * stays that of the last real step, a reverse direction starts there.
   */
  const int64_t* lengths;
} carousel_run_args;

/** `carousel_stream_run` with strides and lengths; promises the same. One thread at a time. */
CAROUSEL_API carousel_status carousel_stream_run_args(carousel_stream* stream,
                                                      const carousel_run_args* args);

/** Back to zero state. NULL is allowed. One thread at a time. */
CAROUSEL_API void carousel_stream_reset(carousel_stream* stream);

/**
 * The state itself, dense, to read from and to write to (h_0, c_0, h_n, c_n in PyTorch's shapes).
 * Valid while the stream lives.
 */
typedef struct carousel_state {
  size_t struct_size;
  float* h;      /**< [count, batch, h_size] */
  float* c;      /**< [count, batch, c_size]; NULL when the cells have no c */
  int64_t count; /**< layers * directions, index layer * directions + direction */
  int64_t batch;
  int64_t h_size;
  int64_t c_size;
} carousel_state;

/** The whole state; fails when the layers differ in size. One thread at a time. */
CAROUSEL_API carousel_status carousel_stream_state(carousel_stream* stream, carousel_state* state);

/** The state of one layer and direction (0 or 1): count is 1. One thread at a time. */
CAROUSEL_API carousel_status carousel_stream_layer_state(carousel_stream* stream, int64_t layer,
                                                         int64_t direction, carousel_state* state);

/** Bytes held by this stream: state and scratch. One thread at a time. */
CAROUSEL_API size_t carousel_stream_memory_bytes(const carousel_stream* stream);

/** NULL is allowed. The last call with this handle. */
CAROUSEL_API void carousel_stream_free(carousel_stream* stream);

/* --- Cross-check ------------------------------------------------------------------------------*/

/** What became of running a model with several backends. Immutable: every function is for any
 * thread. */
typedef struct carousel_check_report carousel_check_report;

typedef struct carousel_check_options {
  size_t struct_size;
  const char* backend; /**< NULL: all that can run; or a family or an id */
  int threads;         /**< of each run; 0: 1 */
  /** Largest difference that passes; 0: what roundings can do to this model on this input. */
  double tolerance;
} carousel_check_options;

/** Two backends that ran, `first` compared with `second`. The strings live as long as the report.
 */
typedef struct carousel_check_pair {
  size_t struct_size;
  const char* first; /**< "xsimd:avx2" */
  const char* second;
  bool ok; /**< every value is within its tolerance */
  bool same_bits;
  double max_abs;
  double max_ulp;
  double nmse;
  int64_t outside; /**< values outside their tolerance, of `count` */
  int64_t count;
  /** Where the first wrong value arises in a single layer, counted from 0; layer is -1 when every
   * layer agrees by itself. The head comes after the last recurrent layer. */
  int64_t layer, step, row, unit;
  int32_t direction; /**< CAROUSEL_FORWARD or CAROUSEL_REVERSE */
} carousel_check_pair;

/**
 * Runs `batch` sequences, as `input` describes them (its y is not used), through the model with
 * each backend and compares what they give, as `carousel::cross_check` does. A disagreement is no
 * failure of this function: ask the report. `options` may be NULL. Any thread that reads `model`.
 */
CAROUSEL_API carousel_status carousel_cross_check(const carousel_model* model, int64_t batch,
                                                  const carousel_run_args* input,
                                                  const carousel_check_options* options,
                                                  carousel_check_report** report);

/** Something ran, nothing failed, all agree. Any thread. */
CAROUSEL_API bool carousel_check_ok(const carousel_check_report* report);
/** A line for each refusal and disagreement; lives as long as the report. Any thread. */
CAROUSEL_API const char* carousel_check_text(const carousel_check_report* report);
/** Pairs of backends that ran. Any thread. */
CAROUSEL_API size_t carousel_check_pair_count(const carousel_check_report* report);
/** The pair at `index`. Any thread. */
CAROUSEL_API carousel_status carousel_check_get_pair(const carousel_check_report* report,
                                                     size_t index, carousel_check_pair* pair);
/** NULL is allowed. The last call with this handle. */
CAROUSEL_API void carousel_check_free(carousel_check_report* report);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
