#include "frontend/keras/json_tensors.h"

#include <fmt/format.h>

namespace sinter::keras {
namespace {

using nlohmann::json;

bool is_index(const json &value) {
  return value.is_number_unsigned() && value <= 1'000'000;
}

bool is_reference(const json &value) {
  return value.is_array() && value.size() >= 3 && value[0].is_string() && is_index(value[1]) &&
         is_index(value[2]);
}

}  // namespace

bool TensorReader::read_reference(const json &reference) {
  if (!is_reference(reference)) {
    problem = "a tensor is not [layer, node, tensor]";
    return false;
  }
  tensors.push_back({reference[0].get<std::string>(), reference[1].get<int>(), reference[2].get<int>()});
  // Keras 2 puts further arguments of the call here.
  if (reference.size() > 3 && reference[3].is_object())
    for (const auto &[name, value] : reference[3].items())
      if (!value.is_null() && name != "training" && name != "mask") {
        problem = fmt::format("the call has an argument '{}', which is not supported", name);
        return false;
      }
  return true;
}

bool TensorReader::read_keras3_argument(const json &argument, int depth) {
  if (argument.is_object() && argument.value("class_name", json()) == "__keras_tensor__") {
    const json config = argument.value("config", json());
    const json history = config.is_object() ? config.value("keras_history", json()) : json();
    return read_reference(history);
  }
  if (argument.is_array() && depth < 2) {
    for (const json &element : argument)
      if (!read_keras3_argument(element, depth + 1)) return false;
    return true;
  }
  problem = "the call has an argument that is not a tensor, which is not supported";
  return false;
}

bool TensorReader::read_call(const json &call) {
  if (call.is_object()) {
    const json arguments = call.value("args", json::array());
    if (!arguments.is_array()) return problem = "\"args\" is not a list", false;
    for (const json &argument : arguments)
      if (!read_keras3_argument(argument, 0)) return false;
    const json named = call.value("kwargs", json::object());
    if (named.is_object())
      for (const auto &[name, value] : named.items())
        if (!value.is_null() && name != "training" && name != "mask")
          return problem = fmt::format("the call has an argument '{}', which is not supported", name), false;
    return true;
  }
  if (!call.is_array()) return problem = "a call is neither a list nor an object", false;
  if (is_reference(call)) return read_reference(call);  // some versions leave the list of one out
  for (const json &reference : call)
    if (!read_reference(reference)) return false;
  return true;
}

bool TensorReader::read_ends(const json &ends) {
  if (is_reference(ends)) return read_reference(ends);
  if (!ends.is_array() && !ends.is_object()) return problem = "not a list", false;
  for (const json &reference : ends)
    if (!read_reference(reference)) return false;
  return true;
}

}  // namespace sinter::keras
