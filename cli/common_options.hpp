// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command_line.hpp"
#include "precision_choice.hpp"

#include <filesystem>
#include <string>
#include <vector>

/// Options that several commands have.
namespace carousel::cli {

void add_json_option(Parser& command, bool& json);

/// --threads, for commands that run a network.
void add_threads_option(Parser& command, int& threads);

/// --backend: the one to run, "" if not given.
void add_backend_option(Parser& command, std::string& backend);

/// --backend: those to compare, "" for all.
void add_backends_option(Parser& command, std::string& backends);

/// --precision: one for all layers. An unknown one is refused by name.
void add_precision_option(Parser& command, Precision& precision);

/// --precision: one, several with commas between, or "all".
void add_precisions_option(Parser& command, std::vector<Precision>& precisions);

/// --layer-precision, which may be repeated.
void add_layer_precision_option(Parser& command, std::vector<LayerPrecision>& layers);

/// --precision and --layer-precision, for every command that prepares a network.
void add_precision_options(Parser& command, PrecisionChoice& choice);

/// --wisdom: the file; empty for the user's.
void add_wisdom_option(Parser& command, std::filesystem::path& file);

}  // namespace carousel::cli
