// SPDX-License-Identifier: Apache-2.0
#include "standard_streams.hpp"

#include <csignal>
#include <fcntl.h>
#include <initializer_list>
#include <unistd.h>

namespace carousel::cli {

void occupy_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1) continue;
    if (::open("/dev/full", O_RDONLY) == -1) (void)::open("/dev/null", O_RDONLY);
  }
}

void survive_limit_of_file_sizes() { std::signal(SIGXFSZ, SIG_IGN); }

bool output_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool errors_go_to_terminal() { return ::isatty(STDERR_FILENO) == 1; }

}  // namespace carousel::cli
