#include "frontend/keras/print_json.h"

#include <nlohmann/json.hpp>

#include "frontend/keras/summary_text.h"

namespace sinter::keras {

std::string print_json(const nlohmann::json &value) {
  constexpr size_t longest = 120;
  std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return character_count(text) <= longest ? text : first_characters(text, longest) + "…";
}

}  // namespace sinter::keras
