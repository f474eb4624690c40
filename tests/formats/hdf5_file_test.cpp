// The HDF5 reader on files that the HDF5 library wrote (tests/formats/hdf5/make_files.c).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/hdf5/file.h"
#include "tests/paths.h"

namespace sinter::hdf5 {
namespace {

File open_file(const std::string &name) {
  Result<File> file = File::open(test::source_dir() + "/tests/formats/hdf5/" + name);
  if (!file) throw std::runtime_error(file.error().message);
  return std::move(*file);
}

class Hdf5Files : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Versions, Hdf5Files, testing::Values("earliest.h5", "latest.h5"),
                         [](const auto &file) { return file.param.substr(0, file.param.find('.')); });

TEST_P(Hdf5Files, NumbersOfAllFormats) {
  const File file = open_file(GetParam());
  const auto names = file.members("numbers");
  ASSERT_TRUE(names) << file.problem();
  EXPECT_GE(names->size(), 7u);
  for (const std::string &name : *names) {
    const auto array = file.array("numbers/" + name);
    ASSERT_TRUE(array) << name << file.problem();
    EXPECT_EQ(array->dims, (std::vector<int64_t>{5, 7})) << name;
    ASSERT_EQ(array->values.size(), 35u);
    const bool is_integer = name[0] == 'i' || name[0] == 'u';
    for (int i = 0; i < 35; ++i)
      EXPECT_EQ(array->values[static_cast<size_t>(i)],
                is_integer ? static_cast<float>(i) : 0.5f * static_cast<float>(i) - 3)
          << name;
  }
}

TEST_P(Hdf5Files, TextsOfFixedAndVariableLength) {
  const File file = open_file(GetParam());
  EXPECT_EQ(file.text_attribute("", "fixed"), "2.0.2");
  EXPECT_EQ(file.text_attribute("/", "variable"), "2.0.2");
  const std::vector<std::string> names = {"alpha", "exactly12byt", "c"};
  EXPECT_EQ(file.list_attribute("", "names"), names);
  EXPECT_EQ(file.list_attribute("", "variable_names"), names);
  std::vector<std::string> twice = names;
  twice.insert(twice.end(), names.begin(), names.end());
  EXPECT_EQ(file.list_attribute("", "split"), twice);
  EXPECT_EQ(file.problem(), "");
  EXPECT_FALSE(file.text_attribute("", "names"));
  EXPECT_EQ(file.problem(), "it holds 3 texts where one is expected");
  EXPECT_FALSE(file.text_attribute("", "absent"));
  EXPECT_EQ(file.problem(), "it is not there");
}

TEST_P(Hdf5Files, WhatLeavesTheFileOrCannotBeIsRefused) {
  const File file = open_file(GetParam());
  for (const auto &[name, reason] :
       std::vector<std::pair<std::string, std::string>>{{"soft", "not there"},
                                                        {"external", "not there"},
                                                        {"elsewhere", "another file"},
                                                        {"virtual", "virtual"},
                                                        {"huge", "claims"},
                                                        {"text", "numbers"}}) {
    EXPECT_FALSE(file.array("refused/" + name)) << name;
    EXPECT_THAT(file.problem(), testing::HasSubstr(reason)) << name;
  }
}

TEST(Hdf5File, GroupsOfManyMembers) {
  const File file = open_file("earliest.h5");
  const auto names = file.members("many");
  ASSERT_TRUE(names) << file.problem();
  ASSERT_EQ(names->size(), 400u);
  EXPECT_EQ(names->front(), "l000");
  EXPECT_EQ(names->back(), "l399");
  EXPECT_TRUE(file.has_dataset("many/l217"));
  EXPECT_FALSE(file.has_dataset("many/l400"));
}

}  // namespace
}  // namespace sinter::hdf5
