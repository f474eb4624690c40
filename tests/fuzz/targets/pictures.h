// Small pictures, encoded by libpng and libjpeg.
#pragma once

#include <string>
#include <vector>

namespace sinter::fuzz {

std::vector<std::string> picture_seeds();

}  // namespace sinter::fuzz
