// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include "onnxruntime.hpp"

#include <commands.hpp>
#include <csv.hpp>
#include <model_source.hpp>

#include <carousel/backend.hpp>
#include <carousel/error.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <thread>

namespace carousel::bench {
namespace {

constexpr const char* kDescription =
    "Times Carousel's backends on the shapes of bench/shapes.csv, taking turns in one process.\n"
    "The table goes to standard output, progress to standard error, everything to a JSON file\n"
    "that `carousel report` makes an HTML page of.";

constexpr const char* kFooter =
    R"(Examples:
  carousel_bench                                 every shape, backend and thread count (< 10 minutes)
  carousel_bench --quick --compare               a dozen shapes against oneDNN and the targets (< 1 minute)
  carousel_bench --shapes 'sq128_*,vadcell' --threads 1
  carousel_bench --lengths --shapes '*_b64' --seconds 120
  carousel_bench --backend xsimd:avx2,xsimd:avx512 --shapes amp40_b1
  carousel_bench --quick --cell gru              the same shapes with another cell
  carousel_bench --quick --cell gru --reset-first
  carousel_bench --quick --compare --peers       with ONNX Runtime, in the same process
  carousel_bench --peers --precision int8        what others have in 8 bits, beside Carousel
  carousel_bench --lengths --prepare             variable lengths; prepare, first runs, idle threads
  carousel_bench --plugin-route                  calls into plug-ins
  carousel_bench --estimate                      what is chosen and predicted without tuning, and what is measured
  carousel_bench --cache-sweep --quick           the rules for other sizes of the L2 cache, on this one
  carousel_bench --neighbours                    one and two threads on busy cores
  carousel_bench --networks FOLDER --peers       whole networks, with ONNX Runtime on the same files

How it measures: a sample is as many whole runs, each from zero state, as take a millisecond. The
samples of all backends of a shape alternate at random (Google Benchmark's random interleaving), so
compare within a shape and a run. Medians and quartiles count.

"roofline" is the share of what this machine could do by its own rates (see `carousel rank --help`).
These are sampled in turns with the backends, for each shape anew: multiply-adds, and reads of just as
many bytes as its weights have. They are medians too, of samples as long as a run (1 to 10 ms): on a
shared machine the best of many samples is a rate that lasts for a moment, and a share of it would be
below 90 % by construction. That best is shown ("at best", "peak_best" in the JSON file) but nothing
is judged by it. With N threads, N times one core's rates. Reads go round and round, at the speed of
the cache that holds all of the weights; xsimd walks them to and fro, so that where they are little
larger than a cache it finds some of them in it, and may take more than 100 %.

Where somebody else uses the other hardware thread of the core, real work takes up to 1.5 times as
long while multiply-adds in registers keep their rate. Reads from L1, compared with multiply-adds
before and after each sample, tell such moments. The benchmark waits for their end and takes samples
again, for a quarter of its time at most; where more than half were taken in such a moment
("disturbed_share" in the JSON file), the shape is marked "slow".

With two threads, those of oneDNN and ONNX Runtime get time to go to sleep before and after, and the
time that a cache line takes from core to core is measured, and what each of two threads keeps of its
multiply-adds ("core_share" in the JSON file: about a half while two virtual cores are one real core).
Where these, or oneDNN's gain over one thread, say that the machine is in a slow state, the shape is
measured up to three times, and marked "slow" if it stays like this. What several threads gain is told
by one thread of xsimd that takes turns with them.

Targets (--compare): those stated against other engines come from bench/peers.csv and are
  (peer's time there) x (oneDNN's time here / oneDNN's time there), same oneDNN version.
With --peers, ONNX Runtime's own time takes the place of that table's figure for it: the best peer
is then the fastest of ONNX Runtime, oneDNN (both measured) and, if another engine was the best
there, its scaled time. Where a demand that was missed allows less time than the roofline, the
roofline's is beside it.

--networks: FOLDER has a folder for each network (or is one), with its file model.onnx, model.json or
whatever it is, and input_NAME.npy for each input, in the file's own order of axes. calls.json, for
networks that are called once per chunk with their state handed over, says that the arrays have an
axis of calls before, which output is an input of the next call, which inputs are fixed, and, for
ONNX Runtime, the shapes of the inputs that are handed over:
  {"carry": {"OUTPUT": "INPUT"}, "set": {"INPUT": 16000}, "state_shapes": {"INPUT": [2, 1, 128]}}
One thread; a time is that of one call alone, with nothing of what happens between calls. Beside it
the recurrent layers of the network alone, each as a network of its own.

--estimate: each layer's choice by Plan::estimate, its predicted time and its measured one, beside the
fastest of all backends by the same measurement, which takes turns; the usual tilings only, and none
that is predicted to take more than four times as long as the best. Rates are measured anew in each
process, wisdom is left alone. One thread unless --threads says. With one thread, and by --cache-sweep,
times are those that the thread was running.

--neighbours: the time of every single run, back to back, with one thread and with two (or the most that
--threads names), on free cores and beside a process on each core that does nothing but use it. The
first of --backend, else xsimd; shapes of 256 and 512 units, one row, unless --shapes says.

Environment variables for development: CAROUSEL_MAX_ISA=sse2, avx2, avx512 or neon hides what a CPU has beyond;
CAROUSEL_CACHE_SIZES=32K,512K,16M makes rules see these sizes of L1d, L2 and L3. oneDNN has a variable
of its own, ONEDNN_MAX_CPU_ISA (SSE41, AVX2, AVX512_CORE, ...); a fair comparison sets both.

--peers needs ONNX Runtime, which is not part of this build and never downloaded by it:
)";

constexpr const char* kAfterSources =
    R"(
It gets the file that carousel::save_onnx writes of the same network, a session with as many
intra-op threads (that may spin), one inter-op thread, sequential execution and all optimizations,
and input and output in place.

With --peers and --precision int8 also ONNX Runtime with DynamicQuantizeLSTM for LSTM, as its dynamic
quantizer makes it, and oneDNN's LSTM of u8 and s8; with --precision bfloat16 oneDNN's in bf16: chains of
LSTM layers of one direction, where the version and the CPU have them. These round otherwise than
Carousel (one scale for all rows and steps, states in 8 or 16 bits), which the table marks as other
arithmetic, with the largest difference of y from float32.

Exit codes: 0 ok, 1 results of two backends differ (with --strict also: a target is missed),
2 usage or bad input; also --peers where ONNX Runtime is not found.)";

/// For --neighbours: runs of a millisecond and less, whose steps threads share.
constexpr std::array kNeighboursShapes{"sq256_b1", "sq512_b1"};

constexpr std::array kQuickShapes{"sq16_b1",   "sq32_b16",  "sq64_b1",    "sq64_b16", "sq128_b1",
                                  "sq128_b64", "sq256_b1",  "sq256_b16",  "sq512_b1", "amp40_b1",
                                  "vadcell",   "asr_bi320", "lm650x2_b20"};

struct Arguments {
  std::string shapes;
  std::string cell{kCells.front().name};
  bool reset_first = false;
  std::string backends;
  std::string threads;
  double seconds = 0;
  bool quick = false;
};

std::vector<std::string> names(const std::string& list) {
  return list.empty() ? std::vector<std::string>{} : cli::split(list);
}

/// Those that were asked for, else the usual ones of what was asked for.
std::vector<std::string> shape_names(const Arguments& arguments, const Settings& settings) {
  if (!arguments.shapes.empty()) return names(arguments.shapes);
  if (settings.neighbours) return {kNeighboursShapes.begin(), kNeighboursShapes.end()};
  if (arguments.quick) return {kQuickShapes.begin(), kQuickShapes.end()};
  return {};
}

int parse_threads(const std::string& text) {
  const bool digits = !text.empty() && text.size() <= 3 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  const int count = digits ? std::stoi(text) : 0;
  if (count < 1)
    throw Error(ErrorCode::invalid_argument,
                "--threads: '" + text + "' is not a number of threads");
  return count;
}

Cell parse_cell(const std::string& text) {
  if (const auto cell = cli::cell_by_name(text)) return *cell;
  throw Error(ErrorCode::invalid_argument,
              "--cell: '" + text + "' is not one of " + cli::cell_names());
}

void check_backends(const std::vector<std::string>& backends) {
  for (const std::string& choice : backends) static_cast<void>(select_backends(choice));
}

void apply(const Arguments& arguments, Settings& settings) {
  settings.shapes = select_shapes(shape_names(arguments, settings));
  const Cell cell = parse_cell(arguments.cell);
  if (arguments.reset_first && cell != Cell::gru) {
    throw Error(ErrorCode::invalid_argument,
                "--reset-first: only a GRU has a reset gate (--cell gru)");
  }
  for (Shape& shape : settings.shapes) {
    shape = with_cell(shape, cell, !arguments.reset_first);
  }
  settings.backends = names(arguments.backends);
  check_backends(settings.backends);
  if (!arguments.threads.empty()) {
    settings.threads.clear();
    for (const std::string& part : names(arguments.threads)) {
      settings.threads.push_back(parse_threads(part));
    }
    std::ranges::sort(settings.threads);
    settings.threads.erase(std::unique(settings.threads.begin(), settings.threads.end()),
                           settings.threads.end());
  } else if (settings.estimate || std::thread::hardware_concurrency() < 2) {
    settings.threads = {1};
  }
  settings.all_backends = !arguments.quick && !settings.compare;
  const double usual = arguments.quick ? 45 : is_extra(settings) ? 60 : 540;
  settings.seconds = arguments.seconds > 0 ? arguments.seconds : usual;
  settings.most_repetitions = arguments.quick ? 31 : 101;
  settings.mode = arguments.quick ? "quick" : "full";
}

void add_options(CLI::App& app, Arguments& arguments, Settings& settings) {
  app.add_flag("--quick", arguments.quick, "a dozen shapes, only xsimd and oneDNN, under a minute");
  app.add_flag("--compare", settings.compare,
               "only xsimd and oneDNN, and the table of targets met and missed");
  app.add_option("--shapes", arguments.shapes, "only these, e.g. vadcell,'sq64_*','*_b64'");
  app.add_option(
      "--cell", arguments.cell,
      "the cell in these shapes: " + cli::cell_names() + " (default: " + arguments.cell + ")");
  app.add_flag("--reset-first", arguments.reset_first,
               "with --cell gru: the reset gate before the matrix (ONNX: linear_before_reset 0)");
  app.add_option("--backend", arguments.backends, "only these families or ids, e.g. xsimd,scalar");
  app.add_option_function<std::string>(
      "--precision",
      [&settings](const std::string& word) { settings.precision = precision_by_name(word); },
      "how Carousel stores and multiplies weights, besides float32: float16, bfloat16, int8");
  app.add_option("--threads", arguments.threads, "only these counts (default: 1,2)");
  app.add_option("--seconds", arguments.seconds,
                 "about how long shapes take (default: 540; --quick: 45; instead of the suite: 60)")
      ->check(CLI::Range(1.0, 36000.0));
  CLI::Option* peers =
      app.add_flag("--peers", settings.peers, "ONNX Runtime as well, if it is found (see below)");
  app.add_flag("--lengths", settings.lengths,
               "instead: lengths uniform in 1..T against padded rows, for shapes with many rows")
      ->excludes(peers);
  app.add_flag("--prepare", settings.prepare,
               "instead: prepare against memcpy, first run, stream size, idle threads")
      ->excludes(peers);
  app.add_flag("--plugin-route", settings.plugin_route,
               "instead: what a call costs that goes through the ABI of plug-ins")
      ->excludes(peers);
  app.add_flag(
         "--estimate", settings.estimate,
         "instead: what Plan::estimate chooses and predicts, and what is measured (see below)")
      ->excludes(peers);
  app.add_flag("--cache-sweep", settings.cache_sweep,
               "instead: the rules for L2 caches of 256 KiB to 2 MiB, on this machine")
      ->excludes(peers);
  app.add_flag("--neighbours", settings.neighbours,
               "instead: one and two threads beside busy processes on all cores (see below)")
      ->excludes(peers);
  app.add_option("--networks", settings.networks,
                 "instead: whole networks, in folders of FOLDER (see below)")
      ->type_name("FOLDER");
  app.add_flag("--strict", settings.strict, "exit with 1 when a target is missed");
  app.add_option("--output", settings.output, "results as JSON")->capture_default_str();
}

}  // namespace

bool parse_arguments(int argc, char** argv, Settings& settings, int& exit_code) {
  CLI::App app{kDescription, "carousel_bench"};
  app.footer(std::string(kFooter) + kOnnxRuntimeSources + kAfterSources);
  app.set_version_flag("--version", "carousel_bench " CAROUSEL_VERSION);
  app.failure_message([](const CLI::App* /*app*/, const CLI::Error& error) {
    return std::string("carousel_bench: error: ") + error.what() +
           "\nTry 'carousel_bench --help'.\n";
  });
  Arguments arguments;
  add_options(app, arguments, settings);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? cli::kOk : cli::kBadInput;
    return false;
  }
  apply(arguments, settings);
  return true;
}

}  // namespace carousel::bench
