// Values of the evaluator. Objects live on the evaluator's heap until the script has been evaluated, so
// values are plain pointers, cycles are harmless, and nothing is destroyed recursively.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "frontend/script/source.h"

namespace sinter::script {

class Evaluator;
struct ParameterList;
struct Expression;
struct Statement;

struct Object {
  virtual ~Object() = default;
};

struct None {};
struct Ellipsis {};
struct Poison {};  // the result of an error that has been reported; whatever uses it is silent
struct String;
struct List;
struct Tuple;
struct Dict;
struct Range;
struct Slice;
struct Function;
struct Native;
struct Module;
struct Opaque;
struct ConfigObject;
struct LayerObject;
struct SymbolicTensor;
struct ModelObject;
struct DataValue;
struct DataFlow;

using Value = std::variant<None, Poison, bool, std::int64_t, double, Ellipsis, const String *, List *,
                           Tuple *, Dict *, const Range *, const Slice *, const Function *, const Native *,
                           const Module *, const Opaque *, ConfigObject *, LayerObject *, SymbolicTensor *,
                           ModelObject *, DataValue *, DataFlow *>;

// A value known only when the compiled program runs, or part of skipped code (plots, prints). Operations on
// it give such values again; a model that needs one is an error that shows `what` and `origin`.
struct Opaque : Object {
  Position origin;
  std::string what;
  std::string name;           // dotted, of what is reached from a module: "random.shuffle"
  DataValue *data = nullptr;  // a part of this array that shares its memory
  bool is_state = false;      // the optimizer or weights of `model`; of any model if that is nullptr
  ModelObject *model = nullptr;
};

struct String : Object {
  std::string text;
};
struct List : Object {
  std::vector<Value> items;
  const Opaque *unknown = nullptr;  // set: changed in code that may or may not run
  std::string read_only;            // not empty: why changing it would have no effect
};
struct Tuple : Object {
  std::vector<Value> items;
};
struct Dict : Object {
  std::vector<std::pair<Value, Value>> items;
  const Opaque *unknown = nullptr;
};
struct Range : Object {
  std::int64_t start = 0, stop = 0, step = 1;
  std::int64_t count() const;
};
struct Slice : Object {
  Value start, stop, step;
};

struct Scope : Object {
  std::map<std::string, Value, std::less<>> names;
  std::vector<std::string> globals;  // names declared `global` in this function
  Scope *parent = nullptr;
};

// A function of the script: a def (statements) or a lambda (expression).
struct Function : Object {
  std::string name;
  const ParameterList *parameters = nullptr;
  const std::vector<Statement> *body = nullptr;
  const Expression *expression = nullptr;
  std::map<std::string, Value> defaults;
  Scope *scope = nullptr;  // where it was defined
};

struct Argument {
  std::string name;  // empty: positional
  Value value;
  Position at;
};
struct CallArguments {
  Position at;
  std::vector<Argument> items;
};

// A function or class of ours: builtins, methods (receiver set), and everything in Keras and numpy.
using NativeFunction = Value (*)(Evaluator &, const Native &, const CallArguments &);
struct Native : Object {
  std::string name;      // "len", "Conv2D"
  std::string category;  // "layer", "activation", "loss", …; empty for plain functions
  NativeFunction function = nullptr;
  Value receiver;
};

// A module, by its normalised dotted name: `tensorflow.keras.layers` and `keras.layers` are one.
struct Module : Object {
  std::string path;
};

// The items of a list or tuple, or nullptr.
const std::vector<Value> *items_of(const Value &value);
const std::string *text_of(const Value &value);
std::optional<std::int64_t> integer_of(const Value &value);  // int or bool
std::optional<double> number_of(const Value &value);         // int, float or bool
bool is_none(const Value &value);
bool is_poison(const Value &value);
const Opaque *opaque_of(const Value &value);  // also the unknown contents of a list or dict

std::string type_name(const Value &value);            // "int", "Conv2D layer", …
std::string repr(const Value &value, int depth = 0);  // as Python prints it; bounded
std::string str(const Value &value);
std::string float_text(double value);  // the shortest text that reads back as the same number

// nullopt if it depends on an opaque value, or is too much work. Adds the compared elements (and kilobytes of
// text) to `work`.
std::optional<bool> equal(const Value &a, const Value &b, std::int64_t &work, int depth = 0);

}  // namespace sinter::script
