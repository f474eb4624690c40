// Statements.
#include "frontend/script/evaluator.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/script/bound_names.h"
#include "frontend/script/builtins.h"
#include "frontend/script/data_arithmetic.h"
#include "frontend/script/data_memory.h"
#include "frontend/script/evaluation_depth.h"
#include "frontend/script/keras_objects.h"
#include "frontend/script/limits.h"
#include "frontend/script/modules.h"

namespace sinter::script {

Evaluator::Evaluator(const Source &source, Diagnostics &diagnostics, KerasDialect dialect)
    : source_(source), diagnostics_(diagnostics) {
  keras.dialect = dialect;
  globals_ = make<Scope>();
  builtins_ = builtin_functions(*this);
}

Value Evaluator::error(Position at, std::string message, std::string hint) {
  diagnostics_.error(source_.at(at), std::move(message), std::move(hint));
  if (++errors_ >= limits::errors) throw Stopped{};
  return Poison{};
}

void Evaluator::note(Position at, std::string message, std::string hint) {
  diagnostics_.note(source_.at(at), std::move(message), std::move(hint));
}

void Evaluator::warning(Position at, std::string message, std::string hint) {
  diagnostics_.warning(source_.at(at), std::move(message), std::move(hint));
}

Value Evaluator::error_unknown(Position at, std::string_view what, const Value &value) {
  if (is_poison(value)) return Poison{};
  if (const Opaque *opaque = opaque_of(value))
    return error(at,
                 fmt::format("{} must be known when the model is compiled, but depends on {} (line {})", what,
                             opaque->what, opaque->origin.line),
                 "write the value as a number or text");
  return error(at, fmt::format("{} cannot be {}", what, type_name(value)));
}

Opaque *Evaluator::new_opaque(Position origin, std::string what) {
  auto *value = make<Opaque>();
  value->origin = origin;
  value->what = std::move(what);
  return value;
}

void Evaluator::charge(std::int64_t steps) {
  if (steps > limits::steps || (steps_ += steps) > limits::steps) {
    diagnostics_.error(source_.at(current_), "the script takes too long to evaluate",
                       "a model script may run a few million steps; check the ranges of its loops");
    throw Stopped{};
  }
}

void Evaluator::allocate(std::size_t bytes) {
  if (bytes > limits::bytes || (bytes_ += bytes) > limits::bytes) {
    diagnostics_.error(source_.at(current_), "the script needs too much memory to evaluate",
                       "strings and lists of a model script may take some tens of megabytes in all");
    throw Stopped{};
  }
}

bool Evaluator::effect(Position at, std::string_view what) {
  if (certain()) return true;
  if (uncertain_cause_)
    error(at,
          fmt::format("whether {} happens here depends on {} (line {}), which is not known at compile time",
                      what, uncertain_cause_->what, uncertain_cause_->origin.line),
          "make the condition a value that the script itself fixes");
  return false;
}

Value Evaluator::string(std::string text) {
  allocate(text.size());
  auto *value = make<String>();
  value->text = std::move(text);
  return static_cast<const String *>(value);
}

Value Evaluator::list(std::vector<Value> items) {
  allocate(items.size() * sizeof(Value));
  auto *value = make<List>();
  value->items = std::move(items);
  return value;
}

Value Evaluator::tuple(std::vector<Value> items) {
  allocate(items.size() * sizeof(Value));
  auto *value = make<Tuple>();
  value->items = std::move(items);
  return value;
}

Value Evaluator::native(std::string name, NativeFunction function, Value receiver, std::string category) {
  auto *value = make<Native>();
  value->name = std::move(name);
  value->function = function;
  value->receiver = receiver;
  value->category = std::move(category);
  return static_cast<const Native *>(value);
}

void Evaluator::run(const Syntax &syntax) {
  skipped_lines_.insert(syntax.magic_lines.begin(), syntax.magic_lines.end());
  Frame frame;
  frame.scope = globals_;
  frame_ = &frame;
  bind("__name__", string("__main__"));
  bind("__file__", string("script.py"));
  const Flow flow = execute(syntax.statements);
  if (flow != Flow::normal && !syntax.statements.empty())
    error(syntax.statements.front().at, "'return', 'break' or 'continue' outside a function or loop");
}

void Evaluator::report_skipped() {
  if (skipped_lines_.empty()) return;
  std::string lines;
  for (auto it = skipped_lines_.begin(); it != skipped_lines_.end();) {
    const int first = *it;
    int last = first;
    for (++it; it != skipped_lines_.end() && *it == last + 1; ++it) last = *it;
    if (!lines.empty()) lines += ", ";
    lines += std::to_string(first);
    if (last > first) lines += "-" + std::to_string(last);
  }
  note({}, fmt::format("skipped code that prints, plots or computes on results: {} {}",
                       skipped_lines_.size() == 1 ? "line" : "lines", lines));
}

Evaluator::Flow Evaluator::execute(const Block &block) {
  for (const Statement &statement : block)
    if (const Flow flow = execute(statement); flow != Flow::normal) return flow;
  return Flow::normal;
}

Evaluator::Flow Evaluator::execute(const Statement &statement) {
  const Depth depth(*this, statement.at);
  current_ = statement.at;
  charge(1);
  const Position at = statement.at;
  if (const auto *node = std::get_if<ExpressionStatement>(&statement.node)) {
    evaluate(*node->value);
  } else if (const auto *node = std::get_if<Assignment>(&statement.node)) {
    run_assignment(*node);
  } else if (const auto *node = std::get_if<AugmentedAssignment>(&statement.node)) {
    run_augmented(*node, at);
  } else if (const auto *node = std::get_if<If>(&statement.node)) {
    return run_if(*node);
  } else if (const auto *node = std::get_if<For>(&statement.node)) {
    return run_for(*node, at);
  } else if (const auto *node = std::get_if<FunctionDefinition>(&statement.node)) {
    bind(node->name, make_function(node->name, node->parameters, &node->body, nullptr, at));
  } else if (const auto *node = std::get_if<Return>(&statement.node)) {
    if (!frame_->is_function) {
      error(at, "'return' outside a function");
      return Flow::normal;
    }
    frame_->result = node->value ? evaluate(*node->value) : Value(None{});
    return Flow::leave_function;
  } else if (std::holds_alternative<Break>(statement.node)) {
    return Flow::leave_loop;
  } else if (std::holds_alternative<Continue>(statement.node)) {
    return Flow::next_turn;
  } else if (const auto *node = std::get_if<Import>(&statement.node)) {
    run_import(*node, at);
  } else if (const auto *node = std::get_if<Assert>(&statement.node)) {
    if (truth(evaluate(*node->condition)) == Truth::no) {
      const Value message = node->message ? evaluate(*node->message) : Value(None{});
      error(at, is_none(message) ? "the script's assertion fails"
                                 : "the script's assertion fails: " + str(message));
    }
  } else if (const auto *node = std::get_if<Delete>(&statement.node)) {
    run_delete(*node);
  } else if (const auto *node = std::get_if<Global>(&statement.node)) {
    for (const std::string &name : node->names) frame_->scope->globals.push_back(name);
  } else if (const auto *node = std::get_if<Raise>(&statement.node)) {
    if (!certain()) return Flow::normal;
    std::string text;
    if (node->value)
      if (const auto *call = std::get_if<Call>(&node->value->node))
        if (!call->arguments.empty()) text = str(evaluate(*call->arguments.front().value));
    error(at, text.empty() ? "the script raises an exception" : "the script raises an exception: " + text);
    if (frame_->is_function) {
      frame_->result = Poison{};
      return Flow::leave_function;
    }
  } else if (const auto *node = std::get_if<Unsupported>(&statement.node)) {
    error(at, node->what + " are not supported", node->hint);
    taint(node->names, Poison{});
  } else if (std::holds_alternative<PrintStatement>(statement.node)) {
    skip(at);
  }
  return Flow::normal;
}

Evaluator::Flow Evaluator::run_if(const If &node) {
  for (std::size_t i = 0; i < node.branches.size(); ++i) {
    const auto &[condition, body] = node.branches[i];
    const Value value = evaluate(*condition);
    switch (truth(value)) {
      case Truth::yes:
        return execute(body);
      case Truth::no:
        break;
      case Truth::poisoned:
        for (const auto &[unused, skipped] : node.branches) taint(bound_names(skipped), Poison{});
        taint(bound_names(node.otherwise), Poison{});
        return Flow::normal;
      case Truth::unknown: {
        std::vector<const Block *> blocks;
        for (std::size_t j = i; j < node.branches.size(); ++j) blocks.push_back(&node.branches[j].second);
        blocks.push_back(&node.otherwise);
        return run_uncertain(blocks, value, condition->at);
      }
    }
  }
  return execute(node.otherwise);
}

// Runs blocks of which it is not known whether they run: they may compute and print, but not change a model.
// What they bind is opaque afterwards, and where one of them leaves a function or loop, the rest is uncertain
// too.
Evaluator::Flow Evaluator::run_uncertain(const std::vector<const Block *> &blocks, Value cause, Position at) {
  const Opaque *origin = opaque_of(cause);
  if (!origin) origin = std::get<const Opaque *>(opaque(at, "data"));
  const Opaque *outer_cause = uncertain_cause_;
  uncertain_cause_ = origin;
  ++uncertain_;
  bool leaves = false, leaves_function = false;
  for (const Block *block : blocks) {
    const Flow flow = execute(*block);
    if (flow != Flow::normal) leaves = true;
    if (flow == Flow::leave_function) leaves_function = true;
  }
  for (const Block *block : blocks) taint(bound_names(*block), origin);
  if (leaves_function) frame_->maybe_returned = origin;
  if (leaves) return Flow::normal;  // stays uncertain; the loop or function restores the counter
  --uncertain_;
  uncertain_cause_ = outer_cause;
  return Flow::normal;
}

Evaluator::Flow Evaluator::run_for(const For &node, Position at) {
  const Value iterable = evaluate(*node.iterable);
  const int outer = uncertain_;
  const Opaque *outer_cause = uncertain_cause_;
  const auto restore = [&] {
    if (frame_->maybe_returned) return;  // uncertain until the function ends
    if (uncertain_ > outer) taint(bound_names(node.body), uncertain_cause_);
    uncertain_ = outer;
    uncertain_cause_ = outer_cause;
  };
  const auto items = elements(iterable, node.iterable->at);
  if (!items) {
    if (is_poison(iterable) || (!opaque_of(iterable) && !std::holds_alternative<DataValue *>(iterable) &&
                                !std::holds_alternative<DataFlow *>(iterable))) {
      taint(bound_names(node.body), Poison{});
      assign(*node.target, Poison{});
      return Flow::normal;
    }
    Value element = opaque_of(iterable);
    if (!opaque_of(iterable)) {
      Opaque *item = new_opaque(at, "the data read at run time");
      if (auto *const *data = std::get_if<DataValue *>(&iterable)) item->data = *data;
      element = item;
    }
    assign(*node.target, element);
    run_uncertain({&node.body}, element, at);
    restore();
    return execute(node.otherwise);
  }
  for (const Value &item : *items) {
    charge(1);
    assign(*node.target, item);
    const Flow flow = execute(node.body);
    if (flow == Flow::leave_function) {
      restore();
      return flow;
    }
    if (flow == Flow::leave_loop) {
      restore();
      return Flow::normal;
    }
  }
  restore();
  return execute(node.otherwise);
}

void Evaluator::run_import(const Import &node, Position at) {
  if (!node.is_from) {
    for (const Import::Item &item : node.items) {
      const Value module = import_module(*this, item.name, item.at);
      if (!item.alias.empty()) {
        bind(item.alias, module);
        continue;
      }
      // `import a.b` binds `a`.
      const std::size_t dot = item.name.find('.');
      bind(item.name.substr(0, dot), dot == std::string::npos || is_poison(module)
                                         ? module
                                         : import_module(*this, item.name.substr(0, dot), at));
    }
    return;
  }
  const Value module = import_module(*this, node.module, at);
  if (node.is_star) {
    const auto *known = std::get_if<const Module *>(&module);
    if (!known) return;
    const std::vector<std::string> names = star_names((*known)->path);
    if (names.empty())
      error(at, fmt::format("'from {} import *' is not supported", (*known)->path),
            "import the names that are used");
    for (const std::string &name : names) bind(name, module_member(*this, (*known)->path, name, at));
    return;
  }
  for (const Import::Item &item : node.items) {
    Value value = module;
    if (const auto *known = std::get_if<const Module *>(&module))
      value = module_member(*this, (*known)->path, item.name, item.at);
    else
      value = attribute(module, item.name, item.at);
    bind(item.alias.empty() ? item.name : item.alias, value);
  }
}

void Evaluator::run_assignment(const Assignment &node) {
  if (!node.value) return;
  const Value value = evaluate(*node.value);
  for (const ExpressionPtr &target : node.targets) assign(*target, value);
}

void Evaluator::run_augmented(const AugmentedAssignment &node, Position at) {
  const Value value = evaluate(*node.value);
  const Value old = evaluate(*node.target);
  if (auto *const *data = std::get_if<DataValue *>(&old)) {
    const auto *index = std::get_if<Subscript>(&node.target->node);
    const Value whole = index ? evaluate(*index->object) : old;
    auto *const *owner = std::get_if<DataValue *>(&whole);
    if (!index || (owner && covers(**data, **owner))) {
      if (!(*data)->changed) augment_data(*this, **data, node.op, value, at);
      return;
    }
  }
  if (const auto *part = std::get_if<const Opaque *>(&old); part && (*part)->data)
    lose_contents(*this, old, "a change in place", at);
  // list += changes the list itself, also under its other names.
  if (auto *const *list = std::get_if<List *>(&old); list && node.op == "*") {
    const Value repeated = binary(node.op, old, value, at);
    auto *const *items = std::get_if<List *>(&repeated);
    if (!certain() || !items)
      (*list)->unknown = certain() ? opaque_of(value) : uncertain_cause_;
    else
      (*list)->items = (*items)->items;
    return;
  }
  if (auto *const *list = std::get_if<List *>(&old); list && node.op == "+") {
    const auto more = elements(value, node.value->at);
    if (!certain() || !more) {
      (*list)->unknown = certain() ? opaque_of(value) : uncertain_cause_;
      return;
    }
    allocate(more->size() * sizeof(Value));
    (*list)->items.insert((*list)->items.end(), more->begin(), more->end());
    return;
  }
  assign(*node.target, binary(node.op, old, value, at));
}

void Evaluator::run_delete(const Delete &node) {
  for (const ExpressionPtr &target : node.targets) {
    if (const auto *name = std::get_if<Name>(&target->node)) {
      if (certain()) target_scope(name->id).names.erase(name->id);
    } else if (const auto *index = std::get_if<Subscript>(&target->node)) {
      const Value object = evaluate(*index->object);
      const Value key = evaluate(*index->index);
      if (opaque_of(object) || is_poison(object) || is_poison(key)) continue;
      auto *const *dict = std::get_if<Dict *>(&object);
      if (!dict) {
        error(target->at, "'del' is supported for names and dict entries");
        continue;
      }
      std::erase_if((*dict)->items, [&](const auto &item) { return same(item.first, key).value_or(false); });
    } else if (const auto *sequence = std::get_if<SequenceDisplay>(&target->node)) {
      for (const ExpressionPtr &item : sequence->items)
        if (const auto *inner = std::get_if<Name>(&item->node); inner && certain())
          target_scope(inner->id).names.erase(inner->id);
    } else {
      error(target->at, "'del' is supported for names and dict entries");
    }
  }
}

Scope &Evaluator::target_scope(const std::string &name) {
  Scope *scope = frame_->scope;
  return std::ranges::find(scope->globals, name) != scope->globals.end() ? *globals_ : *scope;
}

void Evaluator::bind(const std::string &name, const Value &value) {
  if (auto *const *model = std::get_if<ModelObject *>(&value)) keras.variables[name] = *model;
  target_scope(name).names[name] = value;
}

void Evaluator::taint(const std::vector<std::string> &names, const Value &value) {
  for (const std::string &name : names) {
    Value &slot = target_scope(name).names[name];
    if (!is_poison(slot)) slot = value;
  }
}

void Evaluator::assign(const Expression &target, const Value &value) {
  const Depth depth(*this, target.at);
  if (const auto *name = std::get_if<Name>(&target.node)) {
    bind(name->id, value);
  } else if (const auto *attribute = std::get_if<Attribute>(&target.node)) {
    set_attribute(evaluate(*attribute->object), attribute->name, value, target.at);
  } else if (const auto *index = std::get_if<Subscript>(&target.node)) {
    const Value object = evaluate(*index->object);
    set_subscript(object, evaluate(*index->index), value, target.at);
  } else if (const auto *sequence = std::get_if<SequenceDisplay>(&target.node)) {
    const std::vector<ExpressionPtr> &targets = sequence->items;
    const auto items = elements(value, target.at);
    if (!items) {
      Value each = Poison{};
      if (const Opaque *unknown = opaque_of(value))
        each = unknown;
      else if (!is_poison(value) && std::holds_alternative<DataValue *>(value))
        each = opaque(target.at, "the data read at run time");
      for (const ExpressionPtr &item : targets) assign(*item, each);
      return;
    }
    const auto starred = std::ranges::find_if(
        targets, [](const ExpressionPtr &item) { return std::holds_alternative<Starred>(item->node); });
    const auto before = static_cast<std::size_t>(starred - targets.begin());
    const bool has_star = starred != targets.end();
    if (has_star ? items->size() + 1 < targets.size() : items->size() != targets.size()) {
      error(target.at, fmt::format("{} values are assigned to {} names", items->size(), targets.size()));
      for (const ExpressionPtr &item : targets)
        assign(std::holds_alternative<Starred>(item->node) ? *std::get<Starred>(item->node).value : *item,
               Poison{});
      return;
    }
    for (std::size_t i = 0; i < before; ++i) assign(*targets[i], (*items)[i]);
    if (!has_star) return;
    const std::size_t after = targets.size() - before - 1;
    const auto last = items->end() - static_cast<std::ptrdiff_t>(after);
    assign(*std::get<Starred>((*starred)->node).value,
           list({items->begin() + static_cast<std::ptrdiff_t>(before), last}));
    for (std::size_t i = 0; i < after; ++i)
      assign(*targets[before + 1 + i], last[static_cast<std::ptrdiff_t>(i)]);
  } else {
    error(target.at, "this cannot be assigned to");
  }
}

}  // namespace sinter::script
