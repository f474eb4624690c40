#include "runtime/program.h"

#include <cstring>

#include "formats/text.h"
#include "runtime/cpu_features.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

template <class Value>
std::vector<Value> values(const flatbuffers::Vector<Value> *vector) {
  return vector ? std::vector<Value>(vector->begin(), vector->end()) : std::vector<Value>();
}

TensorInfo tensor_info(const schema::Tensor &tensor) {
  return make_tensor_info(tensor.name() ? tensor.name()->str() : "", values(tensor.dims()),
                          values(tensor.source_axes()));
}

template <class Strings>
std::vector<std::string> strings(const Strings *vector) {
  std::vector<std::string> result;
  if (!vector) return result;
  for (const auto *text : *vector) result.push_back(text->str());
  return result;
}

// Visits the elements of one sample in program order with the offset of each in source order.
template <class Visit>
void for_each_source_offset(const TensorInfo &tensor, Visit visit) {
  const size_t rank = tensor.dims.size();
  std::vector<int64_t> source_strides(rank, 1), strides(rank), index(rank, 0);
  for (size_t i = rank; i-- > 1;) source_strides[i - 1] = source_strides[i] * tensor.source_dims[i];
  for (size_t i = 0; i < rank; ++i) strides[i] = source_strides[static_cast<size_t>(tensor.source_axes[i])];
  int64_t offset = 0;
  for (int64_t element = 0; element < tensor.elements; ++element) {
    visit(element, offset);
    for (size_t axis = rank; axis-- > 0;) {
      offset += strides[axis];
      if (++index[axis] < tensor.dims[axis]) break;
      offset -= strides[axis] * tensor.dims[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace

TensorInfo make_tensor_info(std::string name, std::vector<int64_t> dims, std::vector<int32_t> source_axes) {
  TensorInfo info;
  info.name = std::move(name);
  info.dims = std::move(dims);
  info.source_axes = std::move(source_axes);
  if (info.source_axes.size() != info.dims.size()) {
    info.source_axes.resize(info.dims.size());
    for (size_t i = 0; i < info.dims.size(); ++i) info.source_axes[i] = static_cast<int32_t>(i);
  }
  info.source_dims.resize(info.dims.size());
  info.elements = 1;
  for (size_t i = 0; i < info.dims.size(); ++i) {
    info.source_dims[static_cast<size_t>(info.source_axes[i])] = info.dims[i];
    info.elements *= info.dims[i];
  }
  return info;
}

bool TensorInfo::same_layout() const {
  for (size_t i = 0; i < source_axes.size(); ++i)
    if (source_axes[i] != static_cast<int32_t>(i)) return false;
  return true;
}

Program make_program(const uint8_t *bytes, ProgramCode code) {
  const schema::Program *metadata = schema::GetProgram(bytes);
  Program program{metadata, code, {}, {}, strings(metadata->labels())};
  if (metadata->inputs())
    for (const schema::Tensor *tensor : *metadata->inputs()) program.inputs.push_back(tensor_info(*tensor));
  if (metadata->outputs())
    for (const schema::Tensor *tensor : *metadata->outputs()) program.outputs.push_back(tensor_info(*tensor));
  return program;
}

std::vector<std::string> cpu_features_of(const Program &program) {
  return strings(program.metadata->cpu_features());
}

Status check_cpu(const Program &program) {
  const std::string missing = missing_cpu_features(cpu_features_of(program));
  if (missing.empty()) return {};
  const auto *cpu = program.metadata->target_cpu();
  return system_error(
      "", "this CPU lacks features that the program was compiled for: " + missing,
      format("compiled for %s; compile it again on this machine, or with --target for its CPU",
             cpu ? cpu->c_str() : "another CPU"));
}

void to_program_layout(const TensorInfo &tensor, const float *from, float *to, int64_t count) {
  if (tensor.same_layout()) {
    std::memcpy(to, from, static_cast<size_t>(count * tensor.elements) * sizeof(float));
    return;
  }
  for (int64_t n = 0; n < count; ++n, from += tensor.elements, to += tensor.elements)
    for_each_source_offset(tensor, [&](int64_t element, int64_t source) { to[element] = from[source]; });
}

void to_source_layout(const TensorInfo &tensor, const float *from, float *to, int64_t count) {
  if (tensor.same_layout()) {
    std::memcpy(to, from, static_cast<size_t>(count * tensor.elements) * sizeof(float));
    return;
  }
  for (int64_t n = 0; n < count; ++n, from += tensor.elements, to += tensor.elements)
    for_each_source_offset(tensor, [&](int64_t element, int64_t source) { to[source] = from[element]; });
}

}  // namespace sinter::runtime
