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
 * - Sizes and counts are checked before the memory behind them is read: an array of structs, names,
 *   sizes or axes has at most ::CAROUSEL_MOST_COUNT elements, a batch 2^24 rows, a run 2^32 steps.
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
#define CAROUSEL_VERSION_MINOR 2
#define CAROUSEL_VERSION_PATCH 0

/** "0.2.0". Any thread. */
CAROUSEL_API const char* carousel_version(void);

/**
 * The text of the thread's last failure, naming file, tensor, shape or option and the rule broken;
 * empty: none. Valid until the thread's next one; a run's no longer than its stream. Any thread.
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

/** The shape of an input, in the file's own order of axes. */
typedef struct carousel_input_shape {
  const char* name;
  const int64_t* sizes; /**< -1: open */
  size_t size_count;
} carousel_input_shape;

/** An input that has one value for good. */
typedef struct carousel_input_value {
  const char* name;
  double value;
} carousel_input_value;

typedef struct carousel_load_options {
  size_t struct_size;
  /** Prefix of the recurrent tensors, e.g. "encoder.lstm."; NULL: detected. */
  const char* prefix;
  /** Names of the first module and of the head before ".weight"; NULL: detected, "": none. */
  const char* embedding;
  const char* head;
  /** Leave tensors alone that belong to none of these instead of refusing the file. */
  bool ignore_extra;
  /** ONNX: the first and the last node to take, or an output of it; NULL: of the whole graph. */
  const char* from;
  const char* to;
  /** ONNX: shapes of inputs, where the graph depends on sizes that the file leaves open. */
  const carousel_input_shape* input_shapes;
  size_t input_shape_count;
  /** ONNX: inputs that are fixed, such as a sample rate on which a branch depends. */
  const carousel_input_value* input_values;
  size_t input_value_count;
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

/** An empty model, to which layers are added in the order they run. Any thread. */
CAROUSEL_API carousel_status carousel_model_new(carousel_model** model);

/**
 * Fills in the spec of a usual layer: sizes zero, with a bias, one forward direction, the default
 * activations, a GRU with linear_before_reset. `kind` is a carousel_layer_kind; `struct_size` has
 * to be set before. CAROUSEL_UNSUPPORTED for a kind that this version does not run. Any thread.
 */
CAROUSEL_API carousel_status carousel_layer_spec_init(carousel_layer_spec* spec, int32_t kind);

/** How a layer stands in its model. All zero: it reads the layer before it. */
typedef struct carousel_layer_place {
  size_t struct_size;
  const char* name;          /**< unique in the model; NULL: one is made up */
  const char* const* inputs; /**< names of layers and inputs that it reads; NULL: the one before */
  size_t input_count;        /**< how many `inputs` there are */
} carousel_layer_place;

/**
 * Adds a layer at the end; the arrays are copied. `weights` may be NULL where the layer has none,
 * `place` to read the layer before it. The layer is checked by itself; how it is wired is checked
 * by `carousel_prepare`, when the model is complete. One thread at a time.
 */
CAROUSEL_API carousel_status carousel_model_add_layer(carousel_model* model,
                                                      const carousel_layer_spec* spec,
                                                      const carousel_weights* weights,
                                                      const carousel_layer_place* place);

/**
 * Names a sequence that the model is given, of `size` features a frame, or of ids, whose size is 1.
 * The name must be new among inputs and layers. Without any, the model has one input, which its
 * first layer reads. One thread at a time.
 */
CAROUSEL_API carousel_status carousel_model_add_input(carousel_model* model, const char* name,
                                                      int64_t size, bool ids);

/**
 * Names a sequence that the model gives: what the layer of the name `layer` puts out. The name must
 * be new among outputs. Without any, the model has one output, of its last layer. One thread at a
 * time.
 */
CAROUSEL_API carousel_status carousel_model_add_output(carousel_model* model, const char* name,
                                                       const char* layer);

/** Writes a safetensors file as `carousel::save` does. Any thread that reads. */
CAROUSEL_API carousel_status carousel_model_save(const carousel_model* model, const char* path);

/**
 * Writes an ONNX file as `carousel::save_onnx` does with its default options. CAROUSEL_UNSUPPORTED
 * for what ONNX cannot express and where the library was built without ONNX. Any thread that reads.
 */
CAROUSEL_API carousel_status carousel_model_save_onnx(const carousel_model* model,
                                                      const char* path);

/** Features of x per step; 1 for a model that takes ids. Any thread that reads. */
CAROUSEL_API int64_t carousel_model_input_size(const carousel_model* model);
/** Features of y per step. Any thread that reads. */
CAROUSEL_API int64_t carousel_model_output_size(const carousel_model* model);
/** How many ids there are, for a model that takes ids; else 0. Any thread that reads. */
CAROUSEL_API int64_t carousel_model_num_embeddings(const carousel_model* model);
/** Elements of the weights. Any thread that reads. */
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
  CAROUSEL_PLAN_ESTIMATE = 2,   /**< what wisdom knows, else a cost model: takes microseconds, but
                                     some ten milliseconds the first time on a machine */
  CAROUSEL_PLAN_MEASURE = 3,    /**< what wisdom knows, else measure and add it to wisdom */
  CAROUSEL_PLAN_WISDOM_ONLY = 4 /**< what wisdom knows; CAROUSEL_UNSUPPORTED where it does not */
} carousel_plan;

