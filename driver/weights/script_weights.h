// Weights that a script loads with load_weights().
#pragma once

#include <string>
#include <vector>

#include "driver/load_model.h"
#include "support/diagnostic.h"

namespace sinter::driver {

// The calls for the main model whose weights stay: from the last one that loads all layers on. `before_fit`:
// as things stand when its first fit() begins, else at the script's end.
std::vector<script::LoadWeightsCall> standing_loads(const LoadedModel &loaded, bool before_fit);

// The file that a call names, relative to the script's folder.
std::string file_of(const script::LoadWeightsCall &load, const std::string &script);

// Does what the calls say, in their order. Weights that none of them gives stay absent.
bool load_script_weights(LoadedModel &loaded, const std::vector<script::LoadWeightsCall> &loads,
                         const std::string &script, Diagnostics &diagnostics);

}  // namespace sinter::driver
