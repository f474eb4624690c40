// The evaluator: runs a script's statements. Errors are reported and yield Poison, which is silent
// afterwards, so one run finds as many independent problems as possible; reaching a limit (limits.h) throws
// Stopped.
#pragma once

#include <set>

#include "frontend/script/ast.h"
#include "frontend/script/keras_state.h"
#include "frontend/script/parser.h"
#include "frontend/script/value.h"
#include "support/diagnostic.h"

namespace sinter::script {

struct Stopped {};

class Evaluator {
 public:
  Evaluator(const Source &source, Diagnostics &diagnostics, KerasDialect dialect);
  Evaluator(const Evaluator &) = delete;
  Evaluator &operator=(const Evaluator &) = delete;

  // Evaluates the whole script. Throws Stopped after a limit has been reported.
  void run(const Syntax &syntax);
  // Reports the lines of plots, prints and magics, as one note.
  void report_skipped();

  // Reporting. `error` returns Poison, so that callers can return it.
  Value error(Position at, std::string message, std::string hint = {});
  void note(Position at, std::string message, std::string hint = {});
  void warning(Position at, std::string message, std::string hint = {});
  // The error for a value that must be known now and is not; says where it comes from.
  Value error_unknown(Position at, std::string_view what, const Value &value);
  Value opaque(Position origin, std::string what) { return new_opaque(origin, std::move(what)); }
  Opaque *new_opaque(Position origin, std::string what);
  void skip(Position at) { skipped_lines_.insert(at.line); }
  Location location(Position at) const { return source_.at(at); }
  Diagnostics &diagnostics() { return diagnostics_; }
  int errors() const { return errors_; }

  // Accounting; throw Stopped when spent.
  void charge(std::int64_t steps);
  void allocate(std::size_t bytes);
  // For functions that read through a text.
  void charge_text(std::size_t bytes) { charge(1 + static_cast<std::int64_t>(bytes / 1024)); }

  // True if this statement certainly runs. A change of a model or plan asks first: in code that depends on
  // run-time values `effect` reports that it cannot be decided and returns false.
  bool certain() const { return uncertain_ == 0; }
  bool effect(Position at, std::string_view what);

  // Objects, owned by the evaluator.
  template <class T>
  T *make() {
    allocate(sizeof(T));
    auto object = std::make_unique<T>();
    T *pointer = object.get();
    heap_.push_back(std::move(object));
    return pointer;
  }
  Value string(std::string text);
  Value list(std::vector<Value> items);
  Value tuple(std::vector<Value> items);
  Value native(std::string name, NativeFunction function, Value receiver = None{}, std::string category = {});

  // Operations on values.
  Value call(const Value &callee, const CallArguments &arguments);
  Value attribute(const Value &object, const std::string &name, Position at);
  void set_attribute(const Value &object, const std::string &name, const Value &value, Position at);
  Value subscript(const Value &object, const Value &index, Position at);
  void set_subscript(const Value &object, const Value &index, const Value &value, Position at);
  Value binary(std::string_view op, const Value &left, const Value &right, Position at);
  // The elements, as `for` sees them; nullopt if they are not known (opaque, data) or after an error.
  std::optional<std::vector<Value>> elements(const Value &value, Position at);
  // a == b, or nullopt if that depends on a run-time value. Charges for its work.
  std::optional<bool> same(const Value &a, const Value &b);
  enum class Truth { no, yes, unknown, poisoned };
  Truth truth(const Value &value) const;

  KerasState keras;

 private:
  enum class Flow { normal, leave_loop, next_turn, leave_function };
  struct Frame {
    Scope *scope = nullptr;
    Value result = None{};
    bool is_function = false;
    const Opaque *maybe_returned = nullptr;
  };
  class Depth;

  Flow execute(const Block &block);
  Flow execute(const Statement &statement);
  Flow run_if(const If &node);
  Flow run_uncertain(const std::vector<const Block *> &blocks, Value cause, Position at);
  Flow run_for(const For &node, Position at);
  void run_import(const Import &node, Position at);
  void run_assignment(const Assignment &node);
  void run_augmented(const AugmentedAssignment &node, Position at);
  void run_delete(const Delete &node);
  void assign(const Expression &target, const Value &value);
  void bind(const std::string &name, const Value &value);
  void taint(const std::vector<std::string> &names, const Value &value);
  Value call_unknown(const Opaque &callee, const CallArguments &arguments);
  Scope &target_scope(const std::string &name);

  Value evaluate(const Expression &expression);
  // The same where it is not known whether it is evaluated: what it would change is an error.
  void evaluate_uncertain(const Expression &expression, const Value &cause);
  Value evaluate_node(const NoneLiteral &, Position) { return None{}; }
  Value evaluate_node(const Literal &node, Position at);
  Value evaluate_node(const Name &node, Position at);
  Value evaluate_node(const FormatString &node, Position at);
  Value evaluate_node(const SequenceDisplay &node, Position at);
  Value evaluate_node(const DictDisplay &node, Position at);
  Value evaluate_node(const Unary &node, Position at);
  Value evaluate_node(const Binary &node, Position at);
  Value evaluate_node(const Logical &node, Position at);
  Value evaluate_node(const Comparison &node, Position at);
  Value evaluate_node(const Conditional &node, Position at);
  Value evaluate_node(const Call &node, Position at);
  Value evaluate_node(const Attribute &node, Position at);
  Value evaluate_node(const Subscript &node, Position at);
  Value evaluate_node(const SliceDisplay &node, Position at);
  Value evaluate_node(const Starred &node, Position at);
  Value evaluate_node(const Lambda &node, Position at);
  Value evaluate_node(const Comprehension &node, Position at);
  std::string format_fields(const std::vector<FormatString::Field> &fields, Position at, Value &obstacle);
  Value compare(std::string_view op, const Value &left, const Value &right, Position at);
  void comprehend(const Comprehension &node, std::size_t clause, List &out, Value &obstacle);
  Value make_function(std::string name, const ParameterList &parameters, const Block *body,
                      const Expression *expression, Position at);
  Value call_function(const Function &function, const CallArguments &arguments);
  bool bind_parameters(const Function &function, const CallArguments &arguments, Scope &scope);

  const Source &source_;
  Diagnostics &diagnostics_;
  std::vector<std::unique_ptr<Object>> heap_;
  std::map<std::string, Value, std::less<>> builtins_;
  Scope *globals_ = nullptr;
  Frame *frame_ = nullptr;
  std::set<int> skipped_lines_;
  Position current_;  // the statement being executed
  std::int64_t steps_ = 0;
  std::size_t bytes_ = 0;
  int errors_ = 0;
  int depth_ = 0, call_depth_ = 0;
  int uncertain_ = 0;
  const Opaque *uncertain_cause_ = nullptr;
};

}  // namespace sinter::script
