#include "frontend/script/value.h"

#include <charconv>
#include <cmath>

#include "frontend/script/keras_objects.h"
#include "frontend/script/limits.h"

namespace sinter::script {

std::int64_t Range::count() const {
  if (step == 0 || (step > 0 ? start >= stop : start <= stop)) return 0;
  const auto distance = step > 0 ? static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start)
                                 : static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(stop);
  const auto stride =
      step > 0 ? static_cast<std::uint64_t>(step) : std::uint64_t{0} - static_cast<std::uint64_t>(step);
  const std::uint64_t turns = (distance - 1) / stride + 1;
  return turns > static_cast<std::uint64_t>(INT64_MAX) ? INT64_MAX : static_cast<std::int64_t>(turns);
}

const std::vector<Value> *items_of(const Value &value) {
  if (const auto *list = std::get_if<List *>(&value)) return &(*list)->items;
  if (const auto *tuple = std::get_if<Tuple *>(&value)) return &(*tuple)->items;
  return nullptr;
}

const std::string *text_of(const Value &value) {
  const auto *string = std::get_if<const String *>(&value);
  return string ? &(*string)->text : nullptr;
}

std::optional<std::int64_t> integer_of(const Value &value) {
  if (const auto *integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto *boolean = std::get_if<bool>(&value)) return *boolean ? 1 : 0;
  return std::nullopt;
}

std::optional<double> number_of(const Value &value) {
  if (const auto *floating = std::get_if<double>(&value)) return *floating;
  if (const auto integer = integer_of(value)) return static_cast<double>(*integer);
  return std::nullopt;
}

bool is_none(const Value &value) {
  return std::holds_alternative<None>(value);
}
bool is_poison(const Value &value) {
  return std::holds_alternative<Poison>(value);
}

const Opaque *opaque_of(const Value &value) {
  if (const auto *opaque = std::get_if<const Opaque *>(&value)) return *opaque;
  if (const auto *list = std::get_if<List *>(&value)) return (*list)->unknown;
  if (const auto *dict = std::get_if<Dict *>(&value)) return (*dict)->unknown;
  if (const auto *data = std::get_if<DataValue *>(&value)) return (*data)->changed;
  return nullptr;
}

namespace {

struct TypeName {
  std::string operator()(None) const { return "None"; }
  std::string operator()(Poison) const { return "an erroneous value"; }
  std::string operator()(bool) const { return "bool"; }
  std::string operator()(std::int64_t) const { return "int"; }
  std::string operator()(double) const { return "float"; }
  std::string operator()(Ellipsis) const { return "Ellipsis"; }
  std::string operator()(const String *) const { return "str"; }
  std::string operator()(const List *) const { return "list"; }
  std::string operator()(const Tuple *) const { return "tuple"; }
  std::string operator()(const Dict *) const { return "dict"; }
  std::string operator()(const Range *) const { return "range"; }
  std::string operator()(const Slice *) const { return "slice"; }
  std::string operator()(const Function *) const { return "function"; }
  std::string operator()(const Native *native) const {
    return native->category == "layer" ? "the class " + native->name : "the function " + native->name;
  }
  std::string operator()(const Module *module) const { return "the module " + module->path; }
  std::string operator()(const Opaque *) const { return "a run-time value"; }
  std::string operator()(const ConfigObject *object) const { return object->class_name; }
  std::string operator()(const LayerObject *layer) const { return layer->class_name + " layer"; }
  std::string operator()(const SymbolicTensor *) const { return "symbolic tensor"; }
  std::string operator()(const ModelObject *model) const {
    return model->sequential ? "Sequential" : "Model";
  }
  std::string operator()(DataValue *) const { return "data array"; }
  std::string operator()(const DataFlow *) const { return "data generator"; }
};

std::string quoted(const std::string &text) {
  const char quote = text.find('\'') != std::string::npos && text.find('"') == std::string::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\\' || c == quote)
      (out += '\\') += c;
    else
      out += c;
  }
  return out + quote;
}

constexpr std::size_t longest_repr = 4000;
constexpr std::int64_t most_comparisons = 200'000;

std::string joined(const std::vector<Value> &items, int depth) {
  std::string out;
  for (const Value &item : items) {
    if (out.size() > longest_repr) return out + ", ...";
    if (&item != items.data()) out += ", ";
    out += repr(item, depth + 1);
  }
  return out;
}

}  // namespace

