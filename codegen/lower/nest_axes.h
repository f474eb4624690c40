// The axes of a nest, before its loops are made: those that need no loop vanish, neighbours become one.
#pragma once

#include <vector>

#include "codegen/lower/nest.h"

namespace sinter::codegen {

// Where the nest writes: the result and what anchor and maps store besides.
std::vector<LinearAccess *> stored_accesses(Nest &nest);

// Every access of the nest: operands, index parameters, the maps' operands that lie in memory, and what is
// written.
std::vector<LinearAccess *> all_accesses(Nest &nest);

// An element along the axis may not exist for one of the anchor's operands.
bool is_guarded(const Nest &nest, size_t axis);

// A scalar result gets an output axis of its own, as everything else stands on one.
void add_output_axis(Nest &nest);

// Axes of extent 1 vanish; neighbours that every access walks as one become one.
void simplify_axes(Nest &nest);

// Short rows: tiles that run on into the next row waste less. Then row and pixel axis become one, with
// addresses found by division. Returns the width of a row, or 0.
int64_t fold_rows(Nest &nest);

}  // namespace sinter::codegen
