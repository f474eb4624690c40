// Numbers and templates as Python prints them.
#pragma once

#include <string>
#include <string_view>

#include "formats/error.h"
#include "runtime/training/logs.h"

namespace sinter::runtime {

// repr(float): the shortest text that reads back as the same number; "1.0", "1e-05", "inf", "nan".
std::string python_repr(double value);

// TEMPLATE.format(epoch=epoch, **logs), as far as paths of ModelCheckpoint use it: {name}, {name:02d},
// {name:.2f}, {{ and }}. An unknown name or format is a usage error that lists what is known. `check_only`:
// names that the logs know suffice.
Result<std::string> python_format(std::string_view text, int64_t epoch, int64_t batch, const Logs &logs,
                                  bool check_only = false);

}  // namespace sinter::runtime
