// Models within models in Keras's JSON.
#include <gtest/gtest.h>

#include "frontend/keras/import.h"
#include "frontend/keras/inline_models.h"
#include "frontend/keras/json.h"
#include "frontend/keras/model_json.h"
#include "frontend/keras/summary.h"
#include "ir/text.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

json dense(const std::string &name, int units) {
  return {{"class_name", "Dense"}, {"config", {{"name", name}, {"units", units}}}, {"name", name}};
}
json input(const std::string &name, int size) {
  return {{"class_name", "InputLayer"},
          {"config", {{"name", name}, {"batch_input_shape", {nullptr, size}}}},
          {"name", name},
          {"inbound_nodes", json::array()}};
}
json called(json layer, const std::vector<std::vector<std::string>> &calls) {
  layer["inbound_nodes"] = json::array();
  for (const auto &inputs : calls) {
    json node = json::array();
    for (const std::string &from : inputs)
      node.push_back({from.substr(0, from.find(':')),
                      from.find(':') == std::string::npos ? 0 : from.back() - '0', 0, json::object()});
    layer["inbound_nodes"].push_back(node);
  }
  return layer;
}
json functional(const std::string &name, json layers, const std::string &in, json outputs) {
  return {{"class_name", "Model"},
          {"config",
           {{"name", name},
            {"layers", std::move(layers)},
            {"input_layers", {{in, 0, 0}}},
            {"output_layers", std::move(outputs)}}},
          {"name", name}};
}

struct Read {
  Diagnostics diagnostics;
  std::optional<ModelConfig> config;
  std::optional<keras::ImportedModel> model;

  explicit Read(const json &text, const char *version = "2.0.2") {
    config = parse_model_json(text.dump(), {"model"}, diagnostics, version);
    if (config) model = import_model(*config, diagnostics);
    EXPECT_TRUE(model) << diagnostics.render_all();
  }
};

// A model with a shared inner one: b(b(a(x))) with b = [e -> f], whose layer "a" has the name of an outer
// one.
json twice() {
  const json inner =
      functional("b", {input("b_in", 3), called(dense("e", 5), {{"b_in"}}), called(dense("a", 3), {{"e"}})},
                 "b_in", {{"a", 0, 0}});
  return functional("m",
                    {input("x", 4), called(dense("a", 3), {{"x"}}), called(inner, {{"a"}, {"b"}}),
                     called(dense("z", 2), {{"b:1"}})},
                    "x", {{"z", 0, 0}});
}

TEST(NestedJson, InnerModelsAreCalledInTheirPlace) {
  const Read read(twice());
  ASSERT_TRUE(read.model);
  const auto flat = inline_models(*read.config);
  ASSERT_TRUE(flat);
  std::vector<std::string> names;
  for (const Layer &layer : flat->layers) names.push_back(layer.name);
  EXPECT_EQ(names, (std::vector<std::string>{"x", "a", "e", "b/a", "z"}));
  EXPECT_EQ(flat->layers[2].calls[0].inputs, (std::vector<TensorRef>{{"a", 0, 0}}));
  EXPECT_EQ(flat->layers[2].calls[1].inputs, (std::vector<TensorRef>{{"b/a", 0, 0}}));
  EXPECT_EQ(flat->layers[4].calls[0].inputs, (std::vector<TensorRef>{{"b/a", 1, 0}}));
}

TEST(NestedJson, SummaryHasOneRowForAnInnerModel) {
  const Summary summary = summarize(*Read(twice()).model);
  std::vector<std::string> rows;
  for (const SummaryRow &row : summary.rows) {
    rows.push_back(row.name + " " + row.class_name + " " + row.output_shape + " " +
                   std::to_string(row.params));
    for (const std::string &from : row.connected_to) rows.back() += " " + from;
  }
  EXPECT_EQ(rows, (std::vector<std::string>{"x InputLayer (None, 4) 0", "a Dense (None, 3) 15 x[0][0]",
                                            "b Model (None, 3) 38 a[0][0] b[1][0]",
                                            "z Dense (None, 2) 8 b[2][0]"}));
  EXPECT_EQ(summary.total_params, 61);
  EXPECT_FALSE(summary.is_chain);
}

TEST(NestedJson, IsWrittenAsItWasRead) {
  const json sequential = {{"class_name", "Sequential"},
                           {"config",
                            {dense("e", 5),
                             {{"class_name", "Sequential"}, {"config", {dense("f", 2), dense("g", 3)}}},
                             dense("h", 1)}}};
  json with_shape = sequential;
  with_shape["config"][0]["config"]["batch_input_shape"] = {nullptr, 4};
  for (const json &text : {twice(), with_shape}) {
    const Read first(text);
    ASSERT_TRUE(first.model);
    const auto print = [](const keras::ImportedModel &model) {
      return ir::print(model.graph).substr(ir::print(model.graph).find('\n'));
    };
    for (const auto &[dialect, form, version] :
         {std::tuple(Semantics::keras2, ModelForm::h5, "2.0.2"),
          std::tuple(Semantics::keras3, ModelForm::h5, "3.0.0"),
          std::tuple(Semantics::keras3, ModelForm::archive, "3.0.0")}) {
      const json written = model_json(*first.config, *first.model, dialect, form);
      const Read again(written, version);
      ASSERT_TRUE(again.model);
      EXPECT_EQ(print(*again.model), print(*first.model)) << written.dump(1);
      EXPECT_EQ(model_json(*again.config, *again.model, dialect, form), written);
    }
  }
}

TEST(NestedJson, Keras3NamesInnerModelsAsItsOwnFilesDo) {
  const Read read(twice());
  const json archive = model_json(*read.config, *read.model, Semantics::keras3, ModelForm::archive);
  const json &inner = archive["config"]["layers"][2];
  EXPECT_EQ(inner["class_name"], "Functional");
  EXPECT_EQ(inner["module"], "keras.src.models.functional");
  EXPECT_EQ(inner["registered_name"], "Functional");
  EXPECT_EQ(inner["config"]["layers"][2]["build_config"]["input_shape"], json({nullptr, 5}));
  EXPECT_EQ(inner["inbound_nodes"][1]["args"][0]["config"]["keras_history"], json({"b", 0, 0}));
  EXPECT_EQ(inner["inbound_nodes"][1]["args"][0]["config"]["shape"], json({nullptr, 3}));
}

TEST(NestedJson, WhatCannotBeIsReported) {
  json wrong = twice();
  wrong["config"]["layers"][2]["inbound_nodes"][0].push_back({"x", 0, 0, json::object()});
  Diagnostics diagnostics;
  EXPECT_FALSE(parse_model_json(wrong.dump(), {"model"}, diagnostics));
  EXPECT_NE(diagnostics.render_all().find("is a model of 1 inputs, but is called on 2"), std::string::npos)
      << diagnostics.render_all();
  // Each level calls the one below it twice.
  json deep = dense("e", 3);
  for (int i = 0; i < 19; ++i) {
    const std::string name = "m" + std::to_string(i), in = name + "_in";
    deep = functional(name, {input(in, 3), called(deep, {{in}, {deep["name"].get<std::string>()}})}, in,
                      {{deep["name"], 1, 0}});
  }
  const auto config = parse_model_json(deep.dump(), {"model"}, diagnostics, "2.0.2");
  ASSERT_TRUE(config);
  EXPECT_FALSE(import_model(*config, diagnostics));
  EXPECT_NE(diagnostics.render_all().find("called too often"), std::string::npos) << diagnostics.render_all();
}

}  // namespace
}  // namespace sinter::keras
