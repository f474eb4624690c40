#include "ir/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "support/text_cursor.h"

namespace sinter::ir {

namespace {

constexpr VariableKind variable_kinds[] = {VariableKind::weight, VariableKind::statistic, VariableKind::slot,
                                           VariableKind::counter, VariableKind::constant};

constexpr InputRole fed_roles[] = {InputRole::target, InputRole::sample_weight, InputRole::hyper,
                                   InputRole::random};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '/' || c == ':' || c == '-';
}

std::string quoted(const std::string &text) {
  return print(AttributeValue(text));
}

// ---- Printing

// A name that the plain form cannot hold is quoted: %"my layer".
std::string print_name(const std::string &name) {
  const bool plain =
      !name.empty() && name.back() != ':' && std::all_of(name.begin(), name.end(), is_name_character);
  return "%" + (plain ? name : quoted(name));
}

std::string print_initializer(const Initializer &initializer) {
  if (initializer.name.empty()) return {};
  std::string text = " init=" + initializer.name;
  if (initializer.arguments.empty()) return text;
  std::string separator = "(";
  for (const auto &[key, value] : initializer.arguments)
    text += fmt::format("{}{}={}", std::exchange(separator, ", "), key, value);
  return text + ")";
}

std::string print_role(InputRole role) {
  return role == InputRole::data ? "" : " " + std::string(name(role));
}

std::string print_node(const Graph &graph, const Node &node) {
  std::string names, types, operands;
  for (const ValueId output : node.outputs) {
    names += (names.empty() ? "" : ", ") + print_name(graph.value(output).name);
    types += (types.empty() ? "" : ", ") + print(graph.type(output));
  }
  for (const ValueId input : node.inputs)
    operands += (operands.empty() ? "" : ", ") + print_name(graph.value(input).name);
  std::string text = fmt::format("  {}: {} = {}({})", names, types, node.op->name, operands);
  const std::string attributes = print_attributes(*node.op, node.attributes);
  if (!attributes.empty()) text += " {" + attributes + "}";
  if (!node.layer.empty()) text += " layer=" + quoted(node.layer);
  return text + "\n";
}

}  // namespace

std::string print(const Graph &graph) {
  std::string text = "graph " + quoted(graph.name) + " {\n";
  for (const ValueId input : graph.inputs)
    text += fmt::format("  input {}: {}{}\n", print_name(graph.value(input).name), print(graph.type(input)),
                        print_role(graph.value(input).role));
  for (const Variable &variable : graph.variables) {
    const bool frozen = variable.kind == VariableKind::weight && !variable.trainable;
    text += fmt::format("  {} {}: {}{}{}\n", name(variable.kind),
                        print_name(graph.value(variable.value).name), print(graph.type(variable.value)),
                        frozen ? " frozen" : "", print_initializer(variable.initializer));
  }
  for (const Node &node : graph.nodes) text += print_node(graph, node);
  for (const ValueId output : graph.outputs)
    text += fmt::format("  output {}\n", print_name(graph.value(output).name));
  return text + "}\n";
}

// ---- Parsing

namespace {

// A .graph file comes from anywhere. With these bounds, products of an attribute and a dimension, and byte
// counts of tensors, stay far from the limits of int64_t.
constexpr size_t max_text_bytes = size_t{16} << 20;
constexpr int64_t max_integer = (int64_t{1} << 31) - 1;  // of dimensions and attributes
constexpr int64_t max_elements = int64_t{1} << 40;       // of a tensor, a sample
constexpr size_t max_rank = 8;
constexpr size_t max_operands = 4096;  // of a node; also inputs or outputs of a graph
constexpr size_t max_values = 100'000;
constexpr size_t max_problems = 100;
constexpr size_t max_message = 1000;  // characters: a message may quote what is wrong

bool is_too_large(const TensorType &type) {
  int64_t elements = 1;
  for (const Dim dim : type.dims) {
    if (!dim.is_constant()) continue;
    if (dim.value() > max_integer || dim.value() > max_elements / elements) return true;
    elements *= std::max<int64_t>(dim.value(), 1);
  }
  return type.dims.size() > max_rank;
}

bool has_too_large_integer(const AttributeValue &value) {
  const auto outside = [](int64_t v) { return v > max_integer || v < -max_integer; };
  if (const auto *integer = std::get_if<int64_t>(&value)) return outside(*integer);
  if (const auto *list = std::get_if<std::vector<int64_t>>(&value))
    return std::any_of(list->begin(), list->end(), outside);
  return false;
}

struct Name {
  std::string text;
  size_t position = 0;
};

struct DeclaredType {
  TensorType type;
  size_t position = 0;
};

// Functions that return bool have reported the problem when they return false.
class GraphParser {
 public:
  GraphParser(std::string_view text, Diagnostics &diagnostics, std::string_view file)
      : text_(text), cursor_(text), diagnostics_(diagnostics), file_(file) {}

