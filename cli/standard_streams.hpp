// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the command and the benchmarks ask of the operating system about the streams that a process
/// is started with.
namespace carousel::cli {

/// The number of a standard stream that is closed would be that of the next file which is opened,
/// and what is printed would go into it. So it stands for a device to which writing fails, also by
/// the name /dev/stdout.
void occupy_standard_streams();

/// A file that grows beyond a limit (ulimit -f) is an error like a full disk, not the end.
void survive_limit_of_file_sizes();

[[nodiscard]] bool output_is_terminal();  ///< standard output
[[nodiscard]] bool errors_go_to_terminal();

}  // namespace carousel::cli