std::string type_name(const Value &value) {
  return std::visit(TypeName{}, value);
}

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[40];
  const double magnitude = std::fabs(value);
  const bool scientific = value != 0 && (magnitude < 1e-4 || magnitude >= 1e16);
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value,
                                    scientific ? std::chars_format::scientific : std::chars_format::fixed);
  std::string text(buffer, result.ptr);
  if (!scientific && text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string repr(const Value &value, int depth) {
  if (depth > limits::print_depth) return "...";
  if (is_none(value)) return "None";
  if (const auto *boolean = std::get_if<bool>(&value)) return *boolean ? "True" : "False";
  if (const auto *integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto *floating = std::get_if<double>(&value)) return float_text(*floating);
  if (const std::string *text = text_of(value))
    return quoted(text->size() > longest_repr ? text->substr(0, longest_repr) : *text);
  if (const auto *list = std::get_if<List *>(&value)) return "[" + joined((*list)->items, depth) + "]";
  if (const auto *tuple = std::get_if<Tuple *>(&value))
    return "(" + joined((*tuple)->items, depth) + ((*tuple)->items.size() == 1 ? ",)" : ")");
  if (const auto *dict = std::get_if<Dict *>(&value)) {
    std::string out = "{";
    for (const auto &[key, item] : (*dict)->items) {
      if (out.size() > longest_repr) return out + ", ...}";
      if (out.size() > 1) out += ", ";
      out += repr(key, depth + 1) + ": " + repr(item, depth + 1);
    }
    return out + "}";
  }
  if (const auto *range = std::get_if<const Range *>(&value))
    return "range(" + std::to_string((*range)->start) + ", " + std::to_string((*range)->stop) +
           ((*range)->step == 1 ? "" : ", " + std::to_string((*range)->step)) + ")";
  return "<" + type_name(value) + ">";
}

std::string str(const Value &value) {
  if (const std::string *text = text_of(value)) return *text;
  return repr(value);
}

std::optional<bool> equal(const Value &a, const Value &b, std::int64_t &work, int depth) {
  if (++work > most_comparisons) return std::nullopt;
  if (opaque_of(a) || opaque_of(b) || is_poison(a) || is_poison(b)) return std::nullopt;
  if (depth > limits::print_depth) return std::nullopt;
  if (const auto x = integer_of(a), y = integer_of(b); x && y) return *x == *y;
  if (const auto x = number_of(a), y = number_of(b); x && y) return *x == *y;
  if (const auto *x = text_of(a), *y = text_of(b); x && y) {
    work += static_cast<std::int64_t>(std::min(x->size(), y->size()) / 1024);
    return *x == *y;
  }
  if (a.index() == b.index()) {
    if (const auto *x = items_of(a), *y = items_of(b); x && y) {
      if (x->size() != y->size()) return false;
      for (std::size_t i = 0; i < x->size(); ++i) {
        const auto same = equal((*x)[i], (*y)[i], work, depth + 1);
        if (!same || !*same) return same;
      }
      return true;
    }
    if (is_none(a) || std::holds_alternative<Ellipsis>(a)) return true;
    if (std::holds_alternative<DataValue *>(a)) return std::nullopt;
    if (const auto *x = std::get_if<Dict *>(&a)) {
      const auto *y = std::get_if<Dict *>(&b);
      if ((*x)->items.size() != (*y)->items.size()) return false;
      for (const auto &[key, item] : (*x)->items) {
        bool found = false;
        for (const auto &[other_key, other] : (*y)->items)
          if (equal(key, other_key, work, depth + 1).value_or(false)) {
            found = true;
            const auto same = equal(item, other, work, depth + 1);
            if (!same || !*same) return same;
          }
        if (!found) return false;
      }
      return true;
    }
    return std::visit(
        [](const auto &x, const auto &y) -> bool {
          if constexpr (std::is_same_v<decltype(x), decltype(y)> &&
                        std::is_pointer_v<std::decay_t<decltype(x)>>)
            return x == y;
          else
            return false;
        },
        a, b);
  }
  if (std::holds_alternative<DataValue *>(a) || std::holds_alternative<DataValue *>(b)) return std::nullopt;
  return false;
}

}  // namespace sinter::script
