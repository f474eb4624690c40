#include "ir/op.h"

#include <fmt/format.h>

#include "support/check.h"

namespace sinter::ir {

void Checker::fail(std::string message, std::string hint) {
  if (!message_.empty()) return;
  message_ = std::move(message);
  hint_ = std::move(hint);
}

bool Checker::require(bool condition, std::string_view message) {
  if (!condition) fail(std::string(message));
  return condition;
}

bool Checker::inputs(Types in, size_t count) {
  return require(in.size() == count,
                 fmt::format("expected {} input{}, got {}", count, count == 1 ? "" : "s", in.size()));
}

bool Checker::rank(Types in, size_t index, int rank) {
  return require(in[index].rank() == rank, fmt::format("expected an input of {} dimensions, got {}", rank,
                                                       print_shape(in[index].dims)));
}

int64_t ReferenceTensor::elements() const {
  int64_t product = 1;
  for (const int64_t dim : dims) product *= dim;
  return product;
}

const OpInfo *find_op(std::string_view name) {
  for (const OpInfo &info : all_ops())
    if (info.name == name) return &info;
  return nullptr;
}

const OpInfo &op(std::string_view name) {
  const OpInfo *info = find_op(name);
  SINTER_CHECK(info != nullptr, name);
  return *info;
}

}  // namespace sinter::ir
