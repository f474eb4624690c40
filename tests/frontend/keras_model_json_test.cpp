// model_json: read back, it is the same model.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "frontend/keras/import.h"
#include "frontend/keras/json.h"
#include "frontend/keras/model_json.h"
#include "frontend/script/script.h"
#include "ir/text.h"
#include "tests/paths.h"

namespace sinter::keras {
namespace {

class ModelJson : public testing::TestWithParam<std::string> {};

TEST_P(ModelJson, ReadsBackAsTheSameModel) {
  Diagnostics diagnostics;
  std::ifstream file(std::string(test::source_dir() + "/examples/") + GetParam() + ".py");
  std::stringstream text;
  text << file.rdbuf();
  for (const Semantics semantics : {Semantics::keras2, Semantics::keras3}) {
    const auto script = script::evaluate_script(text.str(), GetParam(), diagnostics, semantics);
    ASSERT_TRUE(script) << diagnostics.render_all();
    const auto model = import_model(script->model(), diagnostics);
    ASSERT_TRUE(model) << diagnostics.render_all();
    for (const ModelForm form : {ModelForm::h5, ModelForm::archive}) {
      if (form == ModelForm::archive && semantics == Semantics::keras2) continue;  // archives are of Keras 3
      const nlohmann::json json = model_json(script->model(), *model, semantics, form);
      const char *version = semantics == Semantics::keras3 ? "3.0.0" : "2.0.2";
      const auto parsed = parse_model_json(json.dump(), {"model_config"}, diagnostics, version);
      ASSERT_TRUE(parsed) << diagnostics.render_all();
      const auto again = import_model(*parsed, diagnostics);
      ASSERT_TRUE(again) << diagnostics.render_all();
      const auto print = [](const ir::Graph &graph) {
        return ir::print(graph).substr(ir::print(graph).find('\n'));
      };
      EXPECT_EQ(print(again->graph), print(model->graph));
      EXPECT_EQ(again->is_sequential, model->is_sequential);
      EXPECT_EQ(model_json(*parsed, *again, semantics, form), json);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Examples, ModelJson,
                         testing::Values("mnist_mlp", "cifar10_cnn", "fashion_mnist_cnn", "branches",
                                         "mobilenet", "resnet50"));

}  // namespace
}  // namespace sinter::keras
