// Compressed data: gzip streams and zip archives.
#include <gmock/gmock.h>

#include "formats/bytes/inflate_stream.h"
#include "formats/zip/zip_archive.h"
#include "tests/formats/fixtures.h"

namespace sinter {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::string text(size_t bytes) {
  std::string result;
  while (result.size() < bytes) result += std::to_string(result.size() * result.size());
  return result.substr(0, bytes);
}

// The content, or "!" and the error.
std::string content(ByteStream &stream) {
  Result<std::string> bytes = read_all(stream, 1u << 20);
  return bytes ? *bytes : "!" + bytes.error().message;
}

std::string gunzip(const std::string &bytes) {
  return content(*inflate(memory(bytes), DeflateFormat::gzip));
}

TEST(Gzip, RoundTrip) {
  for (const size_t size : {0u, 1u, 1000u, 300'000u}) EXPECT_EQ(gunzip(gzip(text(size))), text(size));
  EXPECT_EQ(gunzip(gzip("one ") + gzip("two")), "one two");
}

TEST(Gzip, DamageIsRejected) {
  const std::string whole = gzip(text(500));
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_THAT(gunzip(whole.substr(0, length)), MatchesRegex("!offset [0-9]+ of the compressed data: .*"))
        << length;
  std::string damaged = whole;
  damaged[damaged.size() - 6] ^= 1;  // the checksum
  EXPECT_THAT(gunzip(damaged), HasSubstr("incorrect data check"));
  EXPECT_THAT(gunzip(whole + "junk"), MatchesRegex("!offset [0-9]+ of the compressed data: .*"));
}

TEST(Gzip, BombsAreLimitedByTheReader) {
  const std::string bomb = gzip(std::string(8u << 20, '\0'));
  EXPECT_LT(bomb.size(), 20'000u);
  EXPECT_THAT(gunzip(bomb), HasSubstr("larger than the limit"));
}

class ZipTest : public FolderTest {
 protected:
  // The member `name`, or "!" and the first error.
  std::string member(const std::string &bytes, const std::string &name) {
    Result<ZipArchive> archive = ZipArchive::open(write("a.zip", bytes));
    if (!archive) return "!" + archive.error().message;
    const ZipEntry *entry = archive->find(name);
    if (!entry) return "!no member";
    Result<std::unique_ptr<ByteStream>> stream = archive->read(*entry);
    return stream ? content(**stream) : "!" + stream.error().message;
  }
};

TEST_F(ZipTest, ReadsStoredAndDeflated) {
  const std::string archive = zip({{"a", text(1000)}, {"b", text(5000), true}, {"empty", ""}});
  EXPECT_EQ(member(archive, "a"), text(1000));
  EXPECT_EQ(member(archive, "b"), text(5000));
  EXPECT_EQ(member(archive, "empty"), "");
}

TEST_F(ZipTest, EveryTruncationIsRejected) {
  const std::string whole = zip({{"a", text(20)}, {"b", text(200), true}});
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_THAT(member(whole.substr(0, length), "b"), MatchesRegex("!offset [0-9]+: .*")) << length;
}

// Every flip is noticed unless it hits a field that nothing depends on (times, versions, local sizes,
// comments).
TEST_F(ZipTest, BitFlipsAreNoticedOrHarmless) {
  const std::string whole = zip({{"b", text(100), true}}), expected = text(100);
  int noticed = 0, bits = 0;
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit, ++bits) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    const std::string found = member(damaged, "b");
    if (found[0] == '!')
      ++noticed;
    else
      EXPECT_EQ(found, expected) << bit;
  }
  EXPECT_GT(noticed, bits / 3);
}

TEST_F(ZipTest, ImpossibleSizesAreRejectedBeforeReading) {
  std::string bomb = zip({{"b", std::string(100'000, '\0'), true}});
  const size_t directory = bomb.rfind("PK\x01\x02");
  for (const size_t at : {directory + 24}) bomb.replace(at, 4, "\xFF\xFF\xFF\x7F");
  EXPECT_THAT(member(bomb, "b"), HasSubstr("!2147483647 bytes cannot come from"));
  std::string longer = zip({{"b", std::string(1000, '\0'), true}});
  longer[longer.rfind("PK\x01\x02") + 24] ^= 1;  // 1000 = 0x3E8: now 1001
  EXPECT_THAT(member(longer, "b"), HasSubstr("expected 1001 bytes, but the member's data ends"));
}

TEST_F(ZipTest, RefusesWhatItCannotRead) {
  std::string encrypted = zip({{"b", "secret"}});
  encrypted[encrypted.rfind("PK\x01\x02") + 8] |= 1;
  EXPECT_EQ(member(encrypted, "b"), "!the member is encrypted");
  std::string method = zip({{"b", "secret"}});
  method[method.rfind("PK\x01\x02") + 10] = 12;
  EXPECT_THAT(member(method, "b"), HasSubstr("compression method 12, expected 0 (stored) or 8 (deflated)"));
}

}  // namespace
}  // namespace sinter
