#include "formats/npy/npy.h"

#include <gmock/gmock.h>

#include "formats/npy/npy_writer.h"
#include "tests/formats/fixtures.h"

namespace sinter {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

Result<NpyReader> open(const std::string &bytes) {
  return NpyReader::open(memory(bytes, "a.npy"));
}

std::string problem_of(const std::string &bytes) {
  Result<NpyReader> reader = open(bytes);
  if (!reader) return reader.error().message;
  std::vector<float> values(static_cast<size_t>(reader->header().elements));
  const Status status = reader->read(values.data(), reader->header().elements);
  return status ? "" : status.error().message;
}

std::vector<double> values_of(const std::string &bytes) {
  Result<NpyReader> reader = open(bytes);
  EXPECT_TRUE(reader);
  std::vector<double> values(static_cast<size_t>(reader->header().elements));
  EXPECT_TRUE(reader->read(values.data(), reader->header().elements));
  return values;
}

const std::string floats = bytes_of<float>({1.5f, -2, 3, 4});

TEST(Npy, ReadsAllVersions) {
  for (const int version : {1, 2, 3}) {
    Result<NpyReader> reader = open(npy("<f4", "(2, 2)", floats, version));
    ASSERT_TRUE(reader) << version;
    EXPECT_EQ(reader->header().shape, (std::vector<int64_t>{2, 2}));
    float values[4];
    ASSERT_TRUE(reader->read(values, 4));
    EXPECT_THAT(values, testing::ElementsAre(1.5f, -2, 3, 4));
  }
}

TEST(Npy, ConvertsEveryType) {
  const std::vector<double> expected{1, 2, 100};
  EXPECT_EQ(values_of(npy("|u1", "(3,)", bytes_of<uint8_t>({1, 2, 100}))), expected);
  EXPECT_EQ(values_of(npy("|i1", "(3,)", bytes_of<int8_t>({1, 2, 100}))), expected);
  EXPECT_EQ(values_of(npy("<u2", "(3,)", bytes_of<uint16_t>({1, 2, 100}))), expected);
  EXPECT_EQ(values_of(npy("<i2", "(3,)", bytes_of<int16_t>({1, 2, 100}))), expected);
  EXPECT_EQ(values_of(npy("<u4", "(3,)", bytes_of<uint32_t>({1, 2, 100}))), expected);
  EXPECT_EQ(values_of(npy("<i4", "(3,)", bytes_of<int32_t>({1, 2, 100}))), expected);
  EXPECT_EQ(values_of(npy("<u8", "(3,)", bytes_of<uint64_t>({1, 2, 100}))), expected);
  EXPECT_EQ(values_of(npy("<i8", "(3,)", bytes_of<int64_t>({1, 2, 100}))), expected);
  EXPECT_EQ(values_of(npy("<f4", "(3,)", bytes_of<float>({1, 2, 100}))), expected);
  EXPECT_EQ(values_of(npy("<f8", "(3,)", bytes_of<double>({1, 2, 100}))), expected);
  EXPECT_EQ(values_of(npy("|b1", "(3,)", bytes_of<uint8_t>({1, 0, 1}))), (std::vector<double>{1, 0, 1}));
  EXPECT_EQ(values_of(npy(">f4", "(1,)", std::string("\x3F\xC0\0\0", 4))), std::vector<double>{1.5});
  EXPECT_EQ(values_of(npy(">i2", "(1,)", std::string("\x01\x02", 2))), std::vector<double>{258});
  EXPECT_EQ(values_of(npy("<i4", "(1,)", bytes_of<int32_t>({-7}))), std::vector<double>{-7});
}

TEST(Npy, ReadsOtherSpellingsOfTheHeader) {
  EXPECT_EQ(problem_of(npy("<f4", "(2L, 2L)", floats)), "");       // Python 2
  EXPECT_EQ(problem_of(npy("<f4", "(4,)", floats, 1, true)), "");  // a vector has both orders
  EXPECT_EQ(problem_of(npy("<f4", "()", bytes_of<float>({1}))), "");
  EXPECT_EQ(problem_of(npy("<f4", "(0, 5)", "")), "");
  EXPECT_EQ(problem_of(npy("<f4", "(1099511627776, 1099511627776, 0)", "")), "");
}

TEST(Npy, RejectsWhatItCannotRead) {
  EXPECT_THAT(problem_of("PK\x03\x04 this is no array"), HasSubstr("offset 0: expected an npy file"));
  EXPECT_THAT(problem_of(npy("<f4", "(2, 2)", floats, 9)),
              HasSubstr("npy version 9.0, expected 1.0, 2.0 or 3.0"));
  EXPECT_THAT(problem_of(npy("<f4", "(2, 2)", floats, 1, true)),
              HasSubstr("Fortran order, expected C order"));
  EXPECT_THAT(problem_of(npy("<c8", "(2,)", floats)),
              HasSubstr("dtype '<c8', expected bool, an integer, float32"));
  EXPECT_THAT(problem_of(npy("|O", "(2,)", floats)), HasSubstr("dtype '|O'"));
  EXPECT_THAT(problem_of(npy("<f2", "(2,)", "abcd")), HasSubstr("dtype '<f2'"));
  EXPECT_THAT(problem_of(npy("<f4", "(2, -2)", floats)), HasSubstr("expected a dimension"));
  EXPECT_THAT(problem_of(npy("<f4", "(2, x)", floats)), HasSubstr("expected a dimension"));
  EXPECT_THAT(problem_of(npy("<f4", "2", floats)), HasSubstr("expected a tuple"));
  EXPECT_THAT(problem_of(npy("<f4", "(99999999, 99999999, 99999999)", floats)), HasSubstr("too large"));
  EXPECT_THAT(problem_of(npy("<f4", "(2, 2), 'shape': (4,)", floats)), HasSubstr("once each, found 'shape'"));
  EXPECT_THAT(problem_of(npy("<f4", "(2, 2), 'extra': 1", floats)), HasSubstr("found 'extra'"));
}

TEST(Npy, TheDataMustBeAsLongAsTheHeaderSays) {
  EXPECT_THAT(problem_of(npy("<f4", "(2, 2)", floats.substr(1))),
              HasSubstr("offset 128: expected 16 bytes of data for float32 of shape [2, 2], found 15"));
  EXPECT_THAT(problem_of(npy("<f4", "(2, 2)", floats + "x")), HasSubstr("found 17"));
}

// A stream that does not know its length, as standard input.
class Pipe final : public ByteStream {
 public:
  explicit Pipe(std::string bytes) : ByteStream("pipe"), bytes_(std::move(bytes)) {}

