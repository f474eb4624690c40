// What the tests of the script front end share.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "frontend/script/script.h"
#include "tests/paths.h"

namespace sinter::script {

struct Evaluated {
  std::optional<ScriptResult> result;
  Diagnostics diagnostics;

  std::vector<std::string> messages(Severity severity) const {
    std::vector<std::string> list;
    for (const Diagnostic &each : diagnostics.all())
      if (each.severity == severity) list.push_back(std::to_string(each.where.line) + ": " + each.message);
    return list;
  }
  std::vector<std::string> errors() const { return messages(Severity::error); }
};

inline Evaluated evaluate(std::string_view text, std::optional<keras::Semantics> semantics = std::nullopt) {
  Evaluated out;
  out.result = evaluate_script(text, "test.py", out.diagnostics, semantics);
  return out;
}

inline std::string read_file(const std::string &path) {
  std::ifstream in(test::source_dir() + "/" + path);
  EXPECT_TRUE(in) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// repr() of a Python expression, after the given statements: it becomes the name of a layer.
inline std::string python(const std::string &expression, const std::string &statements = "") {
  const Evaluated evaluated =
      evaluate("from keras.models import Sequential\nfrom keras.layers import Dense\n" + statements +
               "\nSequential([Dense(1, input_shape=(1,), name=repr((" + expression + ")))])\n");
  if (!evaluated.result)
    return evaluated.errors().empty() ? "no result" : "error " + evaluated.errors().front();
  return evaluated.result->model().layers.back().name;
}

inline std::vector<std::string> layer_names(const keras::ModelConfig &model) {
  std::vector<std::string> names;
  for (const keras::Layer &layer : model.layers) names.push_back(layer.name);
  return names;
}

}  // namespace sinter::script
