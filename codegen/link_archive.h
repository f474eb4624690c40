// Static libraries.
#pragma once

#include <string>
#include <vector>

#include "codegen/object_stream.h"
#include "support/diagnostic.h"

namespace sinter::codegen {

// Writes an archive of the object file, under the member name, and of all members of other archives, with an
// index of symbols. No times, owners or paths. The object is mapped, not read.
bool write_archive(const std::string &object_path, const std::string &member_name,
                   const std::vector<std::string> &archives, OutputFile &file, Diagnostics &diagnostics);

}  // namespace sinter::codegen