/** A layer whose weights have another precision than the rest of the network. */
typedef struct carousel_layer_precision {
  const char* layer; /**< the layer's name */
  int32_t precision; /**< a carousel_precision */
} carousel_layer_precision;

typedef struct carousel_prepare_options {
  size_t struct_size;
  /**
   * "auto", a family ("xsimd", "onednn", "scalar") or an id ("xsimd:avx2"). NULL or empty: the
   * environment variable CAROUSEL_BACKEND, else "auto". Anything but "auto" is binding. Several
   * with commas between, "onednn,auto": each layer runs on the first that can run it.
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
  void* context;     /**< what these two are given */
  int32_t precision; /**< a carousel_precision */
  /** Layers whose weights have another precision than that: [layer_precision_count]. */
  const carousel_layer_precision* layer_precisions;
  size_t layer_precision_count;
} carousel_prepare_options;

/** Packs every layer for the chosen backend. `options` may be NULL. Any thread that reads `model`.
 */
CAROUSEL_API carousel_status carousel_prepare(const carousel_model* model,
                                              const carousel_prepare_options* options,
                                              carousel_network** network);

/** How one layer is executed. The strings live as long as the network. */
typedef struct carousel_layer_info {
  size_t struct_size;
  const char* name;    /**< unique in the network */
  int32_t kind;        /**< a carousel_layer_kind */
  int32_t direction;   /**< recurrent: a carousel_direction */
  int64_t input_size;  /**< features of its first input */
  int64_t hidden_size; /**< recurrent: units */
  int64_t output_size; /**< features of a frame that it puts out */
  const char* backend; /**< "xsimd:avx512" */
  size_t memory_bytes; /**< packed weights */
  int threads;         /**< that one run may use for it */
  const char* source;  /**< what the choice is based on: "fixed", "cost model", "wisdom", ... */
  const char* reason;  /**< in one line */
  const char* tiling;  /**< how the backend partitions the work, "" where it has one way */
  int32_t precision;   /**< a carousel_precision */
} carousel_layer_info;

/** What an axis of a file's array is. */
typedef enum carousel_axis_kind {
  CAROUSEL_AXIS_FEATURES = 0, /**< some or all features of a frame */
  CAROUSEL_AXIS_STEPS = 1,
  CAROUSEL_AXIS_BATCH = 2,
  CAROUSEL_AXIS_STEPS_BATCH = 3, /**< both, the rows of a step side by side */
  CAROUSEL_AXIS_BATCH_STEPS = 4  /**< both, the steps of a row side by side */
} carousel_axis_kind;

typedef struct carousel_file_axis {
  int32_t kind; /**< a carousel_axis_kind */
  int64_t size; /**< of features */
} carousel_file_axis;

/** A sequence that a network is given or gives. The pointers live as long as the network. */
typedef struct carousel_sequence_info {
  size_t struct_size;
  const char* name;
  int64_t size;  /**< features of a frame; 1 for ids */
  bool ids;      /**< ids instead of features */
  bool one_step; /**< an input with a single step, however many the others have */
  bool optional; /**< an input that may be left out of a run */
  /** The order that the model's file has: see `carousel_run_size` and `carousel_read_frames`. */
  const carousel_file_axis* axes;
  size_t axis_count;
} carousel_sequence_info;

