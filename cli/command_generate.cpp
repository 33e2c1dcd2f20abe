// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "generator.hpp"
#include "model_facts.hpp"
#include "model_source.hpp"
#include "progress.hpp"
#include "table.hpp"

#include <carousel/backend.hpp>
#include <carousel/error.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr const char* kFooter =
    R"(The model must have an embedding, one output per symbol, and metadata "carousel.vocab" (a JSON array
of one-character strings in id order). With all backends, the text comes from the fastest, followed by
the characters per second of each on the same prompt and seed; with one named, nothing but the text
goes to standard output. The same seed and backend give the same text.

Examples:
  carousel generate models/charlm.safetensors --prompt "In the beginning "
  carousel generate models/charlm.safetensors --prompt "And he said " --chars 2000 --temperature 0.6
  carousel generate models/charlm.safetensors --prompt "The " --seed 7 --backend xsimd > text.txt)";

struct GenerateOptions {
  ModelSource source;
  GenerateSettings settings;
  std::string prompt;
  std::string backend;
  PrecisionChoice precision{};
  bool json = false;
};

struct Writer {
  std::string name;
  Network network;
  Generated result;

  [[nodiscard]] double rate() const { return static_cast<double>(result.steps) / result.seconds; }
};

/// A language model ready to write on each backend that can run it.
struct Session {
  Vocabulary vocabulary;
  std::vector<std::int32_t> prompt;
  std::vector<Writer> writers;
  std::vector<std::string> refusals;
};

Session open_session(const GenerateOptions& options, bool all) {
  const Model model = options.source.load();
  Session session{.vocabulary = Vocabulary(model), .prompt = {}, .writers = {}, .refusals = {}};
  if (std::cmp_not_equal(session.vocabulary.size(), model.output_size())) {
    throw Error(ErrorCode::invalid_argument,
                model.source + ": has " + std::to_string(model.output_size()) + " outputs, but " +
                    std::to_string(session.vocabulary.size()) + " symbols: not a language model");
  }
  session.prompt = session.vocabulary.encode(options.prompt, "--prompt");
  if (session.prompt.empty())
    throw Error(ErrorCode::invalid_argument, "--prompt is empty; give at least one character");
  if (!all) {
    Network network = prepare(model, {.backend = options.backend,
                                      .batch = 1,
                                      .steps = 1,
                                      .precision = options.precision.network,
                                      .layer_precisions = options.precision.layers,
                                      .plan = Plan::fixed});
    const std::string name = backends_of(network);
    session.writers.push_back({.name = name, .network = std::move(network), .result = {}});
    return session;
  }
  for (const Backend* backend : select_backends("auto")) {
    try {
      session.writers.push_back(
          {.name = backend->id(),
           .network = prepare(model, {.backend = backend->id(),
                                      .batch = 1,
                                      .steps = 1,
                                      .precision = options.precision.network,
                                      .layer_precisions = options.precision.layers}),
           .result = {}});
    } catch (const Error& error) {
      session.refusals.push_back(backend->id() + " cannot run it: " + error.what());
    }
  }
  if (session.writers.empty())
    throw Error(ErrorCode::unsupported, "no backend can run it: " + session.refusals.front());
  return session;
}

/// Moves the backend that is fastest on a short text to the front.
void put_fastest_first(Session& session) {
  if (session.writers.size() < 2) return;
  constexpr int kRounds = 3;
  std::vector<double> best(session.writers.size(), 1e300);
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < session.writers.size(); ++i) {
      const Generated trial = generate(session.writers[i].network, session.vocabulary,
                                       session.prompt, {.characters = 32});
      best[i] = std::min(best[i], trial.seconds);
    }
  }
  const auto fastest = std::ranges::min_element(best) - best.begin();
  std::rotate(session.writers.begin(), session.writers.begin() + fastest,
              session.writers.begin() + fastest + 1);
}

