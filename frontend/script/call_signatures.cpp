#include "frontend/script/call_signatures.h"

#include <algorithm>

#include "support/check.h"

namespace sinter::script {

namespace {

constexpr CallSignature signatures[] = {
    {"compile", "optimizer! loss metrics loss_weights sample_weight_mode * weighted_metrics",
     "optimizer loss loss_weights metrics weighted_metrics * run_eagerly steps_per_execution jit_compile "
     "auto_scale_loss sample_weight_mode"},
    {"fit",
     "x! y batch_size epochs|nb_epoch verbose callbacks validation_split validation_data shuffle "
     "class_weight "
     "sample_weight initial_epoch steps_per_epoch validation_steps",
     "x! y batch_size epochs|nb_epoch verbose callbacks validation_split validation_data shuffle "
     "class_weight "
     "sample_weight initial_epoch steps_per_epoch validation_steps validation_batch_size validation_freq "
     "max_queue_size workers use_multiprocessing"},
    {"fit_generator",
     "x|generator! steps_per_epoch|samples_per_epoch epochs|nb_epoch verbose callbacks validation_data "
     "validation_steps|nb_val_samples class_weight max_q_size|max_queue_size workers "
     "pickle_safe|use_multiprocessing shuffle initial_epoch",
     nullptr},
    {"evaluate", "x! y batch_size verbose sample_weight steps * callbacks return_dict", nullptr},
    {"evaluate_generator",
     "x|generator! steps|val_samples max_q_size|max_queue_size workers pickle_safe|use_multiprocessing",
     nullptr},
    {"load_weights", "filepath|path! by_name skip_mismatch", nullptr},
    {"save", "filepath|path! overwrite include_optimizer save_format", nullptr},
    {"save_weights", "filepath|path! overwrite include_optimizer save_format", nullptr},
    {"load_model", "filepath! custom_objects compile", nullptr},
    {"clone_model", "model!", nullptr},
    {"Sequential", "layers name trainable", nullptr},
    {"Model", "inputs|input! outputs|output! name trainable", nullptr},
    {"build", "input_shape", nullptr},
    {"get_layer", "name index", nullptr},
    {"Input", "shape batch_shape|batch_input_shape name dtype sparse tensor batch_size",
     "shape batch_size name dtype sparse batch_shape tensor"},
    {"mnist.load_data", "path", nullptr},
    {"fashion_mnist.load_data", "", nullptr},
    {"cifar10.load_data", "", nullptr},
    {"cifar100.load_data", "label_mode", nullptr},
    {"to_categorical", "y|x! num_classes|nb_classes dtype", nullptr},
    {"preprocess_input", "x! data_format|dim_ordering mode", nullptr},
    // Keras 2.0's order has no brightness_range; scripts name these arguments.
    {"ImageDataGenerator",
     "featurewise_center samplewise_center featurewise_std_normalization samplewise_std_normalization "
     "zca_whitening zca_epsilon rotation_range width_shift_range height_shift_range brightness_range "
     "shear_range zoom_range channel_shift_range fill_mode cval horizontal_flip vertical_flip rescale "
     "preprocessing_function data_format|dim_ordering validation_split interpolation_order dtype",
     nullptr},
    {"ImageDataGenerator.fit", "x! augment rounds seed", nullptr},
    {"flow",
     "x! y batch_size shuffle sample_weight seed save_to_dir save_prefix save_format ignore_class_split "
     "subset",
     nullptr},
    {"flow_from_directory",
     "directory! target_size color_mode classes class_mode batch_size shuffle seed save_to_dir save_prefix "
     "save_format follow_links subset interpolation",
     nullptr},
    {"set_image_data_format", "data_format|dim_ordering!", nullptr},
    {"astype", "dtype! copy", nullptr},
    {"np.array", "object! dtype copy order ndmin", nullptr},
    {"np.load", "file! mmap_mode allow_pickle", nullptr},
    {"np.expand_dims", "a! axis!", nullptr},
    {"np.reshape", "a! newshape|shape! order", nullptr},
};

}  // namespace

std::span<const CallSignature> call_signatures() {
  return signatures;
}

const char *call_signature(const Evaluator &evaluator, std::string_view callee) {
  const auto found = std::ranges::find(signatures, callee, &CallSignature::callee);
  SINTER_CHECK(found != std::end(signatures), callee);
  return found->keras3 && !evaluator.keras.dialect.counts_from_one() ? found->keras3 : found->keras2;
}

}  // namespace sinter::script
