#include "formats/cifar/cifar.h"

#include <gmock/gmock.h>

#include "tests/formats/fixtures.h"
#include "tests/formats/measured.h"

namespace sinter {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;

// A picture whose plane c is c * 80 + (place in the plane) % 80.
std::string planes() {
  std::string bytes;
  for (int c = 0; c < 3; ++c)
    for (int i = 0; i < 1024; ++i) bytes += static_cast<char>(80 * c + i % 80);
  return bytes;
}

struct Read {
  std::string problem;
  std::vector<uint8_t> pixels, labels;
};

class CifarTest : public FolderTest {
 protected:
  Read read(const std::string &bytes, CifarLabel label) const {
    Result<CifarReader> opened = CifarReader::open(write("batch", bytes), label);
    if (!opened) return {opened.error().message, {}, {}};
    CifarReader &reader = *opened;
    Read result;
    result.pixels.resize(static_cast<size_t>(reader.count() * CifarReader::pixels));
    result.labels.resize(static_cast<size_t>(reader.count()));
    for (const Status &status :
         {reader.read_labels(result.labels.data()), reader.read_pixels(result.pixels.data())})
      if (!status && result.problem.empty()) result.problem = status.error().message;
    return result;
  }
};

TEST_F(CifarTest, RecordsOfTen) {
  const Read batch = read("\7" + planes() + "\2" + planes(), CifarLabel::ten);
  ASSERT_EQ(batch.problem, "");
  EXPECT_THAT(batch.labels, ElementsAre(7, 2));
  EXPECT_THAT(std::vector<uint8_t>(batch.pixels.begin() + 3072 + 15, batch.pixels.begin() + 3072 + 18),
              ElementsAre(5, 85, 165));
  EXPECT_THAT(read("\x0B" + planes(), CifarLabel::ten).problem,
              HasSubstr("offset 0: label 11, expected 0 to 9"));
}

TEST_F(CifarTest, RecordsOfAHundredHaveTwoLabels) {
  const std::string bytes = "\x13\x63" + planes() + std::string("\0\1", 2) + planes();
  EXPECT_THAT(read(bytes, CifarLabel::fine).labels, ElementsAre(99, 1));
  EXPECT_THAT(read(bytes, CifarLabel::coarse).labels, ElementsAre(19, 0));
  EXPECT_EQ(read(bytes, CifarLabel::coarse).pixels[15], 5);
  EXPECT_THAT(read("\x14\x63" + planes(), CifarLabel::coarse).problem,
              HasSubstr("offset 0: label 20, expected 0 to 19"));
  EXPECT_THAT(read("\x13\x64" + planes(), CifarLabel::fine).problem,
              HasSubstr("offset 1: label 100, expected 0 to 99"));
  EXPECT_THAT(read(bytes.substr(0, 6000), CifarLabel::fine).problem,
              HasSubstr("offset 3074: expected CIFAR records of 3074 bytes each, the file has 6000 bytes"));
  EXPECT_THAT(read("", CifarLabel::ten).problem, HasSubstr("the file has 0 bytes"));
}

TEST_F(CifarTest, PickledByPython2) {
  // More than one batch of 1000 items, and memos beyond 255.
  std::vector<int> fine, coarse;
  std::string data;
  for (int i = 0; i < 1001; ++i) {
    fine.push_back(i % 100);
    coarse.push_back(i % 20);
    data += planes();
  }
  data[3072 * 1000] = 123;
  const std::string hundred = cifar_pickle({{"coarse_labels", coarse}, {"fine_labels", fine}}, data);
  const Read batch = read(hundred, CifarLabel::fine);
  ASSERT_EQ(batch.problem, "");
  ASSERT_EQ(batch.labels.size(), 1001u);
  EXPECT_EQ(batch.labels[999], 99);
  EXPECT_EQ(batch.labels[1000], 0);
  EXPECT_EQ(read(hundred, CifarLabel::coarse).labels[39], 19);
  EXPECT_EQ(batch.pixels[3072 * 1000], 123);
  EXPECT_EQ(batch.pixels[3072 * 1000 + 16], 85);
  EXPECT_THAT(read(hundred, CifarLabel::ten).problem, HasSubstr("no list 'labels' of 1001 numbers"));
  EXPECT_THAT(read(cifar_pickle({{"labels", {3, 10}}}, planes() + planes()), CifarLabel::ten).problem,
              HasSubstr("label 10, expected 0 to 9"));
  EXPECT_THAT(read(cifar_pickle({{"labels", {3}}}, planes() + planes()), CifarLabel::ten).problem,
              HasSubstr("no list 'labels' of 2 numbers, expected CIFAR-10's dictionary"));
}

// pickle.dumps of Python 3.11 with protocol 3 and numpy 1.24, but for the array's bytes.
TEST_F(CifarTest, PickledByPython3) {
  using namespace std::string_literals;
  const std::string before =
                        "\x80\x03}q\x00(C\x0b"
                        "batch_labelq\x01"
                        "C\x01"
                        "bq\x02"
                        "C\x06labelsq\x03]q\x04(K\x03K\x07"
                        "eC\x04"
                        "dataq\x05"
                        "cnumpy.core.multiarray\n_reconstruct\nq\x06"
                        "cnumpy\nndarray\nq\x07K\x00\x85q\x08h\x02\x87q\tRq\n(K\x01K\x02M\x00\x0c"
                        "\x86q\x0b"
                        "cnumpy\ndtype\nq\x0cX\x02\x00\x00\x00u1q\r\x89\x88\x87q\x0eRq\x0f("
                        "K\x03X\x01\x00\x00\x00|q\x10NNNJ\xff\xff"
                        "\xff\xffJ\xff\xff\xff\xffK\x00tq\x11"
                        "b\x89"
                        "B\x00\x18\x00\x00"s,
                    after =
                        "q\x12tq\x13"
                        "bC\tfilenamesq\x14]q\x15(C\x05"
                        "a.pngq\x16"
                        "C\x05"
                        "b.pngq\x17"
                        "eu."s;
  const Read batch = read(before + planes() + planes() + after, CifarLabel::ten);
  ASSERT_EQ(batch.problem, "");
  EXPECT_THAT(batch.labels, ElementsAre(3, 7));
  EXPECT_EQ(batch.pixels[3072 + 17], 165);
}

TEST_F(CifarTest, EveryTruncationOfAPickleIsRejected) {
  const std::string whole = cifar_pickle({{"labels", {1, 2}}}, planes() + planes());
  for (size_t length = 1; length < whole.size();
       length += length < 400 || length + 200 > whole.size() ? 3 : 97)
    EXPECT_THAT(read(whole.substr(0, length), CifarLabel::ten).problem, ContainsRegex("offset [0-9]+: "))
        << length;
  EXPECT_THAT(read(whole + ".", CifarLabel::ten).problem, HasSubstr("expected the end after the pickle"));
}

TEST_F(CifarTest, BitFlipsInPicklesDoNoHarm) {
  const std::string whole = cifar_pickle({{"labels", {1, 2}}}, planes() + planes());
  for (size_t byte = 1; byte < whole.size(); byte = byte == 300 ? whole.size() - 100 : byte + 1) {
    std::string damaged = whole;
    damaged[byte] = static_cast<char>(damaged[byte] ^ 1 << byte % 8);
    const Read batch = read(damaged, CifarLabel::ten);
    if (batch.problem.empty()) {
      EXPECT_EQ(batch.labels.size(), 2u) << byte;
    }
  }
}

TEST_F(CifarTest, PicklesCallNothing) {
  EXPECT_THAT(read("\x80\x02"
                   "cos\nsystem\nU\x04true\x85R.",
                   CifarLabel::ten)
                  .problem,
              HasSubstr("offset 2: the pickle asks for os.system, expected numpy's arrays and types only"));
  EXPECT_THAT(read("\x80\x02"
                   "cnumpy\nndarray\n)R.",
                   CifarLabel::ten)
                  .problem,
              HasSubstr("expected numpy's function and its arguments"));
  EXPECT_THAT(read("\x80\x04.", CifarLabel::ten).problem,
              HasSubstr("offset 0: pickle protocol 4, expected 2 or 3"));
  EXPECT_THAT(read("\x80\x02]i", CifarLabel::ten).problem, HasSubstr("operation 0x69 is none"));
  for (const char *operations :
       {"R", "b", "a", "e", "u", "s", "t", "\x85", "\x87", "q\1", "h\1", ".", "]a", "(.", "N(R"})
    EXPECT_THAT(read(std::string("\x80\x02") + operations, CifarLabel::ten).problem, HasSubstr("offset "))
        << operations;
}

// Ten megabytes that would like to be gigabytes or hours.
TEST_F(CifarTest, HostilePicklesStayWithinBounds) {
  const auto repeated = [](const std::string &text, size_t bytes) {
    std::string result;
    while (result.size() < bytes) result += text;
    return result;
  };
  constexpr size_t size = 10'000'000;
  const std::string array = "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x01\x85R";
  const std::string bombs[] = {
      repeated("(", size),
      repeated("]", size),
      repeated("N\x85", size),
      repeated(std::string("h\0", 2), size),
      "]" + repeated("q\1h\1", size / 2) + repeated("a", size / 2),
      "(" + repeated("K\1", 1'000'000) + "tq\1" + repeated("h\1", size),
      // One long tuple as the state of an array, again and again.
      "(K\1(" + repeated("K\1", 900'000) + "tcnumpy\ndtype\nU\2u1\x85R\x89U\1xtq\1" + array +
          repeated("h\1b", 300'000),
      "T\xFF\xFF\xFF\x7F" + repeated("x", size),
      "c" + repeated("x", size),
  };
  const Measured nothing = measured([] { return 0; });
  for (const std::string &bomb : bombs) {
    const Measured cost =
        measured([&] { return read("\x80\x02" + bomb, CifarLabel::ten).problem.empty() ? 1 : 0; });
    EXPECT_EQ(cost.exit_code, 0) << bomb.substr(0, 8);
    EXPECT_LT(cost.seconds, 2) << bomb.substr(0, 8);
    EXPECT_LT(cost.bytes - nothing.bytes, 800 << 20) << bomb.substr(0, 8);
  }
}

}  // namespace
}  // namespace sinter
