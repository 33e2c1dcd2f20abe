// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network_subject.hpp"
#include "runner.hpp"

#include <memory>
#include <string>

/// ONNX Runtime as a subject: what `--peers` measures beside Carousel's backends. Its library is
/// opened at run time; nothing of it is linked.
namespace carousel::bench {

/// What it is called where backends have their ids.
inline constexpr const char* kOnnxRuntime = "onnxruntime";

/// Where header and library are looked for and come from; for --help and for errors.
inline constexpr const char* kOnnxRuntimeSources =
    R"(  header: onnxruntime_c_api.h, when CMake configures: in the system's folders, or in the folder
    ONNXRUNTIME_ROOT (environment, or cmake --preset release -DONNXRUNTIME_ROOT=FOLDER). Debian 13's
    package libonnxruntime-dev has it; `dpkg-deb -x libonnxruntime-dev_*.deb FOLDER` is enough.
  library: libonnxruntime.so (1.12 or newer; it need not be as old as the header), when
    carousel_bench starts: the file, or a folder with it, that CAROUSEL_ONNXRUNTIME names; else what
    CMake found; else the system's. Debian 13: package libonnxruntime1.21. Elsewhere the npm package
    onnxruntime-node: `npm pack onnxruntime-node`, unpack the archive, and take
    package/bin/napi-v6/linux/x64/libonnxruntime.so.1.)";

/// Opens the library at the first call. Throws Error saying why not and where to get it.
[[nodiscard]] std::string onnxruntime_version();  ///< "1.21.0"

/// The model that carousel::save_onnx writes of `work`, in a session with `threads` threads; in
/// int8, with DynamicQuantizeLSTM for LSTM. Throws Error as above, for other precisions than
/// float32 and int8, and with ONNX Runtime's own words.
[[nodiscard]] std::unique_ptr<Runner> onnxruntime_runner(const Work& work, int threads,
                                                         Precision precision);

/// The file of a case, which is an ONNX file, in a session with one thread. `network` must outlive
/// the subject. Throws Error as above.
[[nodiscard]] std::unique_ptr<NetworkSubject> onnxruntime_network(const NetworkCase& network);

}  // namespace carousel::bench
