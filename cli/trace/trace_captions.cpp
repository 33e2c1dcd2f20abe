// SPDX-License-Identifier: Apache-2.0
#include "trace_captions.hpp"

#include <algorithm>
#include <map>

namespace carousel::cli {
namespace {

std::vector<SignalText> lstm_texts() {
  return {{.key = "f",
           .title = "forget gate",
           .caption = "How much of its memory a unit keeps: rows in full colour hold on to what "
                      "they know.",
           .gate = true,
           .keeps = true},
          {.key = "i",
           .title = "input gate",
           .caption = "How much of the candidate is let in: full colour is a moment of writing.",
           .gate = true},
          {.key = "g",
           .title = "candidate",
           .caption = "What would be written, up (orange) or down (blue)."},
          {.key = "c",
           .title = "cell state",
           .caption = "The memory, c' = f·c + i·g: long bands are kept by the constant error "
                      "carousel."},
          {.key = "o",
           .title = "output gate",
           .caption = "How much of the memory is shown to the next layer and the next step.",
           .gate = true},
          {.key = "h",
           .title = "output",
           .caption = "What comes out, h = o·tanh(c): the rest of the network sees only this."}};
}

std::vector<SignalText> gru_texts() {
  return {{.key = "z",
           .title = "update gate",
           .caption = "How much of the old state is kept: rows in full colour hold on to what they "
                      "know.",
           .gate = true,
           .keeps = true},
          {.key = "r",
           .title = "reset gate",
           .caption = "How much of the old state the candidate may look at.",
           .gate = true},
          {.key = "n",
           .title = "candidate",
           .caption = "What would be written, up (orange) or down (blue)."},
          {.key = "h",
           .title = "state",
           .caption = "The state, h' = (1 - z)·n + z·h: it is the memory and the output."}};
}

std::vector<SignalText> rnn_texts() {
  return {{.key = "h",
           .title = "state",
           .caption = "The state is all there is: every step rewrites all of it."}};
}

std::vector<SignalText> slstm_texts() {
  return {{.key = "f",
           .title = "forget gate",
           .caption = "How much of its memory a unit keeps, an exponential held below one: rows in "
                      "full colour hold on to what they know.",
           .gate = true,
           .keeps = true},
          {.key = "i",
           .title = "input gate",
           .caption = "How much of the candidate is let in, an exponential held below one: full "
                      "colour is a moment of writing.",
           .gate = true},
          {.key = "z",
           .title = "candidate",
           .caption = "What would be written, up (orange) or down (blue)."},
          {.key = "m",
           .title = "stabilizer",
           .caption = "The logarithm that both exponential gates are held down by."},
          {.key = "n",
           .title = "normalizer",
           .caption = "How much has been written, n' = f·n + i: what the memory is divided by."},
          {.key = "c", .title = "cell state", .caption = "The memory, c' = f·c + i·z."},
          {.key = "o",
           .title = "output gate",
           .caption = "How much of the memory is shown to the next layer and the next step.",
           .gate = true},
          {.key = "h",
           .title = "output",
           .caption = "What comes out, h = o·c/n: the rest of the network sees only this."}};
}

/// Nothing is known of what its gates do.
std::vector<SignalText> plain_texts(const CellTraits& cell) {
  std::vector<SignalText> texts;
  const auto add = [&](std::string_view key, std::string_view title) {
    if (std::ranges::find(texts, key, &SignalText::key) == texts.end()) {
      texts.push_back({.key = key, .title = title, .caption = {}});
    }
  };
  for (std::size_t k = 0; k < cell.state_count; ++k) add(cell.states.at(k), "state");
  for (std::size_t k = 0; k < cell.gates.size(); ++k) add(cell.gates.substr(k, 1), "gate");
  return texts;
}

}  // namespace

std::vector<SignalText> signal_texts(Cell cell) {
  static const std::map<Cell, std::vector<SignalText>> captioned{{Cell::lstm, lstm_texts()},
                                                                 {Cell::gru, gru_texts()},
                                                                 {Cell::rnn, rnn_texts()},
                                                                 {Cell::slstm, slstm_texts()}};
  const auto found = captioned.find(cell);
  return found == captioned.end() ? plain_texts(traits(cell)) : found->second;
}

}  // namespace carousel::cli
