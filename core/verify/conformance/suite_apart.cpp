// SPDX-License-Identifier: Apache-2.0
// The suite in a child process, so that code which crashes or hangs costs one trial.
#include "core/verify/conformance/runs.hpp"
#include "core/verify/conformance/suite.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carousel::conformance {
namespace {

/// What the child writes after each trial; the message follows.
struct Record {
  Outcome outcome;
  double worst_share;
  std::int64_t elements;
  std::uint64_t digest;
  std::size_t message_size;
};

[[noreturn]] void fail(const char* what) {
  throw Error(ErrorCode::internal, std::string(what) + ": " + std::strerror(errno));
}

void write_all(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) _exit(EXIT_FAILURE);  // nobody reads what is found
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void send(int file, const CaseReport& report) {
  Record record{};
  record.outcome = report.outcome;
  record.worst_share = report.worst_share;
  record.elements = report.elements;
  record.digest = report.digest;
  record.message_size = report.message.size();
  write_all(file, std::as_bytes(std::span(&record, 1)));
  write_all(file, std::as_bytes(std::span(report.message)));
}

/// A child that runs the trials from one of them on, and what it says of them.
class Child {
 public:
  explicit Child(std::span<const Trial> trials) {
    int files[2];
    if (pipe(files) != 0) fail("no pipe to a child process");
    process_ = fork();
    if (process_ < 0) fail("no child process");
    if (process_ == 0) {
      close(files[0]);
      for (const Trial& trial : trials) send(files[1], trial.run());
      _exit(EXIT_SUCCESS);
    }
    close(files[1]);
    file_ = files[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    close(file_);
    if (process_ > 0) (void)end();
  }

  /// The report of its next trial; nothing if it comes to none within the limit.
  std::optional<CaseReport> receive(std::chrono::duration<double> limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    Record record{};
    CaseReport report;
    if (!read_all(std::as_writable_bytes(std::span(&record, 1)), until)) return std::nullopt;
    report.message.resize(record.message_size);
    if (!read_all(std::as_writable_bytes(std::span(report.message)), until)) return std::nullopt;
    report.outcome = record.outcome;
    report.worst_share = record.worst_share;
    report.elements = record.elements;
    report.digest = record.digest;
    return report;
  }

  /// Ends it, and says what became of it.
  std::string end() {
    if (late_) kill(process_, SIGKILL);
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
    if (late_) return "did not end within the time limit";
    if (WIFSIGNALED(status)) {
      const int signal = WTERMSIG(status);
      return std::string("the process died: ") + strsignal(signal) + " (signal " +
             std::to_string(signal) + ")";
    }
    return "the process ended itself with exit code " + std::to_string(WEXITSTATUS(status));
  }

 private:
  using Time = std::chrono::time_point<std::chrono::steady_clock, std::chrono::duration<double>>;

  bool read_all(std::span<std::byte> bytes, Time until) {
    while (!bytes.empty()) {
      if (!wait_to_read(until)) return false;
      const ssize_t count = read(file_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
  }

  bool wait_to_read(Time until) {
    constexpr std::chrono::milliseconds kLongest(1000);
    while (true) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      late_ = left.count() <= 0;
      if (late_) return false;
      pollfd wanted{.fd = file_, .events = POLLIN, .revents = 0};
      if (poll(&wanted, 1, static_cast<int>(std::min(left, kLongest).count())) > 0) return true;
    }
  }

  pid_t process_ = 0;
  int file_ = -1;
  bool late_ = false;
};

CaseReport death(const Trial& trial, const Backend& backend, const std::string& how) {
  return report_of(Outcome::failed, trial.name + " on " + backend.id() + ": " + how);
}

}  // namespace

SuiteReport run_suite_apart(const Backend& backend, const SuiteOptions& options,
                            std::chrono::duration<double> limit) {
  constexpr int kMostDeaths = 10;
  const std::vector<Trial> list = trials(backend, options);
  SuiteReport report;
  std::size_t next = 0;
  const auto progress = [&] {
    const double share = static_cast<double>(next) / static_cast<double>(list.size());
    if (options.progress) options.progress(list[next].name, share);
  };
  for (int deaths = 0; next < list.size() && deaths < kMostDeaths; ++deaths) {
    Child child(std::span<const Trial>(list).subspan(next));
    for (; next < list.size(); ++next) {
      progress();
      const auto result = child.receive(limit);
      if (!result) break;
      report.add(list[next].name, *result);
    }
    if (next == list.size()) break;
    report.add(list[next].name, death(list[next], backend, child.end()));
    ++next;
  }
  if (next < list.size()) {
    report.add(list[next].name, death(list[next], backend,
                                      "not run, like all after it, since the process died " +
                                          std::to_string(kMostDeaths) + " times"));
  }
  return report;
}

}  // namespace carousel::conformance
