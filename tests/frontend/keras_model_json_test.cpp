// model_json: read back, it is the same model.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "frontend/keras/import.h"
#include "frontend/keras/json.h"
#include "frontend/keras/model_json.h"
#include "frontend/script/script.h"
#include "ir/text.h"

namespace sinter::keras {
namespace {

class ModelJson : public testing::TestWithParam<const char *> {};

TEST_P(ModelJson, ReadsBackAsTheSameModel) {
  Diagnostics diagnostics;
  std::ifstream file(std::string(SINTER_SOURCE_DIR "/examples/") + GetParam() + ".py");
  std::stringstream text;
  text << file.rdbuf();
  const auto script = script::evaluate_script(text.str(), GetParam(), diagnostics);
  ASSERT_TRUE(script) << diagnostics.render_all();
  const auto model = import_model(script->model(), diagnostics);
  const nlohmann::json json = model_json(script->model());
  const auto parsed = parse_model_json(json.dump(), {"model_config"}, diagnostics);
  ASSERT_TRUE(model && parsed) << diagnostics.render_all();
  const auto again = import_model(*parsed, diagnostics);
  ASSERT_TRUE(again) << diagnostics.render_all();
  EXPECT_EQ(ir::print(again->graph).substr(ir::print(again->graph).find('\n')), ir::print(model->graph).substr(ir::print(model->graph).find('\n')));
  EXPECT_EQ(again->is_sequential, model->is_sequential);
}

INSTANTIATE_TEST_SUITE_P(Examples, ModelJson,
                         testing::Values("mnist_mlp", "cifar10_cnn", "fashion_mnist_cnn", "branches", "mobilenet", "resnet50"));

}  // namespace
}  // namespace sinter::keras
