#include "driver/cache/compile_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "codegen/digest.h"

namespace sinter::driver {

namespace fs = std::filesystem;

namespace {

constexpr uintmax_t most_bytes = uintmax_t{4} << 30;
constexpr std::string_view workplace_prefix = "tmp-";
constexpr auto longest_compile = std::chrono::hours(24);

// "" if nothing says where.
std::string cache_folder() {
  if (const char *cache = std::getenv("XDG_CACHE_HOME"); cache && *cache == '/')
    return std::string(cache) + "/sinter";
  if (const char *home = std::getenv("HOME"); home && *home == '/')
    return std::string(home) + "/.cache/sinter";
  return "";
}

std::string program_key(const std::string &request, const std::vector<std::string> &inputs) {
  codegen::Digest digest;
  digest.add(request);
  for (const std::string &path : inputs) {
    digest.add(path);
    digest.add_file(path);
  }
  return digest.hex();
}

uintmax_t bytes_below(const fs::path &folder) {
  std::error_code error;
  uintmax_t bytes = 0;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder, error))
    if (const uintmax_t size = entry.file_size(error); !error) bytes += size;
  return bytes;
}

}  // namespace

std::optional<CompileCache> CompileCache::open(std::string &problem) {
  const std::string folder = cache_folder();
  if (folder.empty()) return std::nullopt;
  std::error_code error;
  fs::create_directories(fs::path(folder).parent_path(), error);
  const auto refuse = [&](const std::string &why) {
    problem = folder + ": " + why;
    return std::nullopt;
  };
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return refuse(std::strerror(errno));
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0)
    return refuse(errno == ELOOP || errno == ENOTDIR ? "a link or a file, expected a folder"
                                                     : std::strerror(errno));
  struct stat status{};
  const bool known = fstat(descriptor, &status) == 0;
  const bool own = known && status.st_uid == geteuid();
  const bool closed = own && (status.st_mode & 022) == 0;
  if (closed && (status.st_mode & 077) != 0) fchmod(descriptor, 0700);
  close(descriptor);
  if (!own) return refuse("it belongs to someone else");
  if (!closed) return refuse("others may write there");
  return CompileCache(folder);
}

std::optional<std::string> CompileCache::find(const std::string &request, const std::string &name) const {
  const std::string list = folder_ + "/" + request + ".inputs";
  std::ifstream file(list);
  if (!file) return std::nullopt;
  std::vector<std::string> inputs;
  for (std::string line; std::getline(file, line);) inputs.push_back(line);
  const std::string program = folder_ + "/" + program_key(request, inputs);
  const std::string executable = program + "/" + name;
  if (access(executable.c_str(), X_OK) != 0) return std::nullopt;
  for (const std::string &used : {list, program}) utimensat(AT_FDCWD, used.c_str(), nullptr, 0);
  return executable;
}

std::optional<std::string> CompileCache::make_workplace() const {
  std::string folder = folder_ + "/" + std::string(workplace_prefix) + "XXXXXX";
  if (!mkdtemp(folder.data())) return std::nullopt;
  return folder;
}

std::string CompileCache::keep(const std::string &workplace, const std::string &request,
                               const std::string &name, const std::vector<std::string> &inputs) const {
  std::error_code error;
  const std::string program = folder_ + "/" + program_key(request, inputs);
  {
    std::ofstream file(workplace + "/inputs");
    for (const std::string &path : inputs) file << path << "\n";
  }
  fs::rename(workplace + "/inputs", folder_ + "/" + request + ".inputs", error);
  // Another run may have been faster.
  if (rename(workplace.c_str(), program.c_str()) != 0) {
    if (access((program + "/" + name).c_str(), X_OK) != 0) return workplace + "/" + name;
    fs::remove_all(workplace, error);
  }
  evict(program);
  return program + "/" + name;
}

void CompileCache::evict(const std::string &kept) const {
  struct Entry {
    fs::path path;
    fs::file_time_type used;
    uintmax_t bytes;
  };
  std::vector<Entry> entries;
  uintmax_t total = 0;
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  for (const fs::directory_entry &entry : fs::directory_iterator(folder_, error)) {
    const bool is_folder = entry.is_directory(error);
    const auto used = entry.last_write_time(error);
    if (error) continue;
    const bool is_workplace = is_folder && entry.path().filename().string().starts_with(workplace_prefix);
    // Left by a compilation that was killed.
    if (is_workplace && now - used > longest_compile) fs::remove_all(entry.path(), error);
    if (is_workplace) continue;
    entries.push_back({entry.path(), used, is_folder ? bytes_below(entry.path()) : entry.file_size(error)});
    total += entries.back().bytes;
  }
  std::ranges::sort(entries, {}, &Entry::used);
  const char *said = std::getenv("SINTER_CACHE_BYTES");
  const uintmax_t limit = said && *said ? std::strtoull(said, nullptr, 10) : most_bytes;
  for (const Entry &entry : entries) {
    if (total <= limit) return;
    if (entry.path == kept) continue;
    fs::remove_all(entry.path, error);
    total -= entry.bytes;
  }
}

}  // namespace sinter::driver
