#include "frontend/script/script.h"

#include "frontend/keras/import.h"
#include "frontend/keras/summary.h"
#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

void script(std::string_view bytes) {
  Diagnostics diagnostics;
  const auto result = script::evaluate_script(bytes, "fuzz.py", diagnostics);
  check_said(result.has_value(), diagnostics);
  if (!result) return;
  Diagnostics of_import;
  const auto model = keras::import_model(result->model(), of_import);
  check_said(model.has_value(), of_import);
  if (model) keras::print_summary(keras::summarize(*model), keras::SummaryStyle::keras2);
}

}  // namespace sinter::fuzz
