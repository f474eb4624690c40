// Expressions.
#include <fmt/format.h>

#include "frontend/script/builtins.h"
#include "frontend/script/data_arithmetic.h"
#include "frontend/script/evaluation_depth.h"
#include "frontend/script/keras_objects.h"
#include "frontend/script/keras_values.h"
#include "frontend/script/operators.h"

namespace sinter::script {

Value Evaluator::evaluate(const Expression &expression) {
  const Depth depth(*this, expression.at);
  charge(1);
  return std::visit([&](const auto &node) { return evaluate_node(node, expression.at); }, expression.node);
}

void Evaluator::evaluate_uncertain(const Expression &expression, const Value &cause) {
  const Opaque *outer_cause = uncertain_cause_;
  uncertain_cause_ = opaque_of(cause);
  ++uncertain_;
  evaluate(expression);
  --uncertain_;
  uncertain_cause_ = outer_cause;
}

Value Evaluator::evaluate_node(const Literal &node, Position) {
  return std::visit(
      [&](const auto &value) -> Value {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>)
          return string(value);
        else
          return value;
      },
      node.value);
}

Value Evaluator::evaluate_node(const Name &node, Position at) {
  if (node.id == "Ellipsis") return Ellipsis{};
  for (Scope *scope = frame_->scope; scope; scope = scope->parent)
    if (const auto found = scope->names.find(node.id); found != scope->names.end()) return found->second;
  if (const auto found = globals_->names.find(node.id); found != globals_->names.end()) return found->second;
  if (const auto found = builtins_.find(node.id); found != builtins_.end()) return found->second;
  const Value result = error(at, fmt::format("the name '{}' is not defined", node.id.substr(0, 60)),
                             "import or assign it first");
  globals_->names[node.id] = Poison{};  // one report a name
  return result;
}

Value Evaluator::evaluate_node(const FormatString &node, Position at) {
  Value obstacle = None{};
  std::string text = format_fields(node.fields, at, obstacle);
  return is_none(obstacle) ? string(std::move(text)) : obstacle;
}

std::string Evaluator::format_fields(const std::vector<FormatString::Field> &fields, Position at,
                                     Value &obstacle) {
  std::string text;
  for (const FormatString::Field &field : fields) {
    text += field.text;
    if (!field.value) continue;
    const Value value = evaluate(*field.value);
    const std::string specification = format_fields(field.spec, at, obstacle);
    if (is_poison(value) || opaque_of(value)) {
      if (!is_poison(obstacle)) obstacle = is_poison(value) ? Value(Poison{}) : Value(opaque_of(value));
      continue;
    }
    const auto formatted =
        field.conversion
            ? format_value(string(field.conversion == 's' ? str(value) : repr(value)), specification)
            : format_value(value, specification);
    if (formatted)
      text += *formatted;
    else
      obstacle = error(field.value->at,
                       fmt::format("the format '{}' does not fit {}", specification, type_name(value)));
    allocate(text.size());
  }
  return text;
}

Value Evaluator::evaluate_node(const SequenceDisplay &node, Position) {
  std::vector<Value> items;
  for (const ExpressionPtr &item : node.items) {
    if (const auto *starred = std::get_if<Starred>(&item->node)) {
      const Value value = evaluate(*starred->value);
      const auto inner = elements(value, item->at);
      if (!inner) return opaque_of(value) ? Value(opaque_of(value)) : Value(Poison{});
      allocate(inner->size() * sizeof(Value));
      items.insert(items.end(), inner->begin(), inner->end());
      continue;
    }
    Value value = evaluate(*item);
    if (node.kind == SequenceDisplay::Kind::set) {
      bool known = false;
      for (const Value &other : items) {
        charge(1);
        known = known || same(value, other).value_or(false);
      }
      if (known) continue;
    }
    items.push_back(value);
  }
  return node.kind == SequenceDisplay::Kind::tuple ? tuple(std::move(items)) : list(std::move(items));
}