  std::optional<Graph> parse() {
    if (text_.size() > max_text_bytes) {
      fail(0, fmt::format("the file has {} bytes; a graph has at most {}", text_.size(), max_text_bytes));
      return std::nullopt;
    }
    if (!parse_heading()) return std::nullopt;
    bool closed = false;
    while (problems_ < max_problems && !cursor_.at_end() && !(closed = cursor_.accept('}'))) {
      const size_t begin = here();
      if (has_too_many(begin)) return std::nullopt;
      if (!parse_statement()) recover(begin);
    }
    if (problems_ >= max_problems) {
      report(here(), fmt::format("reading stopped after {} problems", max_problems), {});
      return std::nullopt;
    }
    if (!closed)
      fail(here(), "expected } at the end of the graph");
    else if (!cursor_.at_end())
      fail(here(), "unexpected text after the graph", "a file holds one graph");
    if (problems_ == 0 && graph_.outputs.empty())
      fail(0, "the graph has no output", "add a line `output %name`");
    if (problems_ > 0) return std::nullopt;
    return std::move(graph_);
  }

 private:
  size_t here() {
    cursor_.skip_spaces();
    return cursor_.position();
  }

  // Reports the problem, unless there are too many: each costs a search for its line.
  bool fail(size_t position, std::string message, std::string hint = {}) {
    if (++problems_ <= max_problems) report(position, std::move(message), std::move(hint));
    return false;
  }

  void report(size_t position, std::string message, std::string hint) {
    TextCursor at(text_);
    at.seek(std::min(position, text_.size()));
    constexpr size_t longest_line = 400;
    std::string line = at.source_line();
    if (line.size() > longest_line) line.clear();
    if (message.size() > max_message) message = message.substr(0, max_message) + "…";
    diagnostics_.error({file_, at.line(), at.column(), std::move(line), {}}, std::move(message),
                       std::move(hint));
  }

  bool has_too_many(size_t position) {
    const auto exceeds = [&](size_t count, size_t limit, const char *what) {
      return count > limit && !fail(position, fmt::format("a graph has at most {} {}", limit, what));
    };
    return exceeds(graph_.values.size(), max_values, "values") ||
           exceeds(graph_.inputs.size(), max_operands, "inputs") ||
           exceeds(graph_.outputs.size(), max_operands, "outputs");
  }

  bool expect(char c, std::string_view after) {
    if (cursor_.accept(c)) return true;
    return fail(here(), fmt::format("expected {} after {}", c, after));
  }

  // Goes to the line on which the next statement begins: this one, if what was missing ended the line before.
  void recover(size_t statement_begin) {
    const size_t position = here();
    const size_t line_begin = text_.find_last_of('\n', position) + 1;
    const bool at_line_begin = text_.find_first_not_of(" \t\r", line_begin) == position;
    if (position > statement_begin && at_line_begin) return;
    const size_t end = text_.find('\n', position);
    cursor_.seek(end == std::string_view::npos ? text_.size() : end);
  }

  bool parse_heading() {
    if (!cursor_.accept_word("graph")) return fail(here(), "expected `graph \"name\" {`");
    if (cursor_.peek() == '"') {
      std::optional<std::string> graph_name = cursor_.quoted_string();
      if (!graph_name) return fail(here(), "the graph's name has no closing quote");
      graph_.name = *std::move(graph_name);
    }
    return expect('{', "the graph's name");
  }

  bool parse_statement() {
    if (cursor_.peek() == '%') return parse_node();
    if (cursor_.accept_word("input")) return parse_input();
    if (cursor_.accept_word("output")) return parse_output();
    for (const VariableKind kind : variable_kinds)
      if (cursor_.accept_word(name(kind))) return parse_variable(kind);
    return fail(here(), "expected a statement",
                "statements begin with input, weight, statistic, slot, counter, constant, output or %name");
  }

