/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAROUSEL_PLUGIN_H
#define CAROUSEL_PLUGIN_H

/**
 * \file
 * The contract between Carousel (the host) and a backend in a shared library of its own (the
 * plug-in), in C11. A plug-in exports one function, ::carousel_backend_plugin, which returns a
 * table of functions. It needs nothing of Carousel but this header and types.h; authors in C++ may
 * implement carousel::Backend instead and let plugin.hpp make the table.
 *
 * Threads. Every function may be called by any thread, and by several at a time; a call that gets a
 * workspace only by one thread at a time with the same workspace. The thread need not be the one
 * that called before. So streams run at once, on the same layer too: each has a workspace of its
 * own, and what they share, scratch in the layer or in a global variable included, `forward` only
 * reads. `carousel_backend_plugin`, `available`, `supports`, `supports_precision` and
 * `sets_apart` run on a thread of their own that the host waits for 10 seconds; then it gives the
 * plug-in up. The other functions have no limit.
 *
 * Ownership. The table and its strings live as long as the process: a plug-in is never unloaded.
 * What the host passes is valid during the call only: weights are gone, or overwritten, once
 * `layer_create` has returned, so it copies what it needs. Layers and workspaces belong to the
 * plug-in, which frees them in `layer_destroy` and `workspace_destroy`; the host destroys each
 * once, and the workspaces of a layer before the layer.
 *
 * Weights come as float32, in the order of `carousel::weight_roles`; in the precisions float16 and
 * bfloat16 the matrices have been rounded to numbers of that type. Initial states that were
 * learned are the host's business: they are not among a plug-in's weights. Layers without
 * arithmetic of their own (embedding, activation, concatenate) are the host's as well: a plug-in is
 * asked about recurrent and dense layers only.
 *
 * Alignment. Arrays of floats, weights, inputs, outputs and states alike, are aligned to their
 * element, 4 bytes, and no more.
 *
 * Numbers. `carousel conformance` judges by these rules, against the equations in float64:
 * - Tolerance. Every element of y and of the states has its own: what rounding to float32 may come
 *   to in the sums that it is made of, in whatever order they are added, with or without fused
 *   multiply-add, 2.5 units in the last place for each activation function (2 of the number 1/2
 *   for sigmoid), and what flushing denormals may come to. It grows along a sequence as errors in
 *   the state do; single steps from given states are judged without such growth. Two runs need not
 *   give the same bits.
 * - NaN and infinity in x, states and weights go where the equations take them: NaN agrees with NaN
 *   only (its bits do not matter), an infinity with the same infinity only. What is not finite in
 *   one row of the batch never reaches another row.
 * - A row of length 0 has y of zeros, and its states stay as they are, to the bit.
 * - Denormals in x, weights and states count as themselves or as zero, and results that would be
 *   denormal may be zero: the host sets flush-to-zero while `forward` runs, but not while
 *   `layer_create` does.
 * - Bounds. `forward` writes the elements of y and of the states and nothing between or beside
 *   them.
 *
 * Errors. Functions return CAROUSEL_OK, or another ::carousel_status and a text: for people, in
 * ASCII, one line. Where they get `error` and `error_size` (at least 256) they write it there,
 * ended by a zero, as snprintf does; the host has copied it before it calls the next function.
 * Without a text the host names the status. The text of `forward` is not copied in time: it lives
 * as long as the process, and so does every text of the table. An exception that leaves a function
 * is caught by the host and taken for CAROUSEL_INTERNAL_ERROR; nothing is promised about what the
 * plug-in's state is then.
 *
 * Versions. `abi_version` changes when a plug-in of another version cannot be used: the host
 * refuses it by that number. Anything else grows at the end, and never into what was padding:
 * - The table. A host does not read past the `struct_size` of an older plug-in's table, and treats
 *   what is missing as NULL, which such members allow. It ignores what a newer plug-in has more.
 * - Specs and arguments. Members that are zero mean what the absence of the member meant. A host
 *   answers for a plug-in whose `spec_size` or `args_size` ends before a member that is not zero:
 *   the layer is refused and never reaches the plug-in. The plug-in of a newer header looks at
 *   `struct_size` before it reads members which an older host's struct lacks.
 * - Options. New ones are hints, which a plug-in may ignore because it does not know them.
 * - Enumerations. `supports` refuses every value that the plug-in was not made for.
 */