/** Layers, in the order they run. Any thread. */
CAROUSEL_API size_t carousel_network_layer_count(const carousel_network* network);
/** The layer at `index`. Any thread. */
CAROUSEL_API carousel_status carousel_network_layer(const carousel_network* network, size_t index,
                                                    carousel_layer_info* info);
/** Sequences that a run is given. Any thread. */
CAROUSEL_API size_t carousel_network_input_count(const carousel_network* network);
/** The input at `index`. Any thread. */
CAROUSEL_API carousel_status carousel_network_input(const carousel_network* network, size_t index,
                                                    carousel_sequence_info* info);
/** Sequences that a run gives. Any thread. */
CAROUSEL_API size_t carousel_network_output_count(const carousel_network* network);
/** The output at `index`. Any thread. */
CAROUSEL_API carousel_status carousel_network_output(const carousel_network* network, size_t index,
                                                     carousel_sequence_info* info);
/** Features of a frame of the first input; 1 for ids. Any thread. */
CAROUSEL_API int64_t carousel_network_input_size(const carousel_network* network);
/** Features of a frame of the first output. Any thread. */
CAROUSEL_API int64_t carousel_network_output_size(const carousel_network* network);
/** The first input is ids. Any thread. */
CAROUSEL_API bool carousel_network_takes_ids(const carousel_network* network);
/**
 * How many steps the output at `index` has in a run whose inputs have `steps`; 0 without such an
 * output, and for steps that no run has (see carousel_last_error). Any thread.
 */
CAROUSEL_API int64_t carousel_network_output_steps(const carousel_network* network, size_t index,
                                                   int64_t steps);
/**
 * Needs the whole sequence, since a layer has a reverse direction or reduces, selects or pads
 * steps: it takes at most max_steps steps per run. Any thread.
 */
CAROUSEL_API bool carousel_network_whole_sequence(const carousel_network* network);
/** Packed weights. Any thread. */
CAROUSEL_API size_t carousel_network_memory_bytes(const carousel_network* network);

/** Streams made from it live on. NULL is allowed. The last call with this handle. */
CAROUSEL_API void carousel_network_free(carousel_network* network);

/* --- Streams ----------------------------------------------------------------------------------*/

/** The mutable part of one caller: states and scratch memory. One thread at a time. */
typedef struct carousel_stream carousel_stream;

typedef struct carousel_stream_options {
  size_t struct_size;
  int64_t batch;     /**< rows of every run, at most 2^24; 0: 1 */
  int64_t max_steps; /**< steps worked off at once, at most 2^32; 0: 64 */
} carousel_stream_options;

/** A stream with zero state, all its memory allocated. `options` may be NULL. Any thread. */
CAROUSEL_API carousel_status carousel_stream_new(const carousel_network* network,
                                                 const carousel_stream_options* options,
                                                 carousel_stream** stream);

/**
 * Runs dense x [steps, batch, input_size] from the current state into y [output steps, batch,
 * output_size]; the state moves on, so a long sequence may be given in chunks of any size. What is
 * written must not overlap what is read: y not x, ids or lengths, and none of them the memory that
 * `carousel_stream_state` shows. Allocates nothing, takes no lock and, with one thread, makes no
 * system call. On failure y and the state are untouched. One thread at a time.
 */
CAROUSEL_API carousel_status carousel_stream_run(carousel_stream* stream, int64_t steps,
                                                 const float* x, float* y);

/** The same for a network that takes ids: [steps, batch]. One thread at a time. */
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

/** One sequence of a run by name. Strides of zero both: dense [steps, batch, features]. */
typedef struct carousel_named_sequence {
  const char* name;     /**< an input or output of the network */
  const float* x;       /**< inputs of features; else NULL */
  const int32_t* ids;   /**< inputs of ids; else NULL */
  float* y;             /**< outputs; else NULL */
  int64_t step_stride;  /**< elements from one step to the next */
  int64_t batch_stride; /**< elements from one row to the next */
} carousel_named_sequence;

/**
 * Runs a network with any number of inputs and outputs: each of them once, in any order; optional
 * inputs may be left out. Inputs of one step have that, outputs the steps that
 * `carousel_network_output_steps` tells. `lengths` as in carousel_run_args. Promises what
 * `carousel_stream_run` does. One thread at a time.
 */
