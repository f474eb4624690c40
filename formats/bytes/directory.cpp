#include "formats/bytes/directory.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "formats/bytes/byte_stream.h"

namespace sinter {

Result<Listing> list_directory(const std::string &path) {
  DIR *directory = opendir(path.c_str());
  if (!directory) return system_error(path, std::string("cannot list: ") + std::strerror(errno));
  Listing listing;
  errno = 0;
  while (const dirent *entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (name[0] == '.') continue;
    switch (path_kind(path + "/" + name)) {
      case PathKind::directory:
        listing.directories.push_back(name);
        break;
      case PathKind::file:
        listing.files.push_back(name);
        break;
      case PathKind::special:
      case PathKind::missing:
        listing.others.push_back(name);
        break;
    }
    errno = 0;
  }
  const int reason = errno;
  closedir(directory);
  if (reason != 0) return system_error(path, std::string("cannot list: ") + std::strerror(reason));
  std::ranges::sort(listing.directories);
  std::ranges::sort(listing.files);
  std::ranges::sort(listing.others);
  return listing;
}

}  // namespace sinter