#include <carousel/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAROUSEL_PLUGIN_ABI_VERSION 2U

#if defined(__GNUC__)
#define CAROUSEL_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define CAROUSEL_PLUGIN_EXPORT
#endif

/** A prepared layer and the scratch of one stream: the plug-in's own, whatever they are. */
typedef struct carousel_plugin_layer carousel_plugin_layer;
typedef struct carousel_plugin_workspace carousel_plugin_workspace;

/** What the host offers. Lives as long as the process. */
typedef struct carousel_plugin_host {
  uint32_t abi_version; /**< CAROUSEL_PLUGIN_ABI_VERSION of the host */
  uint32_t reserved;    /**< 0 */
  size_t struct_size;
  const char* version; /**< of the host's Carousel, "0.2.0" */
  /**
   * Whether this CPU has a feature, and the operating system saves the registers that it needs:
   * "sse4.2", "avx2", "fma", "avx512f", "neon", ... (`carousel backends` shows all). False for
   * names that the host does not know.
   */
  bool (*cpu_has)(const char* feature);
} carousel_plugin_host;

/** How a layer will be used. */
typedef struct carousel_plugin_options {
  size_t struct_size;
  int32_t threads;       /**< how many threads one `forward` may use, at least 1 */
  int32_t exact_threads; /**< 1: use them all even where fewer are faster */
  int64_t batch;         /**< the batch that the caller expects: a hint, never a limit; a
                              workspace may have more rows or fewer */
  int64_t steps;         /**< the steps per run that the caller expects: likewise; a workspace may
                              have a larger or a smaller max_steps */
  int32_t precision;     /**< a carousel_precision that it supports; others are refused here too */
  int32_t reserved;      /**< 0 */
} carousel_plugin_options;

/**
 * The arguments of one `forward`. Strides are counted in floats and may be anything that makes no
 * two elements of y overlap; features are contiguous. Element (t, b, k) of x is
 * x[t * x_step_stride + b * x_batch_stride + k]. Nothing else near the elements may be written.
 */
typedef struct carousel_plugin_args {
  size_t struct_size;
  int64_t steps;  /**< in [0, max_steps] of the workspace */
  int64_t batch;  /**< that of the workspace; may be 0 */
  const float* x; /**< [steps, batch, input_size] */
  int64_t x_step_stride;
  int64_t x_batch_stride;
  /** [steps, batch, output_size]; of a recurrent layer [steps, batch, directions * S], S =
   * proj_size or else hidden_size, the second direction of a bidirectional layer in [S, 2S). Does
   * not overlap x. */
  float* y;
  int64_t y_step_stride;
  int64_t y_batch_stride;
  /**
   * NULL: all rows have `steps` steps, as always for a dense layer. Else for each row the number
   * of its real steps, in [0, steps]: y past the end is set to zero, whatever x holds there; the
   * final state is that of the last real step, of a row of length 0 the one it had; the reverse
   * direction starts there.
   */
  const int64_t* lengths;
  /**
   * State in and out, each dense: [batch, size]. Per direction those of the cell, h first: LSTM h
   * [batch, S] and c [batch, hidden_size]; GRU and RNN h; sLSTM h, c, n, m [batch, hidden_size]
   * each. A layer of direction CAROUSEL_REVERSE has one direction.
   */
  float* const* states;
  int64_t state_count; /**< directions times states of the cell; 0 for a dense layer */
} carousel_plugin_args;

/** What a plug-in may set apart, in the bits of a set. */
typedef enum carousel_set_apart {
  CAROUSEL_SET_APART_NOTHING = 0,
  /** What comes of NaN and infinities in x, states or weights. */
  CAROUSEL_SET_APART_NOT_FINITE = 1
} carousel_set_apart;

