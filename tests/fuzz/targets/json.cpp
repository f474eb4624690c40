#include "frontend/keras/json.h"

#include "frontend/keras/import.h"
#include "frontend/keras/summary.h"
#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

void json(std::string_view bytes) {
  Diagnostics diagnostics;
  const auto config = keras::parse_model_json(bytes, {.file = "fuzz.json"}, diagnostics);
  check_said(config.has_value(), diagnostics);
  if (!config) return;
  Diagnostics of_import;
  const auto model = keras::import_model(*config, of_import);
  check_said(model.has_value(), of_import);
  if (model) keras::print_summary(keras::summarize(*model), keras::SummaryStyle::keras3);
}

}  // namespace sinter::fuzz
