// model.summary(): the tables of Keras 2, tf.keras 2 and Keras 3, and the same as markdown.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "frontend/keras/imported_model.h"

namespace sinter::keras {

struct SummaryRow {
  std::string name;
  std::string class_name;
  std::string output_shape;  // "(None, 32, 32, 16)"; "multiple" for calls of different shapes
  int64_t params = 0;
  std::vector<std::string> connected_to;  // "conv2d_1[0][0]"
};

struct Summary {
  std::string model_name;
  std::vector<SummaryRow> rows;
  bool is_chain =
      true;  // each layer reads the one before it: Keras then leaves out the column "Connected to"
  int64_t total_params = 0;
  int64_t trainable_params = 0;
};

enum class SummaryStyle {
  keras2,     // Keras 2.0: 65 columns, or 100 with connections
  tf_keras2,  // tf.keras 2.4: the same after `Model: "name"`, or 98 columns with connections
  keras3,     // Keras 3.0: a box of 76 columns, as on a terminal of 80
  markdown,
};

// As Python prints a shape: None for the batch and open dimensions.
std::string print_keras_shape(const std::vector<ir::Dim> &dims);

Summary summarize(const ImportedModel &model);

// The table and the totals, with a newline at the end of each line. Totals are whole numbers.
std::string print_summary(const Summary &summary, SummaryStyle style);

}  // namespace sinter::keras
