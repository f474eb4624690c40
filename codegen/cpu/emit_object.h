// Objects on their way into something else: an executable or a library.
#pragma once

#include "codegen/cpu/emit.h"
#include "codegen/object_stream.h"

namespace sinter::codegen {

// As write_object, into a file that the caller commits or discards. Errors of writing are reported by its
// commit().
bool write_object_to(const Program &program, const Target &target, const EmitOptions &options,
                     OutputFile &file, Diagnostics &diagnostics);

}  // namespace sinter::codegen
