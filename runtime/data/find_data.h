// Where data sets lie.
#pragma once

#include <optional>
#include <string>

#include "formats/error.h"

namespace sinter::runtime {

// The place of the data set `name`: `given` (--data) if there is one, $SINTER_DATA/<name> (without a name:
// $SINTER_DATA itself), or where packages and Keras put it. A system error lists all places that were
// looked at.
Result<std::string> find_data(const std::string &name, const std::optional<std::string> &given);

// What a place is tried for: the folder inside of it that CIFAR's archives are unpacked to, if there is
// one, else `place`.
std::string unpacked_folder(const std::string &place);

}  // namespace sinter::runtime
