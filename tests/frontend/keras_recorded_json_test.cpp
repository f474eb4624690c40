// What Keras itself wrote, read, written again and compared field by field.
#include <gtest/gtest.h>

#include "formats/hdf5/file.h"
#include "frontend/keras/import.h"
#include "frontend/keras/json.h"
#include "frontend/keras/model_json.h"
#include "tests/frontend/keras_shared_data.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

std::string without_indices(std::string path) {
  for (size_t open; (open = path.find('[')) != std::string::npos;)
    path.erase(open, path.find(']') - open + 1);
  return path;
}

// The modules that Keras 3.0.0 wrote when the models were recorded are those of its source tree, where
// classes have no public names; an installed Keras 3 cannot import them. What it writes itself is
// "keras.layers" and the like, with no registered name. Functional is the one class without a public name.
bool is_public_name(const json &ours, const json &recorded, const std::string &field, const json &owner) {
  if (owner.value("class_name", json()) == "Functional")
    return field == "module" && ours == "keras.src.models.functional" &&
           recorded == "keras.models.functional";
  if (field == "registered_name") return ours.is_null() && recorded == owner["class_name"];
  return field == "module" && ours.is_string() &&
         recorded.get<std::string>().starts_with(ours.get<std::string>() + ".");
}

class Comparison {
 public:
  // A difference that is meant: at the path without indices.
  Comparison &expect(std::string path, std::string reason) {
    expected_.emplace_back(std::move(path), std::move(reason));
    return *this;
  }

  void compare(const json &ours, const json &recorded, const std::string &path = "") {
    if (ours.is_object() && recorded.is_object()) {
      for (const auto &[key, value] : recorded.items()) {
        const std::string at = path + "." + key;
        ++fields_;
        if (!ours.contains(key))
          differ(at, "missing; recorded is " + value.dump());
        else if ((key == "module" || key == "registered_name") && ours[key] != value) {
          if (!is_public_name(ours[key], value, key, ours))
            differ(at, ours[key].dump() + ", recorded is " + value.dump());
        } else
          compare(ours[key], value, at);
      }
      for (const auto &[key, value] : ours.items())
        if (!recorded.contains(key)) differ(path + "." + key, value.dump() + ", not recorded");
    } else if (ours.is_array() && recorded.is_array() && ours.size() == recorded.size()) {
      for (size_t i = 0; i < ours.size(); ++i)
        compare(ours[i], recorded[i], path + "[" + std::to_string(i) + "]");
    } else if (ours != recorded) {
      differ(path, ours.dump() + ", recorded is " + recorded.dump());
    }
  }

  void expect_equal(size_t least_fields) const {
    EXPECT_GE(fields_, least_fields);
    for (const auto &[path, what] : differences_) ADD_FAILURE() << path << " is " << what;
    for (const auto &[path, reason] : expected_)
      EXPECT_TRUE(met_.contains(path)) << path << ": the difference is gone: " << reason;
  }

 private:
  void differ(const std::string &path, std::string what) {
    const std::string plain = without_indices(path);
    for (const auto &[expected, reason] : expected_)
      if (plain == expected) {
        met_.insert(plain);
        return;
      }
    differences_.emplace_back(path, what.substr(0, 200));
  }

  std::vector<std::pair<std::string, std::string>> expected_, differences_;
  std::set<std::string> met_;
  size_t fields_ = 0;
};

json written(const std::string &recorded, const std::string &version, Semantics dialect, ModelForm form) {
  Diagnostics diagnostics;
  const auto config = parse_model_json(recorded, {"recorded"}, diagnostics, version);
  const auto model = config ? import_model(*config, diagnostics) : std::nullopt;
  EXPECT_TRUE(model) << diagnostics.render_all();
  return model ? model_json(*config, *model, dialect, form) : json();
}

std::string model_config_of(const std::filesystem::path &path) {
  const Result<hdf5::File> file = hdf5::File::open(path.string());
  return file ? file->text_attribute("", "model_config").value_or("") : "";
}

class RecordedKeras3 : public testing::TestWithParam<const char *> {};

TEST_P(RecordedKeras3, ArchivesAreTheSame) {
  SINTER_REQUIRE_SHARED(path, std::string("keras3_models/") + GetParam() + "/config.json");
  const std::string recorded = read_text(path);
  Comparison comparison;
  comparison.compare(written(recorded, "3.0.0", Semantics::keras3, ModelForm::archive),
                     json::parse(recorded));
  comparison.expect_equal(200);
}

TEST_P(RecordedKeras3, H5IsTheSame) {
  SINTER_REQUIRE_SHARED(path, std::string("keras3_models/") + GetParam() + "/model.h5");
  const std::string recorded = model_config_of(path);
  Comparison comparison;
  comparison.compare(written(recorded, "3.0.0", Semantics::keras3, ModelForm::h5), json::parse(recorded));
  comparison.expect_equal(150);
}

INSTANTIATE_TEST_SUITE_P(Models, RecordedKeras3,
                         testing::Values("branches", "cifar_cnn_small", "resnet_small"));

class RecordedApplication : public testing::TestWithParam<const char *> {};

TEST_P(RecordedApplication, IsTheSame) {
  SINTER_REQUIRE_SHARED(path, std::string("keras3_summaries/") + GetParam() + ".json");
  const std::string recorded = read_text(path);
  Comparison comparison;
  if (std::string(GetParam()) == "MobileNet")
    comparison.expect(
        ".config.layers.inbound_nodes.kwargs.training",
        "Keras 3.0.0 pins the call of a dropout to inference; in ours the mode is the caller's");
  comparison.compare(written(recorded, "3.0.0", Semantics::keras3, ModelForm::archive),
                     json::parse(recorded));
  comparison.expect_equal(400);
}

INSTANTIATE_TEST_SUITE_P(Models, RecordedApplication,
                         testing::Values("VGG16", "ResNet50", "MobileNet", "MobileNetV2"));

TEST(RecordedKeras2, SequentialIsTheSame) {
  SINTER_REQUIRE_SHARED(path, "keras_dogvgg16_h5/dogvgg16.weights.best.hdf5");
  const std::string recorded = model_config_of(path);
  Comparison comparison;
  comparison.compare(written(recorded, "2.0.2", Semantics::keras2, ModelForm::h5), json::parse(recorded));
  comparison.expect_equal(20);
}

TEST(RecordedKeras2, FunctionalIsTheSame) {
  SINTER_REQUIRE_SHARED(path, "mobilenet_v1_025_224/mobilenet_v1_025_224.h5");
  const std::string recorded = model_config_of(path);
  Comparison comparison;
  comparison.compare(written(recorded, "2.1.4", Semantics::keras2, ModelForm::h5), json::parse(recorded));
  comparison.expect_equal(400);
}

}  // namespace
}  // namespace sinter::keras
