// SPDX-License-Identifier: Apache-2.0
// Prints what is to be known of a CPU that nobody has measured yet: what it is, whether Carousel
// computes on it what it should, and how fast each backend is. Each part is a command line of
// `carousel`, printed before its output, so that any of them can be repeated alone.
#include "cpu_text.hpp"

#include <commands.hpp>

#include <carousel/error.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/utsname.h>
#include <vector>

namespace {

using namespace carousel;

constexpr const char* kProgram = "carousel_arm_report";

std::string kernel() {
  utsname names{};
  uname(&names);
  return std::string(names.sysname) + ' ' + names.release + ' ' + names.machine;
}

void print_machine() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  const std::string text((std::istreambuf_iterator<char>(cpuinfo)), {});
  std::cout << kernel() << '\n'
            << bench::kinds_of_cores(text) << bench::caches("/sys/devices/system/cpu/cpu0/cache");
}

/// Runs `carousel` with these arguments in this process; whether it was content.
bool run_command(const std::string& arguments) {
  std::cout << "\n$ carousel " << arguments << '\n';
  std::istringstream stream(arguments);
  std::vector<std::string> words{cli::kCarousel};
  words.insert(words.end(), std::istream_iterator<std::string>(stream), {});
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  try {
    return cli::run_carousel(static_cast<int>(pointers.size()), pointers.data()) == cli::kOk;
  } catch (const Error& error) {
    std::cout << "error: " << error.what() << '\n';
    return false;
  }
}

/// The quick form shows that everything runs; its times are worth nothing.
std::vector<std::string> command_lines(bool quick) {
  std::vector<std::string> lines{"backends"};
  // Conformance comes before anything that starts threads, since its cases run in child processes.
  const std::string cases = std::string(quick ? "5" : "2000") + " --seed 22 --digest";
  for (const char* precision : {"float32", "float16", "bfloat16", "int8"}) {
    for (const char* backend : {"scalar", "xsimd"}) {
      lines.push_back(std::string("conformance --backend ") + backend + " --precision " +
                      precision + " --random " + cases);
    }
  }
  std::vector<std::string> shapes{"16,16,100,1"};
  if (!quick) {
    for (const char* shape :
         {"64,64,100,1", "128,128,100,1", "256,256,100,1", "512,512,100,1", "1024,1024,100,1",
          "128,128,100,16", "512,512,100,16", "256,256,100,64", "gru:128,128,100,1"}) {
      shapes.emplace_back(shape);
    }
  }
  const std::string how = std::string(" --precision all --seconds ") + (quick ? "0.05" : "8");
  for (const std::string& shape : shapes) lines.push_back("rank --shape " + shape + how);
  if (!quick) lines.push_back("rank --threads 2 --shape 512,512,100,1" + how);
  return lines;
}

int run(int argc, char** argv) {
  const bool quick = argc == 2 && std::string_view(argv[1]) == "--quick";
  if (argc > 1 && !quick) {
    throw Error(ErrorCode::invalid_argument,
                "takes no arguments but --quick; its output, some minutes long, is to be mailed: "
                "./carousel_arm_report > report.txt");
  }
  setenv("CAROUSEL_WISDOM", "/dev/null", 1);  // neither reads nor writes the user's
  print_machine();
  bool content = true;
  for (const std::string& line : command_lines(quick)) content = run_command(line) && content;
  std::cout << (content ? "\nAll of it ran and agrees with the oracle.\n"
                        : "\nSomething above failed.\n");
  cli::flush_output();
  return content ? cli::kOk : cli::kCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  return carousel::cli::run_program(kProgram, [&] { return run(argc, argv); });
}
