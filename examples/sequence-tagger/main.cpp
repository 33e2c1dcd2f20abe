// SPDX-License-Identifier: Apache-2.0
// sequence_tagger MODEL TEXT [--batch N] [--least-f1 F]: takes the spaces out of each line of TEXT
// and lets a bidirectional LSTM put them back.
//
// The lines differ in length. They go through the network in batches with `lengths`, which costs no
// work on the padding and changes no result.
#include <carousel/carousel.hpp>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// One line without spaces; ends[i] says whether a word ends with letter i.
struct Line {
  std::vector<std::int32_t> letters;
  std::vector<bool> ends;
  std::vector<bool> found;
};

Line read_line(const std::string& text, const std::string& alphabet) {
  Line line;
  for (const char symbol : text + " ") {
    const auto byte = static_cast<unsigned char>(symbol);
    const std::size_t letter = alphabet.find(static_cast<char>(std::tolower(byte)));
    if (letter != std::string::npos) {
      line.letters.push_back(static_cast<std::int32_t>(letter));
      line.ends.push_back(false);
    } else if (std::isspace(byte) != 0 && !line.ends.empty()) {
      line.ends.back() = true;
    }
  }
  return line;
}

std::vector<Line> read_lines(const std::string& file, const std::string& alphabet) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file + ": cannot be read");
  std::vector<Line> lines;
  for (std::string text; std::getline(in, text);) {
    lines.push_back(read_line(text, alphabet));
    if (lines.back().letters.empty()) lines.pop_back();
  }
  if (lines.empty()) throw std::runtime_error(file + ": has no line with letters");
  return lines;
}

/// Runs `lines` through the network as one batch and marks the ends it finds.
void tag(const carousel::Network& network, std::span<Line> lines) {
  const auto batch = static_cast<std::int64_t>(lines.size());
  std::vector<std::int64_t> lengths;
  for (const Line& line : lines) lengths.push_back(static_cast<std::int64_t>(line.letters.size()));
  const std::int64_t steps = *std::ranges::max_element(lengths);

  // Batch first: each line's letters are contiguous; what follows a shorter line is never read.
  std::vector<std::int32_t> ids(static_cast<std::size_t>(batch * steps), 0);
  std::vector<float> scores(static_cast<std::size_t>(batch * steps * 2));
  const auto x = carousel::batch_first(ids.data(), batch, steps, 1);
  const auto y = carousel::batch_first(scores.data(), batch, steps, 2);
  for (std::int64_t b = 0; b < batch; ++b) {
    std::ranges::copy(lines[static_cast<std::size_t>(b)].letters, x.row(0, b));
  }
  auto stream = network.stream({.batch = batch, .max_steps = steps});
  if (const auto status = stream.run_ids(x, y, lengths); !status) {
    throw std::runtime_error(status.message());
  }
  for (std::int64_t b = 0; b < batch; ++b) {
    Line& line = lines[static_cast<std::size_t>(b)];
    for (std::int64_t t = 0; t < lengths[static_cast<std::size_t>(b)]; ++t) {
      line.found.push_back(y.row(t, b)[1] > y.row(t, b)[0]);
    }
  }
}

/// Harmonic mean of precision and recall of the words' ends.
double f1(const std::vector<Line>& lines) {
  std::int64_t hits = 0, marked = 0;
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < line.ends.size(); ++i) {
      hits += line.ends[i] && line.found[i] ? 1 : 0;
      marked += (line.ends[i] ? 1 : 0) + (line.found[i] ? 1 : 0);
    }
  }
  return 2.0 * static_cast<double>(hits) / static_cast<double>(marked);
}

std::string spaced(const Line& line, const std::string& alphabet) {
  std::string text;
  for (std::size_t i = 0; i < line.letters.size(); ++i) {
    text += alphabet[static_cast<std::size_t>(line.letters[i])];
    if (line.found[i]) text += ' ';
  }
  return text;
}

struct Settings {
  std::string model, text;
  std::size_t batch = 16;
  double least_f1 = 0.0;
};

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--batch") {
      settings.batch = static_cast<std::size_t>(std::max(1, std::atoi(value)));
      ++i;
    } else if (word == "--least-f1") {
      settings.least_f1 = std::atof(value);
      ++i;
    } else {
      (settings.model.empty() ? settings.model : settings.text) = word;
    }
  }
  if (settings.text.empty()) {
    throw std::runtime_error("usage: sequence_tagger MODEL TEXT [--batch N] [--least-f1 F]");
  }
  return settings;
}

bool run(const Settings& settings) {
  const auto model = carousel::load(settings.model);
  if (!model.metadata.contains("letters")) {
    throw std::runtime_error(settings.model + ": has no metadata \"letters\"");
  }
  const std::string& alphabet = model.metadata.at("letters");
  const auto network =
      carousel::prepare(model, {.batch = static_cast<std::int64_t>(settings.batch), .steps = 128});
  std::vector<Line> lines = read_lines(settings.text, alphabet);

  const auto start = std::chrono::steady_clock::now();
  std::size_t letters = 0;
  for (std::size_t first = 0; first < lines.size(); first += settings.batch) {
    const std::size_t count = std::min(settings.batch, lines.size() - first);
    tag(network, std::span(lines).subspan(first, count));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  for (const Line& line : lines) letters += line.letters.size();

  for (std::size_t i = 0; i < std::min<std::size_t>(3, lines.size()); ++i) {
    std::printf("%s\n", spaced(lines[i], alphabet).c_str());
  }
  const double score = f1(lines);
  std::printf("\n%zu lines, %.0f letters/s, F1 of the words' ends: %.4f\n", lines.size(),
              static_cast<double>(letters) / took.count(), score);
  return score >= settings.least_f1;
}

}  // namespace

int main(int argc, char** argv) try {
  return run(parse(argc, argv)) ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "sequence_tagger: %s\n", error.what());
  return 1;
}