 protected:
  Result<size_t> read_some(void *to, size_t bytes) override {
    const size_t now = std::min({bytes, bytes_.size() - at_, size_t{7}});  // in small pieces
    bytes_.copy(static_cast<char *>(to), now, at_);
    at_ += now;
    return now;
  }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

TEST(Npy, ReadsPipes) {
  const auto read = [](const std::string &bytes) -> std::string {
    Result<NpyReader> reader = NpyReader::open(std::make_unique<Pipe>(bytes));
    if (!reader) return reader.error().message;
    float values[4];
    Status status = reader->read(values, 4);
    return status ? "" : status.error().message;
  };
  EXPECT_EQ(read(npy("<f4", "(2, 2)", floats)), "");
  EXPECT_THAT(read(npy("<f4", "(2, 2)", floats.substr(3))),
              HasSubstr("offset 128: expected 16 bytes of array data, but the data ends after 13"));
  EXPECT_THAT(read(npy("<f4", "(2, 2)", floats + "x")), HasSubstr("offset 144: expected the end"));
}

TEST(Npy, EveryTruncationIsRejected) {
  const std::string whole = npy("<f4", "(2, 2)", floats);
  ASSERT_EQ(problem_of(whole), "");
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_THAT(problem_of(whole.substr(0, length)), MatchesRegex("offset [0-9]+: expected .*")) << length;
}

// Whatever a flipped bit makes of the header, reading ends with values or a rejection.
TEST(Npy, BitFlipsDoNoHarm) {
  const std::string whole = npy("<f4", "(2, 2)", floats);
  int rejected = 0;
  for (size_t bit = 0; bit < 8 * 128; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    rejected += problem_of(damaged).empty() ? 0 : 1;
  }
  EXPECT_GT(rejected, 400);
}

class NpyWriterTest : public FolderTest {};

TEST_F(NpyWriterTest, WritesWhatItReads) {
  const std::string file = path("out.npy");
  Result<NpyWriter> writer = NpyWriter::create(file, {2, 2});
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->append(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}, 2));
  EXPECT_EQ(read_file(file), "") << "not there before it is whole";
  ASSERT_TRUE(writer->append(std::vector<float>{9, 10, 11, 12}, 1));
  ASSERT_TRUE(writer->finish());
  Result<NpyReader> reader = open(read_file(file));
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->header().shape, (std::vector<int64_t>{3, 2, 2}));
  EXPECT_EQ(floats_of_npy(read_file(file)).back(), 12);
  EXPECT_EQ(entries(), std::vector<std::string>{"out.npy"});
}

TEST_F(NpyWriterTest, HeadersHaveNumPysLayout) {
  EXPECT_EQ(npy_float32_header(std::vector<int64_t>{3}).substr(10, 59),
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }  ");
  EXPECT_EQ(npy_float32_header(std::vector<int64_t>{}).substr(10, 55),
            "{'descr': '<f4', 'fortran_order': False, 'shape': (), }");
  for (size_t rank = 0; rank < 12; ++rank) {
    const std::string header = npy_float32_header(std::vector<int64_t>(rank, 123456));
    EXPECT_EQ(header.size() % 64, 0u);
    EXPECT_EQ(header.back(), '\n');
  }
}

TEST_F(NpyWriterTest, LeavesNothingBehindWhenAbandoned) {
  write("out.npy", "old");
  {
    Result<NpyWriter> writer = NpyWriter::create(path("out.npy"), {1});
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->append(std::vector<float>(100'000, 1), 100'000));
    EXPECT_EQ(entries().size(), 2u);
  }
  EXPECT_EQ(entries(), std::vector<std::string>{"out.npy"});
  EXPECT_EQ(read_file(path("out.npy")), "old");
}

TEST_F(NpyWriterTest, ReportsWhatTheSystemSays) {
  Result<NpyWriter> missing = NpyWriter::create(path("no/such/folder.npy"), {1});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ExitCode::system);
  EXPECT_THAT(missing.error().message, HasSubstr("No such file"));
  Result<NpyWriter> full = NpyWriter::create("/dev/full", {1});
  ASSERT_TRUE(full);
  ASSERT_TRUE(full->append(std::vector<float>{1}, 1));
  const Status status = full->finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ExitCode::system);
  EXPECT_THAT(status.error().message, HasSubstr("No space left"));
}

}  // namespace
}  // namespace sinter