/** What a plug-in is. All members are required, but for those that say what NULL means. */
typedef struct carousel_plugin {
  uint32_t abi_version; /**< CAROUSEL_PLUGIN_ABI_VERSION */
  uint32_t reserved;    /**< 0 */
  size_t struct_size;   /**< sizeof(carousel_plugin) */
  size_t spec_size;     /**< sizeof(carousel_layer_spec) */
  size_t args_size;     /**< sizeof(carousel_plugin_args) */

  /** The backend's id: a family, or family:variant ("mylib:avx2"), of letters, digits, - _ and
   * dots, at most 64; no other backend's. */
  const char* name;
  /** Changes whenever speed, packing or numbers may: measured plans are kept under it. */
  const char* version;
  const char* description; /**< what it is, and on which library it stands, in one line */

  /** CAROUSEL_OK, or CAROUSEL_UNSUPPORTED and why this CPU or system cannot run it. Asked once. */
  int32_t (*available)(char* reason, size_t reason_size);

  /**
   * CAROUSEL_OK, or CAROUSEL_UNSUPPORTED and which property of the layer it does not run. Specs are
   * valid, and of recurrent and dense layers only: sizes are positive and fit the kind. Activations
   * are explicit where the layer uses them and CAROUSEL_ACTIVATION_DEFAULT where it does not:
   * `activations[d]` belongs to the direction of the index.
   */
  int32_t (*supports)(const carousel_layer_spec* spec, char* reason, size_t reason_size);

  /**
   * Makes a layer of a spec that `supports` said yes to. Everything slow goes here: packing, code
   * generation.
   */
  int32_t (*layer_create)(const carousel_layer_spec* spec, const carousel_weights* weights,
                          const carousel_plugin_options* options, carousel_plugin_layer** layer,
                          char* error, size_t error_size);
  /** Bytes of packed weights. */
  size_t (*layer_memory_bytes)(const carousel_plugin_layer* layer);
  void (*layer_destroy)(carousel_plugin_layer* layer);

  /** Everything that `forward` will need for streams of exactly `batch` rows. */
  int32_t (*workspace_create)(const carousel_plugin_layer* layer, int64_t batch, int64_t max_steps,
                              carousel_plugin_workspace** workspace, char* error,
                              size_t error_size);
  /** Bytes of scratch. */
  size_t (*workspace_memory_bytes)(const carousel_plugin_workspace* workspace);
  void (*workspace_destroy)(carousel_plugin_workspace* workspace);

  /**
   * Runs `steps` steps. With one thread it should allocate nothing, take no lock and make no system
   * call: it runs in audio callbacks. Denormals are flushed to zero while it runs. It is not
   * expected to fail; if it does, it may set `*error` to a string that lives as long as the
   * process.
   */
  int32_t (*forward)(const carousel_plugin_layer* layer, carousel_plugin_workspace* workspace,
                     const carousel_plugin_args* args, const char** error);

  /**
   * What `supports` says of weights in float32, said of another precision: asked only about layers
   * that `supports` said yes to. NULL: there is none but float32.
   */
  int32_t (*supports_precision)(const carousel_layer_spec* spec, int32_t precision, char* reason,
                                size_t reason_size);

  /**
   * Which rules of "Numbers" above the plug-in does not keep for layers of this spec, that
   * `supports` said yes to: writes a set of ::carousel_set_apart to `*what`, which the host has set
   * to zero, and where it is not empty the reason to `reason` ("the library's relu makes 0 of
   * NaN"). `carousel conformance` does not judge what is set apart, but counts it and shows the
   * reason. Bits that the host does not know are ignored. NULL: nothing is set apart.
   */
  int32_t (*sets_apart)(const carousel_layer_spec* spec, uint32_t* what, char* reason,
                        size_t reason_size);
} carousel_plugin;

/**
 * What a plug-in defines. Called once, when it is loaded. Returns its table; or NULL, if it cannot
 * work at all, and writes the reason to `error`.
 */
CAROUSEL_PLUGIN_EXPORT const carousel_plugin* carousel_backend_plugin(
    const carousel_plugin_host* host, char* error, size_t error_size);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
