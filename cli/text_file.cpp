// SPDX-License-Identifier: Apache-2.0
#include "text_file.hpp"

#include "core/model/formats/files.hpp"

#include <carousel/error.hpp>

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <span>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace carousel::cli {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 28U;
constexpr int kWaitForWriter = 5000;  // milliseconds

[[noreturn]] void fail_to_read(const std::string& file, int error) {
  throw Error(error == ENOENT ? ErrorCode::file_not_found : ErrorCode::file_access,
              file + ": cannot read: " + std::generic_category().message(error));
}

[[noreturn]] void refuse_text(const std::string& file, const std::string& why) {
  throw Error(ErrorCode::bad_format, file + ": " + why);
}

/// A file that is read bit by bit: a regular one, a pipe or a device, which may have no end.
class Source {
 public:
  // Without O_NONBLOCK, opening a pipe waits for a writer that may never come.
  explicit Source(const std::string& file)
      : file_(file), descriptor_(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    if (descriptor_ < 0) fail_to_read(file, errno);
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() { ::close(descriptor_); }

  /// More than that is not read.
  void require_size() const {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) fail_to_read(file_, errno);
    if (S_ISREG(status.st_mode) && std::cmp_greater(status.st_size, kMostBytes)) refuse_size();
  }

  std::string text() {
    std::string text;
    std::array<char, 65536> part{};
    while (const std::size_t count = read(part, text.empty())) {
      text.append(part.data(), count);
      if (text.size() > kMostBytes) refuse_size();
    }
    return text;
  }

 private:
  /// 0 at the end. At the beginning of a pipe, no data may only mean that nobody writes yet.
  std::size_t read(std::span<char> part, bool first) {
    for (bool waited = false;;) {
      const ssize_t count = ::read(descriptor_, part.data(), part.size());
      if (count > 0) return static_cast<std::size_t>(count);
      if (count == 0 && (!first || waited || !is_pipe())) return 0;
      if (count < 0 && errno != EAGAIN && errno != EINTR) fail_to_read(file_, errno);
      const bool no_writer = count == 0;
      waited = no_writer;
      if (!wait(no_writer ? kWaitForWriter : -1)) {
        refuse_text(file_, "is a pipe that nobody writes to");
      }
    }
  }

  [[nodiscard]] bool is_pipe() const {
    struct stat status {};
    return ::fstat(descriptor_, &status) == 0 && S_ISFIFO(status.st_mode);
  }

  /// Whether there is something to read, or an end, before that many milliseconds have passed.
  [[nodiscard]] bool wait(int milliseconds) const {
    pollfd readable{.fd = descriptor_, .events = POLLIN, .revents = 0};
    return ::poll(&readable, 1, milliseconds) != 0;
  }

  [[noreturn]] void refuse_size() const {
    refuse_text(file_, "has more than 256 MiB, which is more than any text that is read here");
  }

  const std::string& file_;
  int descriptor_;
};

}  // namespace

std::string read_text(const std::string& file) {
  loading::require_name(file);
  Source source(file);
  source.require_size();
  return source.text();
}

}  // namespace carousel::cli