  // %name or %"any text". A colon that no name character follows is not part of the name.
  std::optional<Name> parse_name() {
    Name result;
    result.position = here();
    if (!cursor_.accept('%')) {
      fail(result.position, "expected a value name, such as %x");
      return std::nullopt;
    }
    const std::string_view rest = cursor_.rest();
    if (rest.starts_with('"')) {
      std::optional<std::string> text = cursor_.quoted_string();
      if (text) {
        result.text = *std::move(text);
        return result;
      }
      fail(result.position, "the value name has no closing quote");
      return std::nullopt;
    }
    size_t end = 0;
    while (end < rest.size() && is_name_character(rest[end]) &&
           (rest[end] != ':' || (end + 1 < rest.size() && is_name_character(rest[end + 1]))))
      ++end;
    if (end == 0) {
      fail(result.position, "expected a name after %");
      return std::nullopt;
    }
    result.text = rest.substr(0, end);
    cursor_.seek(cursor_.position() + end);
    return result;
  }

  std::optional<Dim> parse_dim(bool first) {
    const size_t position = here();
    const auto reject = [&](std::string message, std::string hint = {}) {
      fail(position, std::move(message), std::move(hint));
      return std::nullopt;
    };
    if (cursor_.accept_word("N")) {
      if (first) return Dim::batch();
      return reject("N is the batch; it can only be the first dimension");
    }
    if (cursor_.accept('?')) return Dim::unknown();
    const std::optional<int64_t> size = cursor_.integer();
    if (!size) return reject("expected a dimension", "a dimension is N (the batch), ? (unknown) or a number");
    if (*size < 1 || *size > max_integer)
      return reject(fmt::format("dimension {} is not in [1, {}]", *size, max_integer));
    return Dim(*size);
  }

  std::optional<DeclaredType> parse_type() {
    DeclaredType result;
    result.position = here();
    const std::string_view dtype_name = cursor_.identifier();
    const std::optional<DType> dtype = dtype_from_name(dtype_name);
    if (!dtype) {
      fail(result.position, fmt::format("unknown element type \"{}\"", dtype_name.substr(0, 40)),
           "a type is f32, i32 or u8 and a shape: f32[N, 28, 28, 1]");
      return std::nullopt;
    }
    result.type.dtype = *dtype;
    if (!expect('[', dtype_name)) return std::nullopt;
    while (!cursor_.accept(']')) {
      const std::optional<Dim> dim = parse_dim(result.type.dims.empty());
      if (!dim) return std::nullopt;
      if (result.type.dims.size() == max_rank) {
        fail(result.position, fmt::format("a tensor has at most {} dimensions", max_rank));
        return std::nullopt;
      }
      result.type.dims.push_back(*dim);
      if (!cursor_.accept(',') && cursor_.peek() != ']') {
        fail(here(), "expected , or ] after a dimension");
        return std::nullopt;
      }
    }
    if (is_too_large(result.type)) {
      fail(result.position, fmt::format("{} has more than {} elements", print(result.type), max_elements));
      return std::nullopt;
    }
    return result;
  }

  // False if the name is taken. Of names whose definition has failed, later uses are not reported again.
  bool check_new(const Name &new_name) {
    if (graph_.find_value(new_name.text) < 0 && !failed_.contains(new_name.text)) return true;
    return fail(new_name.position, fmt::format("{} is defined twice", print_name(new_name.text)),
                "every value has a name of its own");
  }

  // NAME ':' TYPE of inputs and variables.
  std::optional<std::pair<Name, DeclaredType>> parse_declaration() {
    std::optional<Name> value_name = parse_name();
    if (!value_name) return std::nullopt;
    const bool is_new = check_new(*value_name);
    std::optional<DeclaredType> type;
    if (expect(':', print_name(value_name->text))) type = parse_type();
    if (!is_new) return std::nullopt;
    if (!type) {
      failed_.insert(value_name->text);
      return std::nullopt;
    }
    return std::pair{*std::move(value_name), *std::move(type)};
  }

  bool parse_input() {
    const auto declaration = parse_declaration();
    if (!declaration) return false;
    InputRole role = InputRole::data;
    for (const InputRole other : fed_roles)
      if (cursor_.accept_word(name(other))) role = other;
    graph_.add_input(declaration->first.text, declaration->second.type, role);
    return true;
  }

  bool parse_variable(VariableKind kind) {
    const auto declaration = parse_declaration();
    if (!declaration) return false;
    const auto &[value_name, declared] = *declaration;
    bool ok = true;
    for (const Dim dim : declared.type.dims)
      if (ok && !dim.is_constant())
        ok = fail(declared.position,
                  fmt::format("a {} has a constant shape, not {}", name(kind), print(declared.type)));
    bool trainable = kind == VariableKind::weight;
    Initializer initializer;
    if (trainable && cursor_.accept_word("frozen")) trainable = false;
    if (cursor_.accept_word("init")) ok = parse_initializer(initializer) && ok;
    if (ok)
      graph_.add_variable(value_name.text, declared.type, kind, trainable, std::move(initializer));
    else
      failed_.insert(value_name.text);
    return ok;
  }

