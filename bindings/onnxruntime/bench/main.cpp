// SPDX-License-Identifier: Apache-2.0
// Sessions of ONNX Runtime with Carousel's execution provider, and with its custom operators,
// against the same without, one thread, in turns.
#include "contender.hpp"
#include "real_case.hpp"
#include "session.hpp"
#include "shapes.hpp"

#include <carousel/network.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace carousel::onnxruntime_bench {
namespace {

namespace fs = std::filesystem;
using namespace onnxruntime_test;

constexpr double kSeconds = 1.0;  // for each shape or network
constexpr const char* kUsage =
    "usage: carousel_onnxruntime_bench [SHAPE|FOLDER...]\n"
    "Times ONNX Runtime's sessions with Carousel's execution provider against the same without,\n"
    "against those with Carousel's custom operators, and against Carousel alone and a session "
    "that\n"
    "does next to nothing (what the first takes beyond these two is the provider's own overhead):\n"
    "recurrent layers of the shapes of bench/shapes.csv (all, unless some are named; 'sq64_*'\n"
    "stands for several), and whole networks in folders with model.onnx, input_NAME.npy and, "
    "where\n"
    "states are carried from call to call, calls.json. One thread, by its CPU time; the medians "
    "of\n"
    "many turns.\n";

const SessionSettings kWithoutCarousel{};
const SessionSettings kByProvider{.providers = kWith};
const SessionSettings kByOperators{.custom_operators = Options{}};

/// A session with its input x and its output y in place, so that a call is all that is timed.
class Caller {
 public:
  Caller(const fs::path& file, const SessionSettings& settings, const bench::Shape& shape,
         std::span<const float> x)
      : session_(open_session(file, settings)),
        x_(make_tensor<float>({shape.steps, shape.batch, shape.input}, x)) {}

  void call() {
    const char* const input = "x";
    const char* const output = "y";
    const OrtValue* const x = x_;
    OrtValue* y = y_;
    Ort::ThrowOnError(Ort::GetApi().Run(session_, nullptr, &input, &x, 1, &output, 1, &y));
    if (static_cast<OrtValue*>(y_) == nullptr) y_ = Ort::Value(y);
  }

 private:
  Ort::Session session_;
  Ort::Value x_;
  Ort::Value y_{nullptr};  ///< The first call makes it.
};

/// A model that does next to nothing: what is left is a call of ONNX Runtime.
Model almost_empty_model() {
  Model model;
  model.layers.push_back({.spec = ActivationSpec{{ActivationKind::relu}, 1}});
  return model;
}

/// The model as a file, for as long as this lives.
class ModelFile {
 public:
  explicit ModelFile(const Model& model)
      : path_(fs::temp_directory_path() /
              ("carousel-onnxruntime-bench-" + std::to_string(std::rand()) + ".onnx")) {
    save_onnx(model, path_);
  }
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;
  ~ModelFile() { fs::remove(path_); }
  [[nodiscard]] const fs::path& path() const noexcept { return path_; }

 private:
  fs::path path_;
};

/// Contenders: by the provider, without Carousel, by the operators and, of a single layer, Carousel
/// alone and the session that does next to nothing.
void print_row(const std::string& name, const std::vector<Contender>& contenders) {
  const auto microseconds = [&](std::size_t k) { return median(contenders[k].seconds) * 1e6; };
  std::printf("%-22s %11.2f %11.2f %7.3f %11.2f %7.3f", name.c_str(), microseconds(0),
              microseconds(1), median_ratio(contenders[0], contenders[1]), microseconds(2),
              median_ratio(contenders[2], contenders[1]));
  if (contenders.size() > 3) {
    const double overhead = median_rest(contenders[0], contenders[3], contenders[4]);
    std::printf(" %11.2f %8.2f %9.2f", microseconds(3), microseconds(4), overhead * 1e6);
  }
  std::printf("\n");
  std::fflush(stdout);
}

/// The ratio of the time by the provider to that without.
double measure_shape(const bench::Shape& shape) {
  const Model model = shape.random_model();
  const std::vector<float> x(static_cast<std::size_t>(shape.steps * shape.batch * shape.input),
                             0.25F);
  const ModelFile file(model);
  Caller with(file.path(), kByProvider, shape, x);
  Caller without(file.path(), kWithoutCarousel, shape, x);
  Caller operators(file.path(), kByOperators, shape, x);
  const ModelFile empty_file(almost_empty_model());
  bench::Shape one_number = shape;
  one_number.input = one_number.steps = one_number.batch = 1;
  Caller empty(empty_file.path(), kWithoutCarousel, one_number, std::span(x).first(1));
  Stream stream = prepare(model, {.batch = shape.batch, .steps = shape.steps})
                      .stream({.batch = shape.batch, .max_steps = shape.steps});
  std::vector<float> y(static_cast<std::size_t>(shape.steps * shape.batch * model.output_size()));
  const auto run_alone = [&] {
    stream.reset();
    static_cast<void>(
        stream.run(steps_first(x.data(), shape.steps, shape.batch, shape.input),
                   steps_first(y.data(), shape.steps, shape.batch, model.output_size())));
  };
  std::vector<Contender> contenders{{"with", [&] { with.call(); }},
                                    {"without", [&] { without.call(); }},
                                    {"operators", [&] { operators.call(); }},
                                    {"alone", run_alone},
                                    {"empty", [&] { empty.call(); }}};
  measure(contenders, kSeconds);
  print_row(shape.name, contenders);
  return median_ratio(contenders[0], contenders[1]);
}

void measure_network(const fs::path& folder) {
  RealCase network(folder);
  Ort::Session with = open_session(folder / "model.onnx", kByProvider);
  Ort::Session without = open_session(folder / "model.onnx");
  Ort::Session operators = open_session(folder / "model.onnx", kByOperators);
  std::vector<Contender> contenders{
      {"with", [&] { static_cast<void>(network.run(with)); }},
      {"without", [&] { static_cast<void>(network.run(without)); }},
      {"operators", [&] { static_cast<void>(network.run(operators)); }}};
  measure(contenders, kSeconds);
  for (Contender& contender : contenders) {
    for (double& seconds : contender.seconds) seconds /= static_cast<double>(network.calls());
  }
  print_row(folder.filename(), contenders);
}

void run(const std::vector<std::string>& arguments) {
  std::vector<std::string> shapes;
  std::vector<fs::path> folders;
  for (const std::string& argument : arguments) {
    if (fs::is_directory(argument)) {
      folders.emplace_back(argument);
    } else {
      shapes.push_back(argument);
    }
  }
  std::printf("%-22s %11s %11s %7s %11s %7s %11s %8s %9s\n", "us of a call", "provider", "without",
              "ratio", "operators", "ratio", "Carousel", "empty", "overhead");
  for (const fs::path& folder : folders) measure_network(folder);
  if (shapes.empty() && !folders.empty()) return;
  double logarithms = 0;
  const std::vector<bench::Shape> selected = bench::select_shapes(shapes);
  for (const bench::Shape& shape : selected) logarithms += std::log(measure_shape(shape));
  std::printf("geometric mean of the ratios of %zu shapes: %.3f\n", selected.size(),
              std::exp(logarithms / static_cast<double>(selected.size())));
}

}  // namespace
}  // namespace carousel::onnxruntime_bench

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h")) {
    std::fputs(carousel::onnxruntime_bench::kUsage, stdout);
    return 0;
  }
  try {
    carousel::onnxruntime_bench::run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "carousel_onnxruntime_bench: %s\n", error.what());
    return 2;
  }
  return 0;
}
