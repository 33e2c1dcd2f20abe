// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace carousel::cli {

/// The style sheet of the report.
extern const char* const kReportStyle;

}  // namespace carousel::cli