  // '=' NAME [ '(' KEY '=' NUMBER, … ')' ]
  bool parse_initializer(Initializer &initializer) {
    if (!expect('=', "init")) return false;
    initializer.name = cursor_.identifier();
    if (initializer.name.empty()) return fail(here(), "expected the name of an initializer after init=");
    if (!cursor_.accept('(')) return true;
    while (!cursor_.accept(')')) {
      const std::string key(cursor_.identifier());
      if (key.empty()) return fail(here(), "expected the name of an initializer's argument");
      if (!expect('=', key)) return false;
      const auto number = cursor_.number();
      if (!number) return fail(here(), fmt::format("expected a number after {}=", key));
      initializer.arguments[key] = std::visit([](auto v) { return static_cast<double>(v); }, *number);
      if (!cursor_.accept(',') && cursor_.peek() != ')')
        return fail(here(), "expected , or ) after an argument");
    }
    return true;
  }

  // The value; -1 if it is unknown (reported) or its definition has failed.
  ValueId use(const Name &used) {
    const ValueId id = graph_.find_value(used.text);
    if (id < 0 && !failed_.contains(used.text))
      fail(used.position, fmt::format("{} is not defined", print_name(used.text)),
           "a value is defined before it is used");
    return id;
  }

  bool parse_output() {
    do {
      const std::optional<Name> used = parse_name();
      if (!used) return false;
      const ValueId id = use(*used);
      if (id >= 0) graph_.outputs.push_back(id);
      if (graph_.outputs.size() > max_operands) return true;  // has_too_many() reports it
    } while (cursor_.accept(','));
    return true;
  }

  bool parse_node() {
    std::vector<Name> names;
    do {
      std::optional<Name> result = parse_name();
      if (!result) return false;
      names.push_back(*std::move(result));
    } while (cursor_.accept(','));
    bool are_new = true;
    for (const Name &new_name : names) are_new = check_new(new_name) && are_new;
    if (parse_node_after_names(names, are_new)) return true;
    for (const Name &new_name : names)
      if (graph_.find_value(new_name.text) < 0) failed_.insert(new_name.text);
    return false;
  }

  bool parse_node_after_names(const std::vector<Name> &names, bool are_new) {
    std::vector<DeclaredType> types;
    if (cursor_.accept(':')) {
      do {
        std::optional<DeclaredType> type = parse_type();
        if (!type) return false;
        types.push_back(*std::move(type));
      } while (cursor_.accept(','));
    }
    if (!expect('=', "the name and type of a value")) return false;

    const size_t op_position = here();
    const std::string op_name(cursor_.identifier());
    if (op_name.empty()) return fail(op_position, "expected the name of an op after =");
    const OpInfo *op = find_op(op_name);
    bool ok = op != nullptr;
    if (!op) fail(op_position, fmt::format("unknown op \"{}\"", op_name), "`sinter ops` lists the ops");

    std::vector<ValueId> operands;
    if (!expect('(', op_name)) return false;
    while (!cursor_.accept(')')) {
      const std::optional<Name> used = parse_name();
      if (!used) return false;
      if (operands.size() == max_operands)
        return fail(used->position, fmt::format("a node has at most {} operands", max_operands));
      operands.push_back(use(*used));
      ok = ok && operands.back() >= 0;
      if (!cursor_.accept(',') && cursor_.peek() != ')')
        return fail(here(), "expected , or ) after an operand");
    }

    std::optional<Attributes> attributes;
    if (op) attributes = op->default_attributes();
    if (cursor_.peek() == '{') {
      const size_t position = here();
      const std::optional<std::string_view> inside = parse_braces();
      if (!inside) return false;
      if (op) attributes = make_attributes(*op, *inside, position);
    }
    std::string layer;
    if (cursor_.accept_word("layer")) {
      if (!expect('=', "layer")) return false;
      std::optional<std::string> text = cursor_.quoted_string();
      if (!text) return fail(here(), "expected a quoted name after layer=");
      layer = *std::move(text);
    }
    if (!ok || !attributes || !are_new) {
      // The text is well formed: reading goes on behind it.
      for (const Name &new_name : names)
        if (graph_.find_value(new_name.text) < 0) failed_.insert(new_name.text);
      return true;
    }
    return add_node(names, types, *op, *std::move(attributes), std::move(operands), layer, op_position);
  }

