// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "model_source.hpp"

#include "core/model/stored_weights.hpp"

#include <carousel/error.hpp>

#include <cctype>
#include <filesystem>
#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr const char* kFooter =
    R"(Both files hold the same network, with the same bits (but for layers that ONNX has no operator for, such as
HardSwish and layer normalization, which are written as several), and names of tensors and metadata are
kept. A safetensors file tells of what PyTorch's modules have not
(peepholes, other activations, reverse-only layers, ...) in its metadata. ONNX has no LSTM with a
projection, a clipped cell state or an input gate that follows from the forget gate: those are refused.

The ONNX graph takes x [steps, batch, features] (or ids [steps, batch]) and gives y [steps, batch,
outputs], whatever the order of axes in the file that it is made of. With --lengths it also takes lengths [batch], with --states the initial states h0_l0, c0_l0, ...
and gives the final ones, hn_l0, cn_l0, ...: for streaming in chunks.

With --precision float16 or bfloat16, the matrices of recurrent, dense and convolution layers are rounded to
numbers of that type and written so. In an ONNX graph, a Cast makes float32 of them, so that every engine runs
it. Biases and all other weights stay as they are.

Examples:
  carousel convert speech.onnx speech.safetensors
  carousel convert speech.onnx part.safetensors --from LSTM_1 --to LSTM_2
  carousel convert vad.safetensors vad.onnx --states
  carousel convert vad.safetensors --to onnx                  writes vad.onnx
  carousel convert vad.onnx half.safetensors --precision float16
  carousel convert vad.safetensors half.onnx --precision bfloat16)";

enum class FileFormat : std::uint8_t { safetensors, onnx };

struct ConvertOptions {
  ModelSource source;
  std::string output;
  Precision precision = Precision::float32;
  SaveOnnxOptions onnx;
};

std::optional<FileFormat> format_of(const std::string& name) {
  if (name == "onnx") return FileFormat::onnx;
  if (name == "safetensors") return FileFormat::safetensors;
  return std::nullopt;
}

std::string ending(FileFormat format) {
  return format == FileFormat::onnx ? ".onnx" : ".safetensors";
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::optional<FileFormat> format_of_file(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension().string();
  return extension.empty() ? std::nullopt : format_of(lower(extension.substr(1)));
}

/// What is written where. `--to` says the format, or, as in the other commands, the last node of an
/// ONNX graph to take.
struct Target {
  std::string file;
  FileFormat format = FileFormat::safetensors;
};

/// Next to the input, for want of a name.
std::string default_output(const ConvertOptions& options, FileFormat format) {
  const auto file = std::filesystem::path(options.source.file).replace_extension(ending(format));
  if (file == options.source.file) {
    throw Error(ErrorCode::invalid_argument,
                file.string() + ": is the input; give OUTPUT another name");
  }
  return file.string();
}

Target find_target(ConvertOptions& options) {
  std::optional<FileFormat> wanted;
  if (options.source.has_to) wanted = format_of(options.source.to);
  if (wanted) options.source.has_to = false;
  if (options.output.empty()) {
    if (!wanted)
      throw Error(ErrorCode::invalid_argument, "give OUTPUT, or --to onnx or --to safetensors");
    return {default_output(options, *wanted), *wanted};
  }
  const std::optional<FileFormat> named = format_of_file(options.output);
  if (!wanted && !named) {
    throw Error(
        ErrorCode::invalid_argument,
        options.output + ": its name does not say the format; give --to onnx or --to safetensors");
  }
  if (wanted && named && *wanted != *named) {
    throw Error(ErrorCode::invalid_argument,
                options.output + ": its name contradicts --to " + options.source.to);
  }
  return {options.output, wanted ? *wanted : *named};
}

/// "6,432 parameters in 2 layers: LSTM 3 -> 4; Dense 4 -> 2"
std::string layers_text(const Model& model) {
  constexpr std::size_t kMost = 6;
  const std::size_t count = model.layers.size();
  std::string text = format_count(model.parameter_count()) + " parameters in " +
                     std::to_string(count) + (count == 1 ? " layer" : " layers");
  if (count > kMost) {
    return text + ", from " + describe(model.layers.front().spec) + " to " +
           describe(model.layers.back().spec);
  }
  for (const ModelLayer& layer : model.layers) {
    text += (&layer == &model.layers.front() ? ": " : "; ") + describe(layer.spec);
  }
  return text;
}

/// Throws Error for a precision that no file can have.
Model converted(Model model, const Target& target, Precision precision) {
  if (precision == Precision::float32) return model;
  if (!stored_type(precision)) {
    throw Error(ErrorCode::unsupported, target.file + ": --precision " +
                                            std::string(name(precision)) +
                                            " cannot be written; float16 and bfloat16 can");
  }
  const std::vector<Precision> precisions(model.layers.size(), precision);
  return store_weights(std::move(model), precisions);
}

/// Throws Error that names the file, also where the model is what cannot be written.
void write(const Model& model, const Target& target, const SaveOnnxOptions& options) {
  try {
    if (target.format == FileFormat::onnx) {
      save_onnx(model, target.file, options);
    } else {
      save(model, target.file);
    }
  } catch (const Error& error) {
    const std::string text = error.what();
    if (text.starts_with(target.file + ":")) throw;
    throw Error(error.code(), target.file + ": " + text);
  }
}

int run(ConvertOptions& options) {
  const Target target = find_target(options);
  const bool for_onnx = options.onnx.lengths || options.onnx.states;
  if (for_onnx && target.format != FileFormat::onnx) {
    throw Error(ErrorCode::invalid_argument,
                "--lengths and --states are inputs of an ONNX graph; " + target.file +
                    " is a safetensors file");
  }
  const Model model = converted(options.source.load(), target, options.precision);
  write(model, target, options.onnx);
  std::cerr << "carousel: " << target.file << ": " << layers_text(model) << '\n';
  return kOk;
}

}  // namespace

Command convert_command(Parser& app) {
  Parser command = app.add_subcommand("convert", "Turn an ONNX file into safetensors, or back");
  auto options = std::make_shared<ConvertOptions>();
  add_model_options(command, options->source, false);
  command.add_option(
      "OUTPUT", options->output,
      "what to write, .onnx or .safetensors (default: MODEL with the ending of --to)");
  command.option("--to")
      .type_name("FORMAT|NODE")
      .description("onnx or safetensors: what to write; or the last node to take");
  add_precision_option(command, options->precision);
  command.add_flag("--lengths", options->onnx.lengths, "ONNX: an input for sequence lengths");
  command.add_flag("--states", options->onnx.states,
                   "ONNX: inputs and outputs for initial and final states");
  command.footer(kFooter);
  return {command, [options] { return run(*options); }};
}

}  // namespace carousel::cli