CAROUSEL_API carousel_status carousel_stream_run_named(carousel_stream* stream, int64_t steps,
                                                       const carousel_named_sequence* inputs,
                                                       size_t input_count,
                                                       const carousel_named_sequence* outputs,
                                                       size_t output_count, const int64_t* lengths);

/** Back to the initial state. NULL is allowed. One thread at a time. */
CAROUSEL_API void carousel_stream_reset(carousel_stream* stream);

/**
 * The state itself, dense, to read from and to write to (h_0, c_0, h_n, c_n in PyTorch's shapes).
 * Valid while the stream lives.
 */
typedef struct carousel_state {
  size_t struct_size;
  float* h;      /**< [count, batch, h_size] */
  float* c;      /**< [count, batch, c_size]; NULL when the cells have none */
  int64_t count; /**< layers * directions, index layer * directions + direction */
  int64_t batch;
  int64_t h_size;
  int64_t c_size;
} carousel_state;

/** h and c of all layers; CAROUSEL_UNSUPPORTED when layers differ in size or have other states: use
 * `carousel_stream_get_state` then. One thread at a time. */
CAROUSEL_API carousel_status carousel_stream_state(carousel_stream* stream, carousel_state* state);

/** One thing that a layer carries from run to run, dense: [batch, size]. */
typedef struct carousel_named_state {
  size_t struct_size;
  int64_t layer;    /**< index of the network's layers */
  const char* name; /**< "h", "c", of the second direction "h_reverse"; lives as the stream does */
  float* values;    /**< to read from and to write to; valid while the stream lives */
  int64_t batch;
  int64_t size;
} carousel_named_state;

/** How many states all layers have. One thread at a time. */
CAROUSEL_API size_t carousel_stream_state_count(const carousel_stream* stream);
/** The state at `index`, layer by layer. One thread at a time. */
CAROUSEL_API carousel_status carousel_stream_get_state(carousel_stream* stream, size_t index,
                                                       carousel_named_state* state);

/** Bytes held by this stream: state and scratch. One thread at a time. */
CAROUSEL_API size_t carousel_stream_memory_bytes(const carousel_stream* stream);

/** NULL is allowed. The last call with this handle. */
CAROUSEL_API void carousel_stream_free(carousel_stream* stream);

/* --- Arrays in a file's own order of axes
 * -------------------------------------------------------*/

/** One of the arrays of a run. */
typedef struct carousel_file_array {
  const char* name; /**< for messages */
  const carousel_file_axis* axes;
  const int64_t* shape; /**< as many sizes as there are axes */
  size_t axis_count;
  bool one_step;
} carousel_file_array;

/**
 * The steps and rows on which the arrays of a run agree, as `carousel::run_size` finds them; on
 * failure ::carousel_last_error names array, axis, and what was expected and found. Any thread.
 */
CAROUSEL_API carousel_status carousel_run_size(const carousel_file_array* arrays, size_t count,
                                               int64_t* steps, int64_t* batch);

/**
 * Copies an array with these axes, dense and row-major, into dense frames [steps, batch, features],
 * which must not overlap it. Elements are floats or ids: of 4 bytes each. Any thread.
 */
CAROUSEL_API carousel_status carousel_read_frames(const carousel_file_axis* axes, size_t axis_count,
                                                  int64_t steps, int64_t batch, const void* array,
                                                  void* frames);

/** Copies frames of floats into an array with these axes: the other way round. Any thread. */
CAROUSEL_API carousel_status carousel_write_frames(const carousel_file_axis* axes,
                                                   size_t axis_count, int64_t steps, int64_t batch,
                                                   const float* frames, float* array);

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
   * layer agrees by itself. */
  int64_t layer, step, row, unit;
  int32_t direction; /**< CAROUSEL_FORWARD or CAROUSEL_REVERSE */
} carousel_check_pair;

/**
 * Runs `batch` sequences, as `input` describes them (its y is not used), through the model with
 * each backend and compares what they give, as `carousel::cross_check` does. There is at least one
 * step and one sequence. A disagreement is no failure of this function: ask the report. `options`
 * may be NULL. Any thread that reads `model`.
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
