// SPDX-License-Identifier: Apache-2.0
#include "core/planning/file_lock.hpp"

#include <carousel/error.hpp>

#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace carousel::planning {
namespace {

[[noreturn]] void fail_lock(const std::filesystem::path& file, const char* what, int error) {
  throw Error(ErrorCode::file_access,
              file.string() + ": cannot " + what + ": " + std::generic_category().message(error));
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& file)
    : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) fail_lock(file, "open", errno);
  // Gives up after some seconds, since the holder may be stopped.
  constexpr int kAttempts = 2000;
  for (int i = 0; ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0; ++i) {
    if (i == kAttempts || (errno != EWOULDBLOCK && errno != EINTR)) {
      const int error = errno;
      ::close(descriptor_);
      fail_lock(file, "lock", error);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace carousel::planning
