// Mutations that know a format, so that what lies behind signatures and sizes is reached.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <vector>

namespace sinter::fuzz {

using Bytes = std::vector<uint8_t>;
using AnyMutation = std::function<void(Bytes &bytes, size_t most)>;

// Changes a field of one of the file's structures: an address to another structure's, a size, a count, a type.
// False if there is no structure.
bool mutate_hdf5(Bytes &bytes, std::mt19937 &random);

// Takes the archive apart, changes members or what the headers say, and puts it together with the right offsets
// and mostly the right sizes and checksums. False if the bytes are no archive.
bool mutate_zip(Bytes &bytes, size_t most, std::mt19937 &random, const AnyMutation &any_mutation);

// Changes the index of a checkpoint, or its data, and puts the right sizes and checksums into the header. False if the
// bytes are no checkpoint.
bool mutate_checkpoint(Bytes &bytes, size_t most, std::mt19937 &random, const AnyMutation &any_mutation);

}  // namespace sinter::fuzz
