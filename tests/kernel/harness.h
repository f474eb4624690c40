// What the tests of Kernel IR share: kernels from text, and running them on plain vectors.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/kernel/build.h"
#include "ir/kernel/interpret.h"
#include "ir/kernel/text.h"
#include "ir/kernel/verify.h"
#include "tests/paths.h"

namespace sinter::kernel {

inline const Type f32{Base::f32, 1};
inline const Type index_type{Base::index, 1};

// The kernel that text says; a failed test and an empty kernel if it does not parse.
inline Kernel kernel_from(std::string_view text) {
  Diagnostics diagnostics;
  std::optional<Kernel> kernel = parse(text, diagnostics, "test.kernel");
  EXPECT_TRUE(kernel.has_value()) << diagnostics.render_all();
  return kernel ? *kernel : Kernel{};
}

template <class T>
BufferMemory memory_of(std::vector<T> &values) {
  return {values.data(), static_cast<int64_t>(values.size() * sizeof(T))};
}

// The text of tests/kernel/cases/NAME.kernel.
inline std::string case_text(const std::string &name) {
  std::ifstream in(test::source_dir() + "/tests/kernel/cases/" + name + ".kernel", std::ios::binary);
  EXPECT_TRUE(in.good()) << name;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Runs a kernel whose buffers are x: f32[16] input and y: f32[16] output, with x = 0, 1, 2, … Returns y, of
// which -1 was not written; fails the test if the kernel does.
inline std::vector<float> run_statements(std::string_view statements, int64_t n = 1) {
  std::string text = "kernel test(n) {\n buffer x: f32[16] input\n buffer y: f32[16] output written\n";
  text.append(statements).append("\n}\n");
  const Kernel kernel = kernel_from(text);
  std::vector<float> x(16);
  std::vector<float> y(16, -1.0f);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  const BufferMemory memory[] = {memory_of(x), memory_of(y)};
  const auto error = interpret(kernel, memory, n);
  EXPECT_FALSE(error.has_value()) << *error;
  return y;
}

// The error that such a kernel ends with, empty if none.
inline std::string error_of(std::string_view text, int64_t n = 1) {
  const Kernel kernel = kernel_from(text);
  std::vector<std::vector<float>> storage(kernel.buffers.size(), std::vector<float>(16));
  std::vector<BufferMemory> memory;
  for (auto &values : storage) memory.push_back(memory_of(values));
  return interpret(kernel, memory, n).value_or("");
}

}  // namespace sinter::kernel
