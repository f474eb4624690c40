// A deterministic campaign of damage on a small model file: whatever the bytes, reading ends in a model or in
// a diagnostic.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "formats/hdf5/file.h"
#include "frontend/keras/model_file.h"
#include "tests/frontend/keras_shared_data.h"
#include "tests/paths.h"

namespace sinter::keras {
namespace {

class Damage : public testing::Test {
 protected:
  void SetUp() override {
    // Per process: ctest runs tests of one program at the same time.
    path_ = std::filesystem::temp_directory_path() / ("sinter_damage_" + std::to_string(::getpid()) + ".h5");
  }
  void TearDown() override { std::filesystem::remove(path_); }

  // Writes the bytes and reads them as a model and as weights.
  void read(std::string_view bytes, const std::string &what) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    Diagnostics model_diagnostics, weight_diagnostics;
    const bool model = read_model(path_, model_diagnostics).has_value();
    const bool weights = read_weights(path_, weight_diagnostics).has_value();
    EXPECT_NE(model, model_diagnostics.has_errors()) << what;
    EXPECT_NE(weights, weight_diagnostics.has_errors()) << what;
    refused_ += !model;
  }

  // Writes the bytes and reads everything that the files of tests/formats/hdf5 hold.
  void read_everything(const std::string &bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    const Result<hdf5::File> file = hdf5::File::open(path_);
    bool is_well = static_cast<bool>(file);
    for (const char *group : {"numbers", "refused", "many"}) {
      const auto names = file ? file->members(group) : std::nullopt;
      for (size_t i = 0; names && i < std::min<size_t>(names->size(), 20); ++i)
        is_well &= file->array(group + ("/" + (*names)[i])).has_value();
    }
    for (const char *name : {"fixed", "variable", "names", "variable_names", "split"})
      if (file) is_well &= file->list_attribute("", name).has_value();
    refused_ += !is_well;
  }

  std::filesystem::path path_;
  int refused_ = 0;
};

constexpr const char *kModel = "keras3_models/branches/model.h5";

TEST_F(Damage, Truncation) {
  SINTER_REQUIRE_SHARED(source, kModel);
  const std::string bytes = read_text(source);
  int runs = 0;
  for (size_t size = 0; size < bytes.size(); size += size < 4096 ? 61 : 977, ++runs)
    read(std::string_view(bytes).substr(0, size), "truncated to " + std::to_string(size));
  EXPECT_EQ(refused_, runs);  // no prefix is a whole file
}

TEST_F(Damage, FlippedBits) {
  SINTER_REQUIRE_SHARED(source, kModel);
  const std::string bytes = read_text(source);
  // Structure lies everywhere in the file; data of weights change nothing but values.
  for (size_t at = 0; at < bytes.size(); at += 61) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    read(damaged, "bit flipped at " + std::to_string(at));
  }
  EXPECT_GT(refused_, 0);
}

TEST_F(Damage, OverwrittenBytes) {
  SINTER_REQUIRE_SHARED(source, kModel);
  const std::string bytes = read_text(source);
  std::mt19937_64 random(20240607);
  for (int run = 0; run < 800; ++run) {
    std::string damaged = bytes;
    const size_t at = random() % bytes.size(), length = 1 + random() % 16;
    for (size_t i = at; i < std::min(at + length, bytes.size()); ++i)
      damaged[i] = run % 3 == 0 ? '\xff' : static_cast<char>(random());
    read(damaged, "overwritten at " + std::to_string(at));
  }
  EXPECT_GT(refused_, 0);
}

TEST_F(Damage, FilesOfAllFormats) {
  std::mt19937_64 random(3);
  for (const char *name : {"earliest.h5", "latest.h5"}) {
    const std::string bytes =
        read_text(std::filesystem::path(test::source_dir()) / "tests/formats/hdf5" / name);
    ASSERT_FALSE(bytes.empty());
    for (size_t at = 0; at < bytes.size(); at += 41) {
      if (bytes[at] == 0 && at % 5 != 0) continue;  // much of the files is empty space
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(at % 2 ? damaged[at] ^ (1 << (at % 8)) : random());
      read_everything(damaged);
    }
    for (size_t size = 0; size < bytes.size(); size += 331) read_everything(bytes.substr(0, size));
  }
  EXPECT_GT(refused_, 500);
}

TEST_F(Damage, RandomBytes) {
  std::mt19937_64 random(7);
  for (int run = 0; run < 200; ++run) {
    std::string bytes(random() % 4096, '\0');
    for (char &byte : bytes) byte = static_cast<char>(random());
    if (run % 2 == 0 && bytes.size() > 8) bytes.replace(0, 8, "\x89HDF\r\n\x1a\n");
    read(bytes, "random bytes");
  }
  EXPECT_EQ(refused_, 200);
}

}  // namespace
}  // namespace sinter::keras