Value Evaluator::evaluate_node(const DictDisplay &node, Position at) {
  auto *dict = make<Dict>();
  for (const auto &[key, value] : node.items) {
    if (!key) {
      const Value mapping = evaluate(*value);
      auto *const *other = std::get_if<Dict *>(&mapping);
      if (other && !(*other)->unknown)
        for (const auto &[inner_key, inner] : std::vector((*other)->items))
          set_subscript(dict, inner_key, inner, at);
      else if (opaque_of(mapping))
        dict->unknown = opaque_of(mapping);
      else if (!is_poison(mapping))
        error(value->at, fmt::format("'**' needs a dict, not {}", type_name(mapping)));
      continue;
    }
    const Value key_value = evaluate(*key);
    const Value item = evaluate(*value);
    // The dict is new: filling it concerns nothing that exists already.
    const int outer = uncertain_;
    uncertain_ = 0;
    set_subscript(dict, key_value, item, key->at);
    uncertain_ = outer;
  }
  return dict;
}

Value Evaluator::evaluate_node(const Unary &node, Position at) {
  const Value operand = evaluate(*node.operand);
  if (node.op == Unary::Operator::logical_not) {
    switch (truth(operand)) {
      case Truth::yes:
        return false;
      case Truth::no:
        return true;
      case Truth::poisoned:
        return Poison{};
      case Truth::unknown:
        return opaque_of(operand) ? Value(opaque_of(operand)) : opaque(at, "data");
    }
  }
  if (node.op == Unary::Operator::negate && std::holds_alternative<DataValue *>(operand))
    return data_binary(*this, "*", operand, std::int64_t{-1}, at);
  return unary_number(*this, node.op, operand, at);
}

Value Evaluator::evaluate_node(const Binary &node, Position at) {
  const Value left = evaluate(*node.left);
  return binary(node.op, left, evaluate(*node.right), at);
}

Value Evaluator::evaluate_node(const Logical &node, Position at) {
  Value value = None{};
  for (const ExpressionPtr &operand : node.operands) {
    value = evaluate(*operand);
    switch (truth(value)) {
      case Truth::yes:
        if (!node.is_and) return value;
        break;
      case Truth::no:
        if (node.is_and) return value;
        break;
      case Truth::poisoned:
        return Poison{};
      case Truth::unknown: {
        const Value result = opaque_of(value) ? Value(opaque_of(value)) : opaque(at, "data");
        for (auto rest = &operand + 1; rest != node.operands.data() + node.operands.size(); ++rest)
          evaluate_uncertain(**rest, result);
        return result;
      }
    }
  }
  return value;
}

Value Evaluator::evaluate_node(const Comparison &node, Position at) {
  Value left = evaluate(*node.first);
  Value result = true;
  for (const auto &[op, operand] : node.rest) {
    const Value right = evaluate(*operand);
    result = compare(op, left, right, operand->at);
    if (const auto *known = std::get_if<bool>(&result); !known || !*known) return result;
    left = right;
  }
  (void)at;
  return result;
}

Value Evaluator::compare(std::string_view op, const Value &left, const Value &right, Position at) {
  if (is_poison(left) || is_poison(right)) return Poison{};
  if (op == "is" || op == "is not") {
    for (const Value *side : {&left, &right})
      if (std::holds_alternative<const Opaque *>(*side)) return *side;
    bool identical = false;
    if (left.index() == right.index()) {
      // Identity of values is equality here; lists and dicts have one of their own.
      const auto equal =
          std::holds_alternative<List *>(left)   ? std::get<List *>(left) == std::get<List *>(right)
          : std::holds_alternative<Dict *>(left) ? std::get<Dict *>(left) == std::get<Dict *>(right)
                                                 : same(left, right);
      if (!equal) return opaque(at, "a run-time value");
      identical = *equal;
    }
    return identical == (op == "is");
  }
  if (op == "in" || op == "not in") return contains(*this, right, left, op == "in", at);
  if (const Opaque *unknown = opaque_of(left) ? opaque_of(left) : opaque_of(right)) return unknown;
  if (std::holds_alternative<DataValue *>(left) || std::holds_alternative<DataValue *>(right))
    return opaque(at, "a comparison of data");
  return compare_known(*this, op, left, right, at);
}

