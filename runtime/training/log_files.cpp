// CSVLogger and TensorBoard: the epochs' numbers as files that grow line by line.
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "formats/bytes/byte_stream.h"
#include "formats/checkpoint/crc32c.h"
#include "formats/text.h"
#include "runtime/training/callbacks.h"
#include "runtime/training/python_text.h"

namespace sinter::runtime {
namespace {

// A file that each append() leaves whole.
class GrowingFile {
 public:
  ~GrowingFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Status open_at(const std::string &path, bool keep) {
    path_ = path;
    descriptor_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (keep ? 0 : O_TRUNC), 0666);
    return descriptor_ >= 0 ? Status() : failed();
  }
  Status append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t wrote = ::write(descriptor_, bytes.data(), bytes.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) return failed();
      bytes.remove_prefix(static_cast<size_t>(wrote));
    }
    return {};
  }
  bool is_open() const { return descriptor_ >= 0; }

 private:
  Status failed() const { return system_error(path_, std::string("cannot write: ") + std::strerror(errno)); }
  std::string path_;
  int descriptor_ = -1;
};

// Python's csv.DictWriter: lines end with CR LF; the names are sorted.
class CsvLogger final : public Callback {
 public:
  CsvLogger(std::string path, std::string separator, bool append)
      : path_(std::move(path)), separator_(std::move(separator)), append_(append) {}
  const char *class_name() const override { return "CSVLogger"; }

  Status begin_training(CallbackContext &, bool resumed) override {
    struct stat status;
    const bool has_lines = (append_ || resumed) && stat(path_.c_str(), &status) == 0 && status.st_size > 0;
    needs_header_ = !has_lines;
    return file_.open_at(path_, append_ || resumed);
  }

  Status end_epoch(CallbackContext &context, int64_t epoch) override {
    std::vector<const LogEntry *> entries;
    for (const LogEntry &entry : context.logs.entries())
      if (entry.present) entries.push_back(&entry);
    std::ranges::sort(entries, {}, &LogEntry::name);
    std::string text;
    if (needs_header_) {
      text = "epoch";
      for (const LogEntry *entry : entries) text += separator_ + entry->name;
      text += "\r\n";
    }
    needs_header_ = false;
    text += format("%lld", static_cast<long long>(epoch));
    for (const LogEntry *entry : entries) text += separator_ + python_repr(entry->value);
    return file_.append(text + "\r\n");
  }

 private:
  std::string path_, separator_;
  bool append_, needs_header_ = true;
  GrowingFile file_;
};

// Event files: records of length, masked CRC-32C of the length, an Event (tensorflow/core/util/event.proto),
// masked CRC-32C.
class TensorBoard final : public Callback {
 public:
  TensorBoard(std::string directory, Semantics semantics)
      : directory_(std::move(directory)), keras2_(semantics == Semantics::keras2) {}
  const char *class_name() const override { return "TensorBoard"; }

  Status begin_training(CallbackContext &, bool) override {
    return open_in(train_, keras2_ ? directory_ : directory_ + "/train");
  }

  Status end_epoch(CallbackContext &context, int64_t epoch) override {
    std::string train, validation;
    for (const LogEntry &entry : context.logs.entries()) {
      if (!entry.present) continue;
      const bool is_validation = starts_with(entry.name, "val_");
      const std::string tag =
          keras2_ ? entry.name : "epoch_" + (is_validation ? entry.name.substr(4) : entry.name);
      (is_validation && !keras2_ ? validation : train) += summary_value(tag, static_cast<float>(entry.value));
    }
    if (Status status = train_.append(record(event(epoch, train))); !status || validation.empty())
      return status;
    if (!validation_.is_open())
      if (Status status = open_in(validation_, directory_ + "/validation"); !status) return status;
    return validation_.append(record(event(epoch, validation)));
  }

 private:
  static std::string little(uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i);
    return text;
  }
  static std::string varint(uint64_t value) {
    std::string text;
    for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
    return text + static_cast<char>(value);
  }
  // A field of protobuf's wire type 2.
  static std::string bytes_field(int number, const std::string &bytes) {
    return varint(static_cast<uint64_t>(number) << 3 | 2) + varint(bytes.size()) + bytes;
  }
  static std::string summary_value(const std::string &tag, float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bytes_field(1, bytes_field(1, tag) + varint(2 << 3 | 5) + little(bits, 4));
  }
  static std::string wall_time() {
    const double now = static_cast<double>(time(nullptr));
    uint64_t bits;
    std::memcpy(&bits, &now, sizeof bits);
    return varint(1 << 3 | 1) + little(bits, 8);
  }
  static std::string event(int64_t step, const std::string &summary) {
    return wall_time() + varint(2 << 3) + varint(static_cast<uint64_t>(step)) + bytes_field(5, summary);
  }
  static std::string masked_crc(const std::string &bytes) {
    const uint32_t crc = crc32c(bytes.data(), bytes.size());
    return little((crc >> 15 | crc << 17) + 0xA282EAD8u, 4);
  }
  static std::string record(const std::string &data) {
    const std::string length = little(data.size(), 8);
    return length + masked_crc(length) + data + masked_crc(data);
  }
  static Status open_in(GrowingFile &file, const std::string &directory) {
    for (size_t slash = directory.find('/', 1);; slash = directory.find('/', slash + 1)) {
      const std::string part = directory.substr(0, slash);
      if (mkdir(part.c_str(), 0777) != 0 && errno != EEXIST)
        return system_error(part, std::string("cannot create: ") + std::strerror(errno));
      if (slash == std::string::npos) break;
    }
    const std::string path =
        directory + format("/events.out.tfevents.%lld.sinter.%d", static_cast<long long>(time(nullptr)),
                           static_cast<int>(getpid()));
    if (Status status = file.open_at(path, true); !status) return status;
    return file.append(record(wall_time() + bytes_field(3, "brain.Event:2")));
  }

  std::string directory_;
  bool keras2_;
  GrowingFile train_, validation_;
};

}  // namespace

std::unique_ptr<Callback> make_csv_logger(std::string path, std::string separator, bool append) {
  return std::make_unique<CsvLogger>(std::move(path), std::move(separator), append);
}

std::unique_ptr<Callback> make_tensorboard(std::string directory, Semantics semantics) {
  return std::make_unique<TensorBoard>(std::move(directory), semantics);
}

}  // namespace sinter::runtime
