// Files made to exhaust memory or time: readers refuse them, or read them within the budget.
#include <flatbuffers/flatbuffers.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <ctime>

#include "formats/budget.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/checkpoint/header.h"
#include "formats/hdf5/file.h"
#include "formats/hdf5/keras_archive.h"
#include "formats/safetensors/safetensors.h"
#include "formats/weights/read_weights.h"
#include "formats/zip/zip_archive.h"
#include "schema/checkpoint_generated.h"
#include "tests/formats/allocations.h"
#include "tests/formats/fixtures.h"

namespace sinter {
namespace {

using testing::HasSubstr;

std::string number(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(i < 8 ? value >> 8 * i : 0);
  return text;
}

// Parts of an HDF5 file one after the other, each at its address; the superblock names the root's.
class Hdf5Bytes {
 public:
  uint64_t add(const std::string &part) {
    const uint64_t address = bytes_.size();
    bytes_ += part;
    return address;
  }
  uint64_t next() const { return bytes_.size(); }
  // Object header, version 1, of messages {type, body}.
  uint64_t add_object(const std::vector<std::pair<int, std::string>> &messages) {
    std::string body;
    for (const auto &[type, data] : messages)
      body += number(static_cast<uint64_t>(type), 2) + number(data.size(), 2) + number(0, 4) + data;
    return add(number(1, 2) + number(0, 2) + number(1, 4) + number(body.size(), 4) + number(0, 4) + body);
  }
  // Group whose members are {offset of the name in `names`, address}.
  uint64_t add_group(const std::vector<std::pair<uint64_t, uint64_t>> &members, const std::string &names) {
    const uint64_t segment = add(names);
    const uint64_t heap =
        add("HEAP" + number(0, 4) + number(names.size(), 8) + number(1, 8) + number(segment, 8));
    std::string node = "SNOD" + number(1, 2) + number(members.size(), 2);
    for (const auto &[name, address] : members) node += number(name, 8) + number(address, 8) + number(0, 24);
    const uint64_t tree = add(node);
    return add_object({{0x11, number(tree, 8) + number(heap, 8)}});
  }
  // Group of named members.
  uint64_t add_group(const std::vector<std::pair<std::string, uint64_t>> &members) {
    std::string names(8, '\0');
    std::vector<std::pair<uint64_t, uint64_t>> entries;
    for (const auto &[name, address] : members) {
      entries.emplace_back(names.size(), address);
      names += name + '\0';
    }
    return add_group(entries, names);
  }
  // Superblock 2.
  std::string file(uint64_t root) const {
    return "\x89HDF\r\n\x1a\n" + number(2, 1) + number(8, 1) + number(8, 1) + number(0, 1) + number(0, 8) +
           number(~uint64_t{0}, 8) + number(bytes_.size(), 8) + number(root, 8) + number(0, 4) +
           bytes_.substr(superblock);
  }

  static std::string attribute(const std::string &name, const std::string &type, uint64_t count,
                               const std::string &data) {
    const std::string full = name + '\0';
    const std::string space = number(1, 1) + number(1, 1) + number(0, 6) + number(count, 8);
    return number(2, 1) + number(0, 1) + number(full.size(), 2) + number(type.size(), 2) +
           number(space.size(), 2) + full + type + space + data;
  }
  static std::string fixed_text(uint64_t size) { return number(0x13, 1) + number(1, 3) + number(size, 4); }
  static std::string variable_text() {
    return number(0x19, 1) + number(1, 3) + number(16, 4) + fixed_text(1);
  }

