// SPDX-License-Identifier: Apache-2.0
#include "core/plugins/plugin_backend.hpp"

#include "core/engine/common_layers.hpp"
#include "core/engine/layers/convolution.hpp"
#include "core/model/idle_clip.hpp"
#include "core/model/quote.hpp"
#include "core/plugins/answer.hpp"
#include "core/plugins/c_spec.hpp"
#include "core/plugins/plugin_layer.hpp"
#include "core/plugins/run_within.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace carousel::plugins {
namespace {

std::string bytes(std::size_t size) { return std::to_string(size) + " bytes"; }

/// What these structs had when ABI version 2 began; a plug-in cannot know less.
constexpr std::size_t kLeastTable = offsetof(carousel_plugin, forward) + sizeof(void*);
constexpr std::size_t kLeastSpec = sizeof(carousel_layer_spec);
constexpr std::size_t kLeastArgs = sizeof(carousel_plugin_args);

void require_size(const char* member, std::size_t found, std::size_t least) {
  constexpr std::size_t kMost = 1U << 20U;
  if (found >= least && found <= kMost) return;
  fail(std::string("its ") + member + " is " + std::to_string(found) + ", but must be at least " +
       bytes(least) + " and at most " + bytes(kMost));
}

void require_functions(const carousel_plugin& t) {
  const auto require = [](bool present, const char* name) {
    if (!present) fail(std::string("its function '") + name + "' is null");
  };
  require(t.available != nullptr, "available");
  require(t.supports != nullptr, "supports");
  require(t.layer_create != nullptr, "layer_create");
  require(t.layer_memory_bytes != nullptr, "layer_memory_bytes");
  require(t.layer_destroy != nullptr, "layer_destroy");
  require(t.workspace_create != nullptr, "workspace_create");
  require(t.workspace_memory_bytes != nullptr, "workspace_memory_bytes");
  require(t.workspace_destroy != nullptr, "workspace_destroy");
  require(t.forward != nullptr, "forward");
}

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

void require_name(const char* name) {
  if (name == nullptr) fail("its name is null");
  constexpr std::size_t kLongest = 64;
  const std::string_view text(name, strnlen(name, kLongest + 1));
  const std::size_t colon = text.find(':');
  const bool good = text.size() <= kLongest && text != "auto" && is_word(text.substr(0, colon)) &&
                    (colon == text.npos || is_word(text.substr(colon + 1)));
  if (good) return;
  fail("its name is " + quote(text) +
       ", but must be a word or two with a colon between them, not 'auto', at most 64 "
       "letters, digits, '-', '_' and '.'");
}

std::string required_text(const char* text, const char* what) {
  if (text == nullptr || *text == '\0') fail(std::string("its ") + what + " is empty");
  return clean_text(text);
}

/// Not yet destroyed: what a call that is given up may still write to.
struct Question {
  carousel_layer_spec spec{};
  std::uint32_t set_apart = CAROUSEL_SET_APART_NOTHING;
  Answer answer;
  TextBuffer reason{};  ///< of what is set apart
};

[[noreturn]] void throw_too_slow(const char* function) {
  fail(std::string(function) + " did not return within " + std::to_string(time_limit().count()) +
       " ms; it is not called again");
}

Support ask_available(const carousel_plugin& table) {
  auto question = std::make_shared<Question>();
  if (!run_within(time_limit(), [question, f = table.available] { question->answer = ask(f); })) {
    throw_too_slow("available");
  }
  const Answer& answer = question->answer;
  if (answer.ok()) return Support::yes();
  if (answer.status == CAROUSEL_UNSUPPORTED) return Support::no(answer.text);
  fail("available failed: " + answer.text);
}

}  // namespace

void check_table(const carousel_plugin& table) {
  if (table.abi_version != CAROUSEL_PLUGIN_ABI_VERSION) {
    fail("it is made for plug-in ABI version " + std::to_string(table.abi_version) +
         "; this Carousel has version " + std::to_string(CAROUSEL_PLUGIN_ABI_VERSION));
  }
  require_size("struct_size", table.struct_size, kLeastTable);
  require_size("spec_size", table.spec_size, kLeastSpec);
  require_size("args_size", table.args_size, kLeastArgs);
  require_functions(table);
  require_name(table.name);
}

PluginBackend::PluginBackend(const carousel_plugin& table, std::string file)
    : table_{}, file_(std::move(file)) {
  check_table(table);
  std::memcpy(&table_, &table, std::min(table.struct_size, sizeof table_));
  const std::string name = table.name;
  family_ = name.substr(0, name.find(':'));
  if (family_.size() < name.size()) isa_ = name.substr(family_.size() + 1);
  version_ = required_text(table.version, "version");
  description_ = required_text(table.description, "description");
  threw_ = in_file("forward threw an exception");
  available_ = ask_available(table_);
}

