// The classes that are their name and their arguments, by category.
#pragma once

#include <string_view>
#include <vector>

namespace sinter::script {

struct ConfigSignature {
  std::string_view category;        // "optimizer", "callback", …
  std::string_view name;            // as scripts write it
  std::string_view keras2, keras3;  // see bind_arguments
};

std::vector<ConfigSignature> config_signatures();

}  // namespace sinter::script
