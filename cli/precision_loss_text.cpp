// SPDX-License-Identifier: Apache-2.0
#include "precision_loss_text.hpp"

#include "format.hpp"

#include <iostream>

namespace carousel::cli {
namespace {

Table loss_table(const PrecisionLoss& loss) {
  Table table({{"sequence", "sequence", Align::left},
               {"max_abs", "max abs difference"},
               {"sqnr_db", "SQNR"}});
  for (const SequenceLoss& sequence : loss.sequences) {
    table.add({sequence.name,
               {format_error(sequence.max_abs), sequence.max_abs},
               {format_fixed(sequence.sqnr_db, 1) + " dB", sequence.sqnr_db}});
  }
  return table;
}

}  // namespace

Json loss_json(const PrecisionLoss& loss) {
  Json json({{"sequences", loss_table(loss).json()}});
  if (loss.bits) {
    json["bits_per_symbol"] = {{"float32", loss.bits->float32},
                               {"precision", loss.bits->precision},
                               {"change", loss.bits->precision - loss.bits->float32}};
  }
  return json;
}

void print_loss(const PrecisionLoss& loss) {
  std::cout << "\nAgainst the same network in float32\n";
  loss_table(loss).print(std::cout);
  if (!loss.bits) return;
  const double change = loss.bits->precision - loss.bits->float32;
  std::cout << "bits per symbol: " << format_fixed(loss.bits->precision, 6) << ", "
            << (change < 0 ? "" : "+") << format_fixed(change, 6) << '\n';
}

}  // namespace carousel::cli