Value Evaluator::evaluate_node(const Conditional &node, Position at) {
  const Value condition = evaluate(*node.condition);
  switch (truth(condition)) {
    case Truth::yes:
      return evaluate(*node.if_true);
    case Truth::no:
      return evaluate(*node.if_false);
    case Truth::poisoned:
      return Poison{};
    case Truth::unknown:
      break;
  }
  const Value unknown =
      opaque_of(condition) ? Value(opaque_of(condition)) : opaque(at, "a condition on data");
  evaluate_uncertain(*node.if_true, unknown);
  evaluate_uncertain(*node.if_false, unknown);
  return unknown;
}

Value Evaluator::evaluate_node(const Attribute &node, Position at) {
  return attribute(evaluate(*node.object), node.name, at);
}

Value Evaluator::evaluate_node(const Subscript &node, Position at) {
  const Value object = evaluate(*node.object);
  return subscript(object, evaluate(*node.index), at);
}

Value Evaluator::evaluate_node(const SliceDisplay &node, Position) {
  auto *slice = make<Slice>();
  if (node.start) slice->start = evaluate(*node.start);
  if (node.stop) slice->stop = evaluate(*node.stop);
  if (node.step) slice->step = evaluate(*node.step);
  return static_cast<const Slice *>(slice);
}

Value Evaluator::evaluate_node(const Starred &, Position at) {
  return error(at, "a starred value is not supported here", "use it inside a list, a tuple or a call");
}

Value Evaluator::evaluate_node(const Lambda &node, Position at) {
  return make_function("lambda", node.parameters, nullptr, node.body.get(), at);
}

Value Evaluator::evaluate_node(const Comprehension &node, Position) {
  auto *scope = make<Scope>();
  scope->parent = frame_->scope;
  auto *out = make<List>();
  Value obstacle = None{};
  Scope *outer = frame_->scope;
  frame_->scope = scope;
  comprehend(node, 0, *out, obstacle);
  frame_->scope = outer;
  if (!is_none(obstacle)) return obstacle;
  if (node.kind == Comprehension::Kind::set) {
    std::vector<Value> distinct;
    for (const Value &item : out->items) {
      bool known = false;
      for (const Value &other : distinct) {
        charge(1);
        known = known || same(item, other).value_or(false);
      }
      if (!known) distinct.push_back(item);
    }
    return list(std::move(distinct));
  }
  if (node.kind != Comprehension::Kind::dict) return out;
  auto *dict = make<Dict>();
  for (const Value &item : out->items) {
    const std::vector<Value> &pair = *items_of(item);
    set_subscript(dict, pair[0], pair[1], node.value->at);
  }
  return dict;
}

void Evaluator::comprehend(const Comprehension &node, std::size_t clause_index, List &out, Value &obstacle) {
  const Depth depth(*this, node.value->at);
  if (clause_index == node.clauses.size()) {
    allocate(sizeof(Value));
    Value value = evaluate(*node.value);
    if (node.key) value = tuple({evaluate(*node.key), value});
    out.items.push_back(value);
    return;
  }
  const Comprehension::Clause &clause = node.clauses[clause_index];
  const Value iterable = evaluate(*clause.iterable);
  const auto items = elements(iterable, clause.iterable->at);
  if (!items) {
    Value element = opaque_of(iterable);
    if (!opaque_of(iterable))
      element = is_poison(iterable) ? Value(Poison{}) : opaque(clause.iterable->at, "data");
    assign(*clause.target, element);
    evaluate_uncertain(*node.value, element);
    if (is_poison(obstacle)) return;
    if (const Opaque *unknown = opaque_of(iterable))
      obstacle = unknown;
    else if (std::holds_alternative<DataValue *>(iterable))
      obstacle = opaque(clause.iterable->at, "a list made of data");
    else
      obstacle = Poison{};
    return;
  }
  for (const Value &item : *items) {
    charge(1);
    assign(*clause.target, item);
    bool wanted = true;
    for (const ExpressionPtr &condition : clause.conditions) {
      const Value value = evaluate(*condition);
      const Truth verdict = truth(value);
      if (verdict == Truth::unknown) {
        obstacle = opaque_of(value) ? Value(opaque_of(value)) : opaque(condition->at, "data");
        evaluate_uncertain(*node.value, obstacle);
      }
      if (verdict == Truth::poisoned) obstacle = Poison{};
      if (verdict != Truth::yes) {
        wanted = false;
        break;
      }
    }
    if (wanted) comprehend(node, clause_index + 1, out, obstacle);
  }
}

}  // namespace sinter::script
