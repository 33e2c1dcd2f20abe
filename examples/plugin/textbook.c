/* SPDX-License-Identifier: Apache-2.0 */
/* A plug-in for Carousel: the usual LSTM as textbooks have it, in double precision. */
#include <carousel/plugin.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct carousel_plugin_layer {
  int64_t inputs, units; /* I, H */
  int directions;
  bool reverse; /* the first direction runs from the end */
  size_t bytes; /* of one direction's weights */
  /* Per direction [4 H, I + H + 1]: to each gate of i, f, g, o from x, from h, and its bias. */
  double* weights[2];
};

struct carousel_plugin_workspace {
  size_t bytes;
  double gates[]; /* [4 H], of one step of one row */
};

static int32_t say(int32_t status, const char* what, char* text, size_t size) {
  snprintf(text, size, "%s", what);
  return status;
}

static int32_t available(char* reason, size_t size) {
  (void)reason, (void)size; /* plain C runs everywhere */
  return CAROUSEL_OK;
}

static bool usual_functions(const carousel_layer_spec* spec) {
  const int directions = spec->direction == CAROUSEL_BIDIRECTIONAL ? 2 : 1;
  for (int d = 0; d < directions; ++d) {
    const carousel_activation* f = spec->activations[d];
    if (f[0].kind != CAROUSEL_SIGMOID || f[1].kind != CAROUSEL_TANH || f[2].kind != CAROUSEL_TANH)
      return false;
  }
  return true;
}

/* Every member of the spec is either understood or refused: none may be ignored. */
static int32_t supports(const carousel_layer_spec* spec, char* reason, size_t size) {
  const char* no = NULL;
  if (spec->kind != CAROUSEL_LSTM)
    no = "only LSTM layers";
  else if (spec->direction < CAROUSEL_FORWARD || spec->direction > CAROUSEL_BIDIRECTIONAL)
    no = "no such direction";
  else if (spec->proj_size != 0)
    no = "no projection";
  else if (spec->peephole || spec->layer_norm)
    no = "no peepholes or layer normalization";
  else if (spec->coupling != CAROUSEL_COUPLING_NONE || spec->clip != 0 || spec->cell_clip != 0)
    no = "no coupled gates or clips";
  else if (!usual_functions(spec))
    no = "only sigmoid for gates and tanh elsewhere";
  return no == NULL ? CAROUSEL_OK : say(CAROUSEL_UNSUPPORTED, no, reason, size);
}

static void layer_destroy(carousel_plugin_layer* layer) {
  free(layer->weights[0]);
  free(layer->weights[1]);
  free(layer);
}

/* The weight of that role in direction d; NULL where the layer has none. */
static const float* find(const carousel_weights* weights, const char* role, int d) {
  char name[32];
  snprintf(name, sizeof name, "%s%s", role, d == 1 ? "_reverse" : "");
  for (size_t k = 0; k < weights->count; ++k)
    if (strcmp(weights->tensors[k].role, name) == 0) return weights->tensors[k].data;
  return NULL;
}

static void pack(const carousel_plugin_layer* layer, const carousel_weights* weights, int d) {
  const float *ih = find(weights, "weight_ih", d), *hh = find(weights, "weight_hh", d);
  const float *b_ih = find(weights, "bias_ih", d), *b_hh = find(weights, "bias_hh", d);
  double* to = layer->weights[d];
  for (int64_t k = 0; k < 4 * layer->units; ++k) {
    for (int64_t i = 0; i < layer->inputs; ++i) *to++ = ih[k * layer->inputs + i];
    for (int64_t i = 0; i < layer->units; ++i) *to++ = hh[k * layer->units + i];
    *to++ = b_ih == NULL ? 0.0 : (double)b_ih[k] + b_hh[k];
  }
}

/* The host's weights are valid during this call only. */
static int32_t layer_create(const carousel_layer_spec* spec, const carousel_weights* weights,
                            const carousel_plugin_options* options, carousel_plugin_layer** layer,
                            char* error, size_t size) {
  if (options->precision != CAROUSEL_FLOAT32) /* all other options are hints */
    return say(CAROUSEL_UNSUPPORTED, "only float32 weights", error, size);
  carousel_plugin_layer* made = calloc(1, sizeof *made);
  if (made == NULL) return say(CAROUSEL_OUT_OF_MEMORY, "out of memory", error, size);
  made->inputs = spec->input_size;
  made->units = spec->hidden_size;
  made->bytes = (size_t)(4 * made->units * (made->inputs + made->units + 1)) * sizeof(double);
  made->directions = spec->direction == CAROUSEL_BIDIRECTIONAL ? 2 : 1;
  made->reverse = spec->direction == CAROUSEL_REVERSE;
  for (int d = 0; d < made->directions; ++d) {
    made->weights[d] = malloc(made->bytes);
    if (made->weights[d] == NULL) {
      layer_destroy(made);
      return say(CAROUSEL_OUT_OF_MEMORY, "out of memory", error, size);
    }
    pack(made, weights, d);
  }
  *layer = made;
  return CAROUSEL_OK;
}

