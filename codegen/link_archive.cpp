#include "codegen/link_archive.h"

#include <llvm/Object/Archive.h>
#include <llvm/Object/ArchiveWriter.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>

namespace sinter::codegen {
namespace {

class FileStream final : public llvm::raw_ostream {
 public:
  explicit FileStream(OutputFile &file) : file_(file) {}
  ~FileStream() override { flush(); }

 private:
  void write_impl(const char *data, size_t bytes) override { file_.write(data, bytes); }
  uint64_t current_pos() const override { return file_.size(); }
  OutputFile &file_;
};

bool report(llvm::Error error, const std::string &path, Diagnostics &diagnostics) {
  if (!error) return true;
  diagnostics.system_error({.file = path}, llvm::toString(std::move(error)));
  return false;
}

llvm::Error add_members(const std::string &path, std::vector<llvm::NewArchiveMember> &members,
                        std::vector<std::unique_ptr<llvm::MemoryBuffer>> &buffers) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) return llvm::errorCodeToError(buffer.getError());
  buffers.push_back(std::move(*buffer));
  auto archive = llvm::object::Archive::create(buffers.back()->getMemBufferRef());
  if (!archive) return archive.takeError();
  llvm::Error error = llvm::Error::success();
  for (const llvm::object::Archive::Child &child : (*archive)->children(error)) {
    auto member = llvm::NewArchiveMember::getOldMember(child, /*Deterministic=*/true);
    if (!member) return llvm::joinErrors(std::move(error), member.takeError());
    // getOldMember refers to the archive, which does not outlive this function: its bytes do, its name must.
    auto name = child.getName();
    if (!name) return llvm::joinErrors(std::move(error), name.takeError());
    member->Buf =
        llvm::MemoryBuffer::getMemBuffer(member->Buf->getBuffer(), *name, /*RequiresNullTerminator=*/false);
    member->MemberName = member->Buf->getBufferIdentifier();
    members.push_back(std::move(*member));
  }
  return error;
}

}  // namespace

bool write_archive(const std::string &object_path, const std::string &member_name,
                   const std::vector<std::string> &archives, OutputFile &file, Diagnostics &diagnostics) {
  auto object = llvm::MemoryBuffer::getFile(object_path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!object) return report(llvm::errorCodeToError(object.getError()), object_path, diagnostics);
  std::vector<llvm::NewArchiveMember> members;
  members.emplace_back(llvm::MemoryBufferRef((*object)->getBuffer(), member_name));
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> buffers;
  for (const std::string &archive : archives)
    if (!report(add_members(archive, members, buffers), archive, diagnostics)) return false;
  FileStream stream(file);
  return report(llvm::writeArchiveToStream(stream, members, llvm::SymtabWritingMode::NormalSymtab,
                                           llvm::object::Archive::K_GNU,
                                           /*Deterministic=*/true, /*Thin=*/false),
                object_path, diagnostics);
}

}  // namespace sinter::codegen
