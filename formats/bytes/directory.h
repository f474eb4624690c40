// Listings of directories, sorted by name so that they do not depend on the file system.
#pragma once

#include <string>
#include <vector>

#include "formats/error.h"

namespace sinter {

// Names (not paths) of the entries; hidden ones ('.' first) are left out. Links are followed.
struct Listing {
  std::vector<std::string> directories, files;
  std::vector<std::string> others;  // FIFOs, sockets, devices, links to nothing
};

Result<Listing> list_directory(const std::string &path);

}  // namespace sinter
