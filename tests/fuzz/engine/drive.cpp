// libFuzzer's side: `fuzz --target=NAME [libFuzzer's arguments]` drives one target; with --write-seeds=FOLDER it
// writes the target's seeds and ends.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/fuzz/engine/mutators.h"
#include "tests/fuzz/targets/targets.h"

namespace {

const sinter::fuzz::Target *target = nullptr;

const char *value_of(const char *argument, std::string_view option) {
  return std::string_view(argument).starts_with(option) ? argument + option.size() : nullptr;
}

void write_seeds(const std::string &folder) {
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const std::string &seed : sinter::fuzz::seeds(target->name))
    std::ofstream(folder + "/seed" + std::to_string(number++), std::ios::binary) << seed;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int *argc, char ***argv) {
  const char *folder = nullptr;
  for (int i = 1; i < *argc; ++i) {
    if (const char *given = value_of((*argv)[i], "--write-seeds=")) folder = given;
    if (const char *name = value_of((*argv)[i], "--target="))
      for (const sinter::fuzz::Target &each : sinter::fuzz::all_targets())
        if (std::string_view(each.name) == name) target = &each;
  }
  if (!target) {
    std::fputs("fuzz: name one with --target=:", stderr);
    for (const sinter::fuzz::Target &each : sinter::fuzz::all_targets())
      std::fprintf(stderr, " %s", each.name);
    std::fputs("\n", stderr);
    std::exit(2);
  }
  if (folder) {
    write_seeds(folder);
    std::exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  target->run({reinterpret_cast<const char *>(data), size});
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  using sinter::fuzz::Bytes;
  std::mt19937 random(seed);
  const auto any_mutation = [](Bytes &bytes, size_t limit) {
    const size_t old = bytes.size();
    bytes.resize(std::max(limit, old));
    bytes.resize(LLVMFuzzerMutate(bytes.data(), old, bytes.size()));
  };
  Bytes bytes(data, data + size);
  const std::string_view name = target->name;
  bool done = false;
  if (random() % 4 != 0) {  // else bytes without a meaning
    if (name == "hdf5") done = sinter::fuzz::mutate_hdf5(bytes, random);
    if (name == "zip" || name == "npz") done = sinter::fuzz::mutate_zip(bytes, most, random, any_mutation);
    if (name == "checkpoint") done = sinter::fuzz::mutate_checkpoint(bytes, most, random, any_mutation);
  }
  if (!done) return LLVMFuzzerMutate(data, size, most);
  if (bytes.size() > most) bytes.resize(most);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}