/// Streams the text of the first writer; the others write silently.
void write_all(Session& session, const GenerateOptions& options) {
  if (!options.json) std::cout << options.prompt << std::flush;
  const auto show = [](const std::string& symbol) {
    std::cout << symbol;
    flush_output();  // nobody would see the rest, which may take hours
  };
  Writer& first = session.writers.front();
  first.result = generate(first.network, session.vocabulary, session.prompt, options.settings,
                          options.json ? std::function<void(const std::string&)>() : show);
  if (!options.json) std::cout << '\n' << std::flush;
  Progress progress("timing the others");
  for (std::size_t i = 1; i < session.writers.size(); ++i) {
    progress.update(static_cast<double>(i) / static_cast<double>(session.writers.size()));
    Writer& writer = session.writers[i];
    writer.result = generate(writer.network, session.vocabulary, session.prompt, options.settings);
  }
}

std::size_t common_characters(const std::string& a, const std::string& b) {
  const auto split = std::ranges::mismatch(a, b).in1;
  return display_width({a.begin(), split});
}

Table speed_table(const Session& session, const GenerateOptions& options) {
  Table table({{"backend", "backend", Align::left},
               {"characters_per_second", "characters"},
               {"seconds", "time"},
               {"same_characters", "same text", Align::left}});
  std::vector<const Writer*> sorted;
  for (const Writer& writer : session.writers) sorted.push_back(&writer);
  std::ranges::stable_sort(sorted,
                           [](const Writer* a, const Writer* b) { return a->rate() > b->rate(); });
  for (const Writer* writer : sorted) {
    const std::size_t same =
        common_characters(session.writers.front().result.text, writer->result.text);
    const bool whole = std::cmp_equal(same, options.settings.characters);
    table.add({writer->name,
               {format_rate(writer->rate()), writer->rate()},
               {format_time(writer->result.seconds), writer->result.seconds},
               {whole ? "yes" : "the first " + std::to_string(same) + " characters", same}});
  }
  return table;
}

void print_outcome(const Session& session, const GenerateOptions& options, bool all) {
  if (options.json) {
    print_json({{"prompt", options.prompt},
                {"text", session.writers.front().result.text},
                {"seed", options.settings.seed},
                {"temperature", options.settings.temperature},
                {"backends", speed_table(session, options).json()}});
    return;
  }
  const Writer& first = session.writers.front();
  if (!all) {
    std::cerr << "carousel: " << first.name << ", "
              << "characters: " << format_rate(first.rate()) << '\n';
    return;
  }
  std::cout << "\nWritten by " << first.name << ", seed " << options.settings.seed
            << ", temperature " << format_fixed(options.settings.temperature, 2) << ".\n\n";
  speed_table(session, options).print(std::cout);
  for (const std::string& refusal : session.refusals) std::cout << refusal << '\n';
}

int run(const GenerateOptions& options) {
  const bool all =
      options.backend == "all" || (options.backend.empty() && backend_choice("") == "auto");
  Session session = open_session(options, all);
  put_fastest_first(session);
  write_all(session, options);
  print_outcome(session, options, all);
  return kOk;
}

}  // namespace

Command generate_command(Parser& app) {
  Parser command = app.add_subcommand("generate", "Let a character language model write");
  auto options = std::make_shared<GenerateOptions>();
  add_model_options(command, options->source, false);
  command.add_option("--prompt", options->prompt, "the text to continue").required();
  command.add_option("--chars", options->settings.characters, "characters to write")
      .show_default()
      .range(0, 100'000'000);
  command
      .add_option("--temperature", options->settings.temperature,
                  "0 for the likeliest, 1 for the model's own distribution")
      .show_default()
      .range(0.0, 100.0);
  command.add_option("--seed", options->settings.seed, "seed of the sampling").show_default();
  command.add_option(
      "--backend", options->backend,
      "a family, an id, auto, several of these with commas\nbetween, or all (the default)");
  add_precision_options(command, options->precision);
  add_json_option(command, options->json);
  command.footer(kFooter);
  return {command, [options] { return run(*options); }};
}

}  // namespace carousel::cli