std::string PluginBackend::in_file(const std::string& what) const {
  return "plug-in " + escaped(file_) + ": " + what;
}

Support PluginBackend::supports(const LayerSpec& spec, Precision precision) const {
  if (is_common(spec)) return Support::yes();
  if (const auto* convolution = std::get_if<ConvolutionSpec>(&spec)) {
    return layers::supports_convolution(*this, *convolution, precision);
  }
  Support support;
  try {
    support = ask_supports(spec, Precision::float32);
    if (support && precision != Precision::float32) support = ask_supports(spec, precision);
  } catch (const Error& error) {
    support = {false, error.what(), true};
  }
  if (support.fault) support.reason = in_file(support.reason);
  return support;
}

Support PluginBackend::ask_supports(const LayerSpec& spec, Precision precision) const {
  const bool plain = precision == Precision::float32;
  if (!plain && table_.supports_precision == nullptr) {
    return Support::no("the plug-in has weights in float32 only, not in " +
                       std::string(name(precision)));
  }
  if (stuck_) fail("supports did not return once; it is not called again");
  auto question = std::make_shared<Question>();
  question->spec = c_types::to_c(without_idle_clip(spec));
  if (c_types::uses_members_past(&question->spec, sizeof question->spec, table_.spec_size)) {
    return Support::no("the plug-in was built for an older Carousel, which had no such layers");
  }
  if (!run_within(time_limit(), [question, plain, precision, table = table_] {
        question->answer = ask([&](char* text, std::size_t size) {
          return plain ? table.supports(&question->spec, text, size)
                       : table.supports_precision(&question->spec,
                                                  static_cast<std::int32_t>(precision), text, size);
        });
      })) {
    stuck_ = true;
    throw_too_slow("supports");
  }
  const Answer& answer = question->answer;
  if (answer.ok()) return Support::yes();
  if (answer.status != CAROUSEL_UNSUPPORTED) fail("supports failed: " + answer.text);
  if (answer.text == status_name(CAROUSEL_UNSUPPORTED)) {
    fail("supports said no without a reason");
  }
  return Support::no(answer.text);
}

SetApart PluginBackend::sets_apart(const LayerSpec& spec) const {
  if (table_.sets_apart == nullptr || is_common(spec)) return {};
  if (const auto* convolution = std::get_if<ConvolutionSpec>(&spec)) {
    return layers::convolution_sets_apart(*this, *convolution);
  }
  try {
    return ask_sets_apart(spec);
  } catch (const Error& error) {
    throw Error(error.code(), in_file(error.what()));
  }
}

SetApart PluginBackend::ask_sets_apart(const LayerSpec& spec) const {
  if (stuck_) fail("a question was not answered once; sets_apart is not called");
  auto question = std::make_shared<Question>();
  question->spec = c_types::to_c(without_idle_clip(spec));
  if (!run_within(time_limit(), [question, f = table_.sets_apart] {
        question->answer = ask([&](char* text, std::size_t size) {
          const std::int32_t status = f(&question->spec, &question->set_apart, text, size);
          std::copy_n(text, std::min(size, question->reason.size()), question->reason.begin());
          return status;
        });
      })) {
    stuck_ = true;
    throw_too_slow("sets_apart");
  }
  if (!question->answer.ok()) fail("sets_apart failed: " + question->answer.text);
  const bool not_finite = (question->set_apart & CAROUSEL_SET_APART_NOT_FINITE) != 0;
  if (!not_finite) return {};
  question->reason.back() = '\0';
  std::string reason = clean_text(question->reason.data());
  if (reason.empty()) fail("sets_apart gave no reason");
  return {.not_finite = true, .reason = std::move(reason)};
}

std::unique_ptr<Layer> PluginBackend::prepare(const LayerSpec& spec, const Weights& weights,
                                              const LayerOptions& options) const {
  require_tiling(spec, options);
  if (is_common(spec)) return make_common_layer(spec, weights);
  if (const auto* convolution = std::get_if<ConvolutionSpec>(&spec)) {
    return layers::make_convolution(*this, *convolution, weights, options);
  }
  return make_plugin_layer(*this, spec, weights, options);
}

Status PluginBackend::failure(std::int32_t status, const char* text) const noexcept {
  try {
    const std::lock_guard lock(mutex_);
    std::string& kept = failures_[{status, text}];
    if (kept.empty()) {
      kept =
          in_file("forward failed: " + (text == nullptr ? status_name(status) : clean_text(text)));
    }
    return Status::failure(kept.c_str());
  } catch (...) {
    return Status::failure("a plug-in's forward failed");
  }
}

}  // namespace carousel::plugins
