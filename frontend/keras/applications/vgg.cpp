// VGG16 and VGG19 (Simonyan and Zisserman 2014), as in keras/applications/vgg16.py and vgg19.py.
#include "frontend/keras/applications/family.h"

namespace sinter::keras::applications {
namespace {

ModelConfig vgg(FunctionalBuilder &b, const Options &options, std::string name, int deep_block_convolutions) {
  const TensorRef input = b.input(options.input_shape);
  TensorRef x = input;
  const int filters[] = {64, 128, 256, 512, 512};
  for (int block = 1; block <= 5; ++block) {
    const std::string prefix = "block" + std::to_string(block);
    const int convolutions = block <= 2 ? 2 : deep_block_convolutions;
    for (int i = 1; i <= convolutions; ++i)
      x = b.layer("Conv2D", prefix + "_conv" + std::to_string(i),
                  {{"filters", filters[block - 1]},
                   {"kernel_size", {3, 3}},
                   {"padding", "same"},
                   {"activation", "relu"}},
                  {x});
    x = b.layer("MaxPooling2D", prefix + "_pool", {{"pool_size", {2, 2}}, {"strides", {2, 2}}}, {x});
  }
  if (options.include_top) {
    x = b.layer("Flatten", b.semantics() == Semantics::keras3 ? "flatten" : "", nlohmann::json::object(),
                {x});
    x = b.layer("Dense", "fc1", {{"units", 4096}, {"activation", "relu"}}, {x});
    x = b.layer("Dense", "fc2", {{"units", 4096}, {"activation", "relu"}}, {x});
    x = b.layer("Dense", "predictions",
                {{"units", options.classes}, {"activation", options.classifier_activation}}, {x});
  } else {
    x = global_pooling(b, options, x);
  }
  return b.finish(options.name.empty() ? std::move(name) : options.name, {input}, {x});
}

}  // namespace

ModelConfig vgg16(FunctionalBuilder &builder, const Options &options) {
  return vgg(builder, options, "vgg16", 3);
}
ModelConfig vgg19(FunctionalBuilder &builder, const Options &options) {
  return vgg(builder, options, "vgg19", 4);
}

}  // namespace sinter::keras::applications
