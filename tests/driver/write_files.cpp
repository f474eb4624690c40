#include "tests/driver/write_files.h"

#include <gtest/gtest.h>

#include "formats/hdf5/keras_files.h"
#include "formats/zip/zip_writer.h"

namespace sinter::test {

void write_archive(const std::string &path, const std::vector<std::pair<std::string, std::string>> &members) {
  auto writer = ZipWriter::create(path);
  ASSERT_TRUE(writer);
  for (const auto &[name, content] : members)
    ASSERT_TRUE(writer->add(name, [&](const ZipWriter::Sink &sink) { return sink(content); }));
  ASSERT_TRUE(writer->finish());
}

void write_model_file(const std::string &path, const std::string &model_config,
                      const std::string &training_config) {
  KerasModel model;
  model.keras_version = "2.1.6";
  model.model_config = model_config;
  model.training_config = training_config;
  ASSERT_TRUE(write_keras_model(path, model));
}

}  // namespace sinter::test
