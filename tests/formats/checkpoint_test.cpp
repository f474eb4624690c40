// Checkpoint files: what is written comes back, and damage of any kind is seen.
#include <gmock/gmock.h>

#include "formats/checkpoint/crc32c.h"
#include "formats/checkpoint/header.h"
#include "tests/formats/checkpoint_samples.h"
#include "tests/formats/fixtures.h"

namespace sinter {
namespace {

using testing::HasSubstr;

class CheckpointTest : public FolderTest {
 protected:
  // The bytes of a file with the sample checkpoint.
  std::string sample_bytes() {
    SampleCheckpoint sample;
    EXPECT_TRUE(write_checkpoint(path("c.sinter"), sample.content));
    return read_file(path("c.sinter"));
  }
  static Result<CheckpointFile> parse(const std::string &bytes) {
    AlignedBytes copy(bytes.size());
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    return CheckpointFile::parse("c.sinter", std::move(copy));
  }
  static std::string error_of(const std::string &bytes) {
    Result<CheckpointFile> file = parse(bytes);
    return file ? "" : file.error().message;
  }
};

TEST(Crc32c, KnownValues) {  // RFC 3720, B.4, and the check value of the catalogue of CRC algorithms
  EXPECT_EQ(crc32c("123456789", 9), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0').data(), 32), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF').data(), 32), 0x62A8AB43u);
  const std::string text = "checksums of pieces continue";
  for (size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(crc32c(text.data() + cut, text.size() - cut, crc32c(text.data(), cut)),
              crc32c(text.data(), text.size()));
}

TEST_F(CheckpointTest, WhatIsWrittenComesBack) {
  SampleCheckpoint sample(0.25f, 40);
  ASSERT_TRUE(write_checkpoint(path("c.sinter"), sample.content));
  Result<CheckpointFile> file = CheckpointFile::read(path("c.sinter"));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(difference(file->content(), sample.content), "");
  const CheckpointBlob *best = file->content().find("dense/bias", BlobRole::best_weights);
  ASSERT_NE(best, nullptr);
  EXPECT_EQ(reinterpret_cast<const float *>(best->data)[0], 0.0f);
  EXPECT_EQ(file->content().find("dense/gamma", BlobRole::state), nullptr);
  EXPECT_EQ(entries(), std::vector<std::string>{"c.sinter"}) << "no temporary file is left";
}

TEST_F(CheckpointTest, BlobsAreAlignedAndEqualContentGivesEqualFiles) {
  const std::string bytes = sample_bytes();
  CheckpointHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  EXPECT_EQ(header.data_start() % 64, 0u);
  EXPECT_EQ(header.data_start() + header.data_bytes, bytes.size());
  float first;
  std::memcpy(&first, bytes.data() + header.data_start(), sizeof first);
  EXPECT_EQ(first, 1.5f);
  std::memcpy(&first, bytes.data() + header.data_start() + 64, sizeof first);
  EXPECT_EQ(first, -1.5f) << "60 bytes of kernel, then padding to 64";
  EXPECT_EQ(bytes, sample_bytes());
}

TEST_F(CheckpointTest, EveryFlippedBitIsDetected) {
  const std::string bytes = sample_bytes();
  ASSERT_EQ(error_of(bytes), "");
  for (size_t i = 0; i < bytes.size(); ++i)
    for (const int mask : {0x01, 0x80, 0xFF}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ mask);
      ASSERT_NE(error_of(damaged), "") << "byte " << i << " of " << bytes.size() << " ^ " << mask;
    }
}

TEST_F(CheckpointTest, EveryTornFileIsDetected) {
  const std::string bytes = sample_bytes();
  for (size_t size = 0; size < bytes.size(); ++size) ASSERT_NE(error_of(bytes.substr(0, size)), "") << size;
  EXPECT_NE(error_of(bytes + std::string(64, '\0')), "");
}

TEST_F(CheckpointTest, NewerFormatsAreRefusedByName) {
  std::string bytes = sample_bytes();
  CheckpointHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.version = 2;
  std::memcpy(header.writer, "sinter 9.1.0", 13);
  header.crc = header.computed_crc();
  std::memcpy(bytes.data(), &header, sizeof header);
  EXPECT_EQ(error_of(bytes),
            "checkpoint format 2, written by sinter 9.1.0; this program reads formats up to 1");
}

// The index is believed only as far as the file goes, even where its checksum is right.
TEST_F(CheckpointTest, LyingIndexesAreRejected) {
  const std::string bytes = sample_bytes();
  CheckpointHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  uint64_t refused = 0, believed = 0;
  for (size_t i = 0; i < header.index_bytes; ++i)
    for (const int value : {0x00, 0x01, 0x7F, 0xFF}) {
      std::string forged = bytes;
      forged[sizeof header + i] = static_cast<char>(value);
      CheckpointHeader signed_header = header;
      signed_header.index_crc = crc32c(forged.data() + sizeof header, header.index_bytes);
      signed_header.crc = signed_header.computed_crc();
      std::memcpy(forged.data(), &signed_header, sizeof header);
      Result<CheckpointFile> file = parse(forged);
      if (!file) {
        ++refused;
        continue;
      }
      // A number may have become another number: then all blobs must still lie in the file.
      ++believed;
      for (const CheckpointBlob &blob : file->content().blobs) ASSERT_LE(blob.bytes(), bytes.size());
    }
  EXPECT_EQ(refused + believed, 4 * header.index_bytes);
  EXPECT_GT(refused, header.index_bytes);
  EXPECT_GT(believed, 0u);
}

TEST_F(CheckpointTest, OtherFilesAreNamed) {
  EXPECT_THAT(error_of("not a checkpoint"), HasSubstr("only 16 bytes"));
  EXPECT_THAT(error_of(std::string(100, 'x')), HasSubstr("not a checkpoint"));
  Result<CheckpointFile> missing = CheckpointFile::read(path("missing.sinter"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ExitCode::system);
  EXPECT_FALSE(write_checkpoint(path("no/such/folder.sinter"), SampleCheckpoint().content));
}

}  // namespace
}  // namespace sinter