 private:
  static constexpr size_t superblock = 48;
  std::string bytes_ = std::string(superblock, '\0');
};

constexpr uint64_t MiB = 1 << 20;

class HostileFiles : public FolderTest {
 protected:
  // Runs `read` on the file of these bytes; memory and time stay within bounds.
  template <class Read>
  void expect_bounded(const std::string &bytes, uint64_t most_bytes, const Read &read) {
    const std::string file = write("hostile", bytes);
    reset_peak();
    const std::clock_t start = std::clock();  // of this process: others may be busy
    read(file);
    EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 10);
    if (can_count_allocations()) {
      EXPECT_LT(peak_bytes(), most_bytes);
    }
  }
  // What is said of it.
  void expect_bounded_h5(const std::string &bytes, uint64_t most_bytes, const std::string &said) {
    expect_bounded(bytes, most_bytes, [&](const std::string &file) {
      std::vector<Error> problems;
      const auto weights = read_weights(file, problems);
      EXPECT_EQ(weights.has_value(), problems.empty());
      EXPECT_LE(problems.size(), 20u);
      std::string all;
      for (const Error &problem : problems) all += problem.message + "\n";
      EXPECT_THAT(all, HasSubstr(said));
    });
  }
};

constexpr uint64_t allowed(uint64_t file_bytes) {
  return file_bytes * Budget::per_byte + Budget::allowance + 64 * MiB;
}

TEST_F(HostileFiles, Hdf5NamesOverOneText) {
  Hdf5Bytes file;
  std::vector<std::pair<uint64_t, uint64_t>> members;
  for (uint64_t i = 0; i < 12'500; ++i) members.emplace_back(i, 48);
  const uint64_t root = file.add_group(members, std::string(500'000, 'a') + '\0');
  expect_bounded_h5(file.file(root), allowed(MiB), "asks for more than");
}

TEST_F(HostileFiles, Hdf5OneTextNamedThousandsOfTimes) {
  Hdf5Bytes file;
  const std::string text(500'000, 'a');
  const uint64_t heap = file.add("GCOL" + number(1, 4) + number(16 + 16 + text.size(), 8) + number(1, 2) +
                                 number(1, 2) + number(0, 4) + number(text.size(), 8) + text);
  std::string references;
  for (int i = 0; i < 4000; ++i) references += number(text.size(), 4) + number(heap, 8) + number(1, 4);
  std::vector<std::pair<int, std::string>> messages;
  for (int i = 0; i < 4; ++i)
    messages.emplace_back(0x0C, Hdf5Bytes::attribute("layer_names" + std::to_string(i),
                                                     Hdf5Bytes::variable_text(), 4000, references));
  const uint64_t root = file.add_object(messages);
  expect_bounded_h5(file.file(root), allowed(MiB), "asks for more than");
}

TEST_F(HostileFiles, Hdf5HeapOfManyTexts) {
  Hdf5Bytes file;
  std::string objects;
  for (uint64_t i = 1; i < 60'000; ++i) objects += number(i, 2) + number(1, 2) + number(0, 4) + number(0, 8);
  objects += number(60'000, 2) + number(1, 2) + number(0, 4) + number(8, 8) + "lastlast";
  const uint64_t heap = file.add("GCOL" + number(1, 4) + number(16 + objects.size(), 8) + objects);
  std::string references;
  for (int i = 0; i < 4000; ++i) references += number(8, 4) + number(heap, 8) + number(60'000, 4);
  std::vector<std::pair<int, std::string>> messages;
  for (int i = 0; i < 30; ++i)
    messages.emplace_back(0x0C, Hdf5Bytes::attribute("layer_names" + std::to_string(i),
                                                     Hdf5Bytes::variable_text(), 4000, references));
  const uint64_t root = file.add_object(messages);
  expect_bounded_h5(file.file(root), allowed(3 * MiB), "twice");
}

TEST_F(HostileFiles, Hdf5ManySplitAttributes) {
  Hdf5Bytes file;
  std::vector<std::pair<int, std::string>> messages;
  for (int i = 0; i < 30'000; ++i)
    messages.emplace_back(0x0C, Hdf5Bytes::attribute("layer_names" + std::to_string(i),
                                                     Hdf5Bytes::fixed_text(5), 1, format("%05d", i)));
  const uint64_t root = file.add_object(messages);
  expect_bounded_h5(file.file(root), allowed(2 * MiB), "weight_names");
}

TEST_F(HostileFiles, Hdf5GroupsThatHoldThemselves) {
  Hdf5Bytes file;
  // A group of 32 levels, at each two members that are the next level: 2^32 paths.
  const uint64_t empty = file.add_group(std::vector<std::pair<std::string, uint64_t>>{});
  uint64_t below = file.add_group({{"layers", empty}});
  for (int level = 0; level < 32; ++level) {
    const uint64_t both = file.add_group({{"a", below}, {"b", below}});
    below = file.add_group({{"layers", both}});
  }
  expect_bounded_h5(file.file(below), allowed(MiB), "asks for more than");
}

TEST_F(HostileFiles, Hdf5ManyTensorsOverTheSameBytes) {
  Hdf5Bytes file;
  const uint64_t data = file.add(std::string(400'000, '\1'));
  const std::string f32 = number(0x11, 1) + number(0x1F20, 3) + number(4, 4) + number(0, 2) + number(32, 2) +
                          number(23, 1) + number(8, 1) + number(0, 1) + number(23, 1) + number(127, 4);
  const uint64_t set =
      file.add_object({{1, number(1, 1) + number(1, 1) + number(0, 6) + number(100'000, 8)},
                       {3, f32},
                       {8, number(3, 1) + number(1, 1) + number(data, 8) + number(400'000, 8)}});
  std::vector<std::pair<std::string, uint64_t>> names;
  for (int i = 0; i < 5000; ++i) names.emplace_back(std::to_string(i), set);
  const uint64_t vars = file.add_group({{"vars", file.add_group(names)}});
  const uint64_t root = file.add_group({{"layers", file.add_group({{"dense", vars}})}});
  expect_bounded_h5(file.file(root), allowed(MiB), "more than the file can hold");
}

// Directory entries of one member, again and again.
TEST_F(HostileFiles, ZipMembersOverTheSameBytes) {
  std::string bytes = zip({{"a.npy", std::string(1000, 'a')}});
  const size_t end = bytes.rfind("PK\x05\x06"), directory = bytes.rfind("PK\x01\x02");
  const std::string entry = bytes.substr(directory, end - directory);
  std::string forged = bytes.substr(0, end);
  for (int i = 1; i < 1000; ++i) forged += entry;
  forged += "PK\x05\x06" + number(0, 4) + number(1000, 2) + number(1000, 2) + number(1000 * entry.size(), 4) +
            number(directory, 4) + number(0, 2);
  expect_bounded(forged, allowed(forged.size()), [&](const std::string &file) {
    const Result<ZipArchive> archive = ZipArchive::open(file);
    ASSERT_FALSE(archive);
    EXPECT_EQ(archive.error().code, ExitCode::rejected);
    EXPECT_THAT(archive.error().message, HasSubstr("lie over the same bytes"));
  });
}

TEST_F(HostileFiles, ZipMemberOfZeros) {
  for (const char *name : {"a.npy", "model.weights.h5"}) {
    const std::string bytes = zip({{"config.json", "{}"}, {name, std::string(200 * MiB, '\0'), true}});
    expect_bounded(bytes, allowed(bytes.size()), [&](const std::string &file) {
      const Result<ZipArchive> archive = ZipArchive::open(file);
      ASSERT_TRUE(archive);
      const auto stream = archive->read(*archive->find(name));
      ASSERT_FALSE(stream);
      EXPECT_EQ(stream.error().code, ExitCode::rejected);
      EXPECT_THAT(stream.error().message, HasSubstr("200.0 MiB unpacked: the file asks for more than 140"));
      EXPECT_THAT(stream.error().hint, HasSubstr("save it uncompressed"));
    });
  }
}

TEST_F(HostileFiles, ZipSharesItsBudgetWithTheFileWithin) {
  // Three members of 50 MiB of zeros are more than the allowance.
  const std::string zeros(50 * MiB, '\0');
  const std::string bytes = zip({{"a", zeros, true}, {"b", zeros, true}, {"c", zeros, true}});
  expect_bounded(bytes, allowed(bytes.size()), [&](const std::string &file) {
    const Result<ZipArchive> archive = ZipArchive::open(file);
    ASSERT_TRUE(archive);
    EXPECT_TRUE(archive->read(*archive->find("a")));
    EXPECT_TRUE(archive->read(*archive->find("a")));  // charged once
    EXPECT_TRUE(archive->read(*archive->find("b")));
    EXPECT_LT(archive->budget()->left(), 50 * MiB);
    EXPECT_FALSE(archive->read(*archive->find("c")));
    EXPECT_FALSE(archive->budget()->charge(1));
  });
}

std::string safetensors(const std::string &header, size_t data_bytes) {
  return number(header.size(), 8) + header + std::string(data_bytes, '\1');
}

TEST_F(HostileFiles, SafetensorsOverTheSameBytes) {
  const std::string bytes = safetensors(
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
      12);
  const Result<SafetensorsFile> file = SafetensorsFile::open(write("o.safetensors", bytes));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message, "'a' and 'b' lie over the same bytes");
}

TEST_F(HostileFiles, SafetensorsHeaderOfAMillionKeys) {
  std::string header = "{";
  for (int i = 0; i < 1'000'000; ++i)
    header += format(R"(%s"%d":{"dtype":"F32","shape":[],"data_offsets":[%d,%d]})", i ? "," : "", i, 4 * i,
                     4 * i + 4);
  header += "}";
  expect_bounded(safetensors(header, 4'000'000), 1024 * MiB, [&](const std::string &file) {
    const Result<SafetensorsFile> opened = SafetensorsFile::open(file);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->entries().size(), 1'000'000u);
  });
}

// A checkpoint of this index and no data.
std::string checkpoint(const flatbuffers::FlatBufferBuilder &builder) {
  CheckpointHeader header{};
  std::memcpy(header.magic, checkpoint_magic.data(), sizeof header.magic);
  header.version = checkpoint_format_version;
  header.index_bytes = builder.GetSize();
  header.index_crc = crc32c(builder.GetBufferPointer(), builder.GetSize());
  header.crc = header.computed_crc();
  std::string bytes(reinterpret_cast<const char *>(&header), sizeof header);
  bytes.append(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
  bytes.resize(header.data_start(), '\0');
  return bytes;
}

TEST_F(HostileFiles, CheckpointHistoryAtOneTable) {
  flatbuffers::FlatBufferBuilder builder;
  const std::vector<double> values(50'000);
  const std::vector<uint32_t> epochs(values.size());
  const auto series =
      schema::CreateSeries(builder, builder.CreateString("loss"), builder.CreateVector(values));
  const auto history =
      builder.CreateVector(std::vector<flatbuffers::Offset<schema::Series>>(100'000, series));
  const auto history_epochs = builder.CreateVector(epochs);
  schema::CheckpointBuilder index(builder);
  index.add_history(history);
  index.add_history_epochs(history_epochs);
  builder.Finish(index.Finish());
  expect_bounded(checkpoint(builder), allowed(2 * MiB), [&](const std::string &path) {
    const auto file = CheckpointFile::read(path);
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().message, HasSubstr("the history: the file asks for more than"));
  });
}

TEST_F(HostileFiles, CheckpointOfManyEmptyBlobs) {
  for (const bool shared : {true, false}) {
    flatbuffers::FlatBufferBuilder builder;
    std::vector<flatbuffers::Offset<schema::Blob>> blobs;
    const std::vector<int64_t> none{0};
    const auto dims = builder.CreateVector(none);
    for (int i = 0; i < 100'000; ++i)
      blobs.push_back(shared && i > 0 ? blobs[0]
                                      : schema::CreateBlob(builder, builder.CreateString(std::to_string(i)),
                                                           schema::BlobRole::state, schema::BlobType::f32,
                                                           dims, 0, 0, crc32c(nullptr, 0)));
    const auto all = builder.CreateVector(blobs);
    schema::CheckpointBuilder index(builder);
    index.add_blobs(all);
    builder.Finish(index.Finish());
    expect_bounded(checkpoint(builder), 256 * MiB, [&](const std::string &path) {
      const auto file = CheckpointFile::read(path);
      ASSERT_EQ(static_cast<bool>(file), !shared);
      if (shared) {
        EXPECT_THAT(file.error().message, HasSubstr("lists '0' twice"));
      } else {
        EXPECT_EQ(file->content().blobs.size(), 100'000u);
      }
    });
  }
}

TEST_F(HostileFiles, PipesAreNotWaitedFor) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  const auto stream = FileStream::open(path("pipe"));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, ExitCode::system);
  EXPECT_EQ(stream.error().message, "is a named pipe, expected a file");
  const auto hdf5 = hdf5::File::open(path("pipe"));
  ASSERT_FALSE(hdf5);
  EXPECT_EQ(hdf5.error().code, ExitCode::system);
  EXPECT_FALSE(CheckpointFile::read(path("pipe")));
  EXPECT_FALSE(ZipArchive::open(path("pipe")));
}

}  // namespace
}  // namespace sinter