static size_t layer_memory_bytes(const carousel_plugin_layer* layer) {
  return (size_t)layer->directions * layer->bytes;
}

static int32_t workspace_create(const carousel_plugin_layer* layer, int64_t batch,
                                int64_t max_steps, carousel_plugin_workspace** workspace,
                                char* error, size_t size) {
  (void)batch, (void)max_steps; /* rows and steps are worked off one by one */
  const size_t bytes = sizeof(**workspace) + (size_t)(4 * layer->units) * sizeof(double);
  *workspace = malloc(bytes);
  if (*workspace == NULL) return say(CAROUSEL_OUT_OF_MEMORY, "out of memory", error, size);
  (*workspace)->bytes = bytes;
  return CAROUSEL_OK;
}

static size_t workspace_memory_bytes(const carousel_plugin_workspace* workspace) {
  return workspace->bytes;
}

static void workspace_destroy(carousel_plugin_workspace* workspace) { free(workspace); }

static double dot(const double* w, const float* x, int64_t count) {
  double sum = 0;
  for (int64_t k = 0; k < count; ++k) sum += w[k] * x[k];
  return sum;
}

static double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }

static void step(const carousel_plugin_layer* layer, const double* w, double* gates, const float* x,
                 float* h, float* c) {
  const int64_t m = layer->inputs, n = layer->units;
  for (int64_t k = 0; k < 4 * n; ++k, w += m + n + 1)
    gates[k] = w[m + n] + dot(w, x, m) + dot(w + m, h, n);
  for (int64_t k = 0; k < n; ++k) {
    const double kept = sigmoid(gates[n + k]) * c[k];
    c[k] = (float)(kept + sigmoid(gates[k]) * tanh(gates[2 * n + k]));
    h[k] = (float)(sigmoid(gates[3 * n + k]) * tanh((double)c[k]));
  }
}

static int32_t forward(const carousel_plugin_layer* layer, carousel_plugin_workspace* workspace,
                       const carousel_plugin_args* a, const char** error) {
  (void)error; /* nothing here can fail */
  const int64_t n = layer->units;
  for (int d = 0; d < layer->directions; ++d) {
    for (int64_t row = 0; row < a->batch; ++row) {
      const float* x = a->x + row * a->x_batch_stride;
      float* y = a->y + row * a->y_batch_stride + d * n;
      float* h = a->states[2 * d] + row * n;
      float* c = a->states[2 * d + 1] + row * n;
      const int64_t real = a->lengths == NULL ? a->steps : a->lengths[row];
      for (int64_t k = 0; k < real; ++k) {
        const int64_t t = layer->reverse || d == 1 ? real - 1 - k : k;
        step(layer, layer->weights[d], workspace->gates, x + t * a->x_step_stride, h, c);
        memcpy(y + t * a->y_step_stride, h, (size_t)n * sizeof(float));
      }
      for (int64_t t = real; t < a->steps; ++t)
        memset(y + t * a->y_step_stride, 0, (size_t)n * sizeof(float));
    }
  }
  return CAROUSEL_OK;
}

const carousel_plugin* carousel_backend_plugin(const carousel_plugin_host* host, char* error,
                                               size_t size) {
  (void)host, (void)error, (void)size;
  /* Members that are not named are NULL: what a later header may have more than this plug-in. */
  static const carousel_plugin plugin = {.abi_version = CAROUSEL_PLUGIN_ABI_VERSION,
                                         .struct_size = sizeof(carousel_plugin),
                                         .spec_size = sizeof(carousel_layer_spec),
                                         .args_size = sizeof(carousel_plugin_args),
                                         .name = "textbook",
                                         .version = "1.0",
                                         .description = "the LSTM as textbooks have it, in C",
                                         .available = available,
                                         .supports = supports,
                                         .layer_create = layer_create,
                                         .layer_memory_bytes = layer_memory_bytes,
                                         .layer_destroy = layer_destroy,
                                         .workspace_create = workspace_create,
                                         .workspace_memory_bytes = workspace_memory_bytes,
                                         .workspace_destroy = workspace_destroy,
                                         .forward = forward};
  return &plugin;
}
