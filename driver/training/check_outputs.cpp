// Where the callbacks of a script would write.
#include <fmt/format.h>

#include "driver/training/check_fit.h"
#include "support/callback_outputs.h"

namespace sinter::driver {

bool check_outputs(const script::FitCall &call, Diagnostics &diagnostics) {
  bool ok = true;
  for (const script::Configured &callback : call.callbacks) {
    const char *argument = output_argument(callback.class_name);
    const script::ConfigValue *value = argument ? script::find(callback.config, argument) : nullptr;
    const std::string *path = value ? value->text() : nullptr;
    if (!path || stays_below(*path)) continue;
    diagnostics.error(callback.where.line > 0 ? callback.where : call.where,
                      fmt::format("{} writes to {}, outside of the folder that the trainer runs in",
                                  callback.class_name, *path),
                      "name a path below it, or allow all paths of the script with --allow-paths");
    ok = false;
  }
  return ok;
}

}  // namespace sinter::driver