  // The text between braces; quotes and comments may hold braces.
  std::optional<std::string_view> parse_braces() {
    const size_t begin = here() + 1;
    cursor_.accept('{');
    while (!cursor_.at_end()) {
      const size_t end = cursor_.position();
      if (cursor_.accept('}')) return text_.substr(begin, end - begin);
      if (cursor_.peek() == '"') {
        if (!cursor_.quoted_string()) break;
      } else {
        cursor_.seek(end + 1);
      }
    }
    cursor_.seek(begin);
    fail(begin - 1, "expected } at the end of the attributes");
    return std::nullopt;
  }

  std::optional<Attributes> make_attributes(const OpInfo &op, std::string_view inside, size_t position) {
    std::string error;
    std::optional<Attributes> attributes = parse_attributes(op, inside, &error);
    if (!attributes) {
      std::string known;
      for (const AttributeField &attribute : op.fields)
        known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", attribute.name, attribute.type);
      fail(position, error,
           fmt::format("{} has {}", op.name, known.empty() ? "no attributes" : "the attributes " + known));
      return std::nullopt;
    }
    const std::vector<AttributeValue> values = op.attribute_values(*attributes);
    for (size_t i = 0; i < values.size(); ++i) {
      if (!has_too_large_integer(values[i])) continue;
      fail(position,
           fmt::format("{}: an integer is not in [{}, {}]", op.fields[i].name, -max_integer, max_integer));
      return std::nullopt;
    }
    return attributes;
  }

  // add_node has named the outputs after names[0]; the others get theirs, which may be what one of them has
  // now.
  bool name_outputs(const Node &node, const std::vector<Name> &names) {
    for (size_t i = 1; i < names.size(); ++i) {
      for (size_t j = 0; j < i; ++j)
        if (names[i].text == names[j].text)
          return fail(names[i].position, fmt::format("{} is defined twice", print_name(names[i].text)));
      const ValueId holder = graph_.find_value(names[i].text);
      if (holder >= 0 && holder != node.outputs[i])
        graph_.rename_value(holder, graph_.unique_name(names[i].text));
      graph_.rename_value(node.outputs[i], names[i].text);
    }
    return true;
  }

  bool add_node(const std::vector<Name> &names, const std::vector<DeclaredType> &types, const OpInfo &op,
                Attributes attributes, std::vector<ValueId> operands, const std::string &layer,
                size_t op_position) {
    std::string operand_types;
    for (const ValueId operand : operands)
      operand_types += (operand_types.empty() ? "" : ", ") + print(graph_.type(operand));
    Checker checker;
    const NodeId id =
        graph_.add_node(op, std::move(attributes), std::move(operands), names[0].text, checker, layer);
    if (id < 0)
      return fail(op_position, fmt::format("{}({}): {}", op.name, operand_types, checker.message()),
                  checker.hint());
    const Node &node = graph_.node(id);
    bool ok = true;
    if (names.size() != node.outputs.size())
      ok = fail(names[0].position, fmt::format("{} has {} outputs, but {} names are given", op.name,
                                               node.outputs.size(), names.size()));
    else
      ok = name_outputs(node, names);
    if (!types.empty() && types.size() != node.outputs.size())
      return fail(types[0].position, fmt::format("{} has {} outputs, but {} types are given", op.name,
                                                 node.outputs.size(), types.size()));
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      TensorType &type = graph_.values[node.outputs[i]].type;
      if (i < types.size() && types[i].type != type)
        ok = fail(types[i].position, fmt::format("declared {}, but {}({}) gives {}", print(types[i].type),
                                                 op.name, operand_types, print(type)));
      if (is_too_large(type)) {
        ok =
            fail(op_position, fmt::format("{}({}) gives {}, which has more than {} dimensions or {} elements",
                                          op.name, operand_types, print(type), max_rank, max_elements));
        type = {};  // what follows must not compute with such numbers
      }
    }
    return ok;
  }

  std::string_view text_;
  TextCursor cursor_;
  Diagnostics &diagnostics_;
  std::string file_;
  Graph graph_;
  std::set<std::string, std::less<>> failed_;
  size_t problems_ = 0;
};

}  // namespace

std::optional<Graph> parse_graph(std::string_view text, Diagnostics &diagnostics, std::string_view file) {
  return GraphParser(text, diagnostics, file).parse();
}

}  // namespace sinter::ir
