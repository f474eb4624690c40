// The syntax tree of a script: the subset of Python that describes models.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "frontend/script/source.h"

namespace sinter::script {

struct Expression;
struct Statement;
using ExpressionPtr = std::unique_ptr<Expression>;
using Block = std::vector<Statement>;

struct NoneLiteral {};
struct Literal {
  std::variant<bool, std::int64_t, double, std::string> value;
};
struct Name {
  std::string id;
};
struct FormatString {
  struct Field {
    std::string text;         // literal text before the expression
    ExpressionPtr value;      // null in the last field
    char conversion = 0;      // 'r' or 's', or 0
    std::vector<Field> spec;  // the format specification may hold expressions itself
  };
  std::vector<Field> fields;
};
struct SequenceDisplay {
  enum class Kind { tuple, list, set } kind;
  std::vector<ExpressionPtr> items;
};
struct DictDisplay {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> items;  // a null key is `**mapping`
};
struct Unary {
  enum class Operator { negate, plus, logical_not, invert } op;
  ExpressionPtr operand;
};
struct Binary {
  std::string op;  // "+", "**", "//", …
  ExpressionPtr left, right;
};
struct Logical {
  bool is_and;
  std::vector<ExpressionPtr> operands;
};
struct Comparison {  // a < b <= c
  ExpressionPtr first;
  std::vector<std::pair<std::string, ExpressionPtr>>
      rest;  // operators "<", "in", "not in", "is", "is not", …
};
struct Conditional {
  ExpressionPtr condition, if_true, if_false;
};
struct Call {
  struct Argument {
    std::string name;  // empty: positional
    int stars = 0;     // 1: *value, 2: **value
    ExpressionPtr value;
  };
  ExpressionPtr callee;
  std::vector<Argument> arguments;
};
struct Attribute {
  ExpressionPtr object;
  std::string name;
};
struct Subscript {
  ExpressionPtr object, index;
};
struct SliceDisplay {  // only inside a subscript; parts may be null
  ExpressionPtr start, stop, step;
};
struct Starred {
  ExpressionPtr value;
};

struct ParameterList {
  struct Parameter {
    std::string name;
    ExpressionPtr default_value;  // may be null
  };
  std::vector<Parameter> positional;
  std::string rest_positional, rest_keyword;  // *args, **kwargs; empty if absent
  std::vector<Parameter> keyword_only;
};
struct Lambda {
  ParameterList parameters;
  ExpressionPtr body;
};
struct Comprehension {
  enum class Kind { list, set, dict, generator } kind;
  ExpressionPtr key, value;  // key only for dict
  struct Clause {
    ExpressionPtr target, iterable;
    std::vector<ExpressionPtr> conditions;
  };
  std::vector<Clause> clauses;
};

struct Expression {
  Position at;
  int depth = 1;
  std::variant<NoneLiteral, Literal, Name, FormatString, SequenceDisplay, DictDisplay, Unary, Binary, Logical,
               Comparison, Conditional, Call, Attribute, Subscript, SliceDisplay, Starred, Lambda,
               Comprehension>
      node;
};

struct ExpressionStatement {
  ExpressionPtr value;
};
struct Assignment {
  std::vector<ExpressionPtr> targets;  // a = b = value
  ExpressionPtr value;                 // null: a bare annotation
};
struct AugmentedAssignment {
  ExpressionPtr target;
  std::string op;  // "+", not "+="
  ExpressionPtr value;
};
struct If {
  std::vector<std::pair<ExpressionPtr, Block>> branches;
  Block otherwise;
};
struct For {
  ExpressionPtr target, iterable;
  Block body, otherwise;
};
struct FunctionDefinition {
  std::string name;
  ParameterList parameters;
  Block body;
};
struct Return {
  ExpressionPtr value;  // may be null
};
struct Pass {};
struct Break {};
struct Continue {};
struct Import {
  struct Item {
    std::string name, alias;  // `import a.b as c`; from-imports: the name in the module
    Position at;
  };
  std::string module;  // from-imports only
  bool is_from = false, is_star = false;
  std::vector<Item> items;
};
struct Assert {
  ExpressionPtr condition, message;
};
struct Delete {
  std::vector<ExpressionPtr> targets;
};
struct Global {
  std::vector<std::string> names;
};
struct Raise {
  ExpressionPtr value;
};
// A statement that is Python but not in the subset: an error where it is evaluated. `names` are what it would
// bind.
struct Unsupported {
  std::string what, hint;
  std::vector<std::string> names;
};
// Python 2's `print "text"`.
struct PrintStatement {};

struct Statement {
  Position at;
  std::variant<ExpressionStatement, Assignment, AugmentedAssignment, If, For, FunctionDefinition, Return,
               Pass, Break, Continue, Import, Assert, Delete, Global, Raise, Unsupported, PrintStatement>
      node;
};

}  // namespace sinter::script
