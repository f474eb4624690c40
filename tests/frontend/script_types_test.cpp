// Other element types than float32.
#include <gmock/gmock.h>

#include "frontend/keras/import.h"
#include "tests/frontend/script_testing.h"

namespace sinter::script {
namespace {

using testing::HasSubstr;

std::string imported(const std::string &statements) {
  Evaluated evaluated = evaluate(
      "import keras\nfrom keras import backend as K\nfrom keras.models import Sequential, Model\n"
      "from keras.layers import *\n" +
      statements + "\n");
  if (evaluated.result && keras::import_model(evaluated.result->model(), evaluated.diagnostics))
    return "done";
  return evaluated.errors().empty() ? "nothing" : evaluated.errors().front();
}

TEST(ScriptTypes, LayersComputeInFloat32) {
  EXPECT_EQ(imported("Sequential([Dense(2, input_shape=(3,), dtype='float32'), Dense(2, dtype=None)])"),
            "done");
  EXPECT_EQ(imported("Sequential([Dense(2, input_shape=(3,)),\n Dense(2, dtype='float16')])"),
            "6: layer 'dense_2' (Dense): dtype is \"float16\", which is not supported");
  EXPECT_THAT(imported("Sequential([Dense(2, input_shape=(3,)), Activation('softmax', dtype='float64')])"),
              HasSubstr("dtype is \"float64\""));
  EXPECT_EQ(imported("x = Input((3,), dtype='float32')\nModel(x, Dense(2)(x))"), "done");
  EXPECT_THAT(imported("x = Input((3,), dtype='int32')\nModel(x, Dense(2)(x))"),
              HasSubstr("5: layer 'input_1' (InputLayer): dtype is \"int32\""));
  EXPECT_THAT(imported("x = Input((3,), sparse=True)\nModel(x, Dense(2)(x))"),
              HasSubstr("sparse=True is not supported"));
  EXPECT_THAT(imported("Sequential([InputLayer((3,), dtype='uint8'), Dense(2)])"),
              HasSubstr("dtype is \"uint8\""));
}

TEST(ScriptTypes, GlobalSettings) {
  const std::string model = "\nSequential([Dense(2, input_shape=(3,))])";
  EXPECT_EQ(imported("K.set_floatx('float32')" + model), "done");
  EXPECT_EQ(imported("keras.mixed_precision.set_global_policy('float32')" + model), "done");
  EXPECT_THAT(imported("K.set_floatx('float16')" + model),
              HasSubstr("5: set_floatx('float16') is not supported"));
  EXPECT_THAT(imported("K.set_floatx(floatx='float64')" + model),
              HasSubstr("set_floatx('float64') is not supported"));
  EXPECT_THAT(
      imported(
          "from keras.mixed_precision import experimental as p\np.set_policy(p.Policy('mixed_float16'))" +
          model),
      HasSubstr("6: Policy('mixed_float16') is not supported"));
  EXPECT_THAT(imported("keras.config.set_dtype_policy('mixed_bfloat16')" + model),
              HasSubstr("set_dtype_policy('mixed_bfloat16')"));
  EXPECT_EQ(imported("K.set_epsilon(1e-7)" + model), "done");
  EXPECT_THAT(imported("K.set_epsilon(1e-3)" + model), HasSubstr("set_epsilon()"));
}

}  // namespace
}  // namespace sinter::script
