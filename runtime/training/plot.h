// The curves of a training as a picture.
#pragma once

#include <string>

#include "formats/checkpoint/checkpoint.h"

namespace sinter::runtime {

// An SVG of two panels: losses, and the other values; training solid, validation dashed, the
// names below.
Status write_plot(const std::string &path, const History &history);

}  // namespace sinter::runtime
