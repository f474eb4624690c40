// A kernel under construction: buffers and registers by name, and small conveniences for schedules.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "ir/kernel/build.h"

namespace sinter::codegen {

struct KernelBuilder {
  kernel::Kernel kernel;

  int add_buffer(kernel::Buffer buffer) {
    kernel.buffers.push_back(std::move(buffer));
    return static_cast<int>(kernel.buffers.size()) - 1;
  }
  int add_registers(std::string name, kernel::Type type, int64_t count) {
    for (const kernel::Registers &existing : kernel.registers)
      if (existing.name == name) return add_registers(name + "_", type, count);
    kernel.registers.push_back({std::move(name), type, count});
    return static_cast<int>(kernel.registers.size()) - 1;
  }
  // The local buffer in which reductions that run in sweeps keep their sums: one a kernel, as large as any of
  // them needs.
  int partial_sums(int64_t elements) {
    if (partial_sums_ < 0)
      partial_sums_ = add_buffer({"partial_sums", kernel::Base::f32, kernel::BufferKind::local, 0, true});
    int64_t &size = kernel.buffers[static_cast<size_t>(partial_sums_)].elements;
    size = std::max(size, elements);
    return partial_sums_;
  }
  static kernel::Var index_var(std::string_view name) {
    return kernel::make_var(std::string(name), {kernel::Base::index, 1});
  }
  // Names an expression with a let, unless it is a constant or a variable already.
  static kernel::Expr let(std::string_view name, kernel::Expr value, kernel::Body &body) {
    if (kernel::is_constant(value) || std::holds_alternative<kernel::VarRef>(value->node)) return value;
    const kernel::Var var = kernel::make_var(std::string(name), value.type());
    body.push_back(kernel::let(var, value));
    return kernel::ref(var);
  }
  // Names what an expression uses several times, should it be long when written out: then it stays as long as
  // its nodes are many.
  static kernel::Expr let_shared(const kernel::Expr &value, kernel::Body &body);

 private:
  int partial_sums_ = -1;
};

}  // namespace sinter::codegen
