#include "codegen/elf_section.h"

#include <elf.h>

#include <cstring>
#include <limits>

namespace sinter::codegen {
namespace {

struct Elf64 {
  using Header = Elf64_Ehdr;
  using Section = Elf64_Shdr;
  using Symbol = Elf64_Sym;
};
struct Elf32 {
  using Header = Elf32_Ehdr;
  using Section = Elf32_Shdr;
  using Symbol = Elf32_Sym;
};

// Structures are copied: nothing in the string is aligned.
template <typename T>
T read(const std::string &object, uint64_t offset) {
  T value;
  std::memcpy(&value, object.data() + offset, sizeof value);
  return value;
}

template <typename T>
void write(std::string &object, uint64_t offset, const T &value) {
  std::memcpy(object.data() + offset, &value, sizeof value);
}

std::string_view text(const std::string &object, uint64_t offset) {
  return object.data() + offset;
}

template <typename Elf>
bool move_section(std::string &object, std::string_view name, std::string_view symbol_name, uint64_t bytes,
                  uint64_t alignment) {
  const auto header = read<typename Elf::Header>(object, 0);
  const auto section_offset = [&](uint64_t index) {
    return header.e_shoff + index * sizeof(typename Elf::Section);
  };
  const auto section_at = [&](uint64_t index) {
    return read<typename Elf::Section>(object, section_offset(index));
  };
  const auto names = section_at(header.e_shstrndx);

  uint64_t found = 0;
  for (uint64_t i = 1; i < header.e_shnum; ++i)
    if (text(object, names.sh_offset + section_at(i).sh_name) == name) found = i;
  if (found == 0) return false;

  for (uint64_t i = 1; i < header.e_shnum; ++i) {
    const auto table = section_at(i);
    if (table.sh_type != SHT_SYMTAB) continue;
    const auto strings = section_at(table.sh_link);
    for (uint64_t at = table.sh_offset; at < table.sh_offset + table.sh_size;
         at += sizeof(typename Elf::Symbol)) {
      auto symbol = read<typename Elf::Symbol>(object, at);
      if (symbol.st_shndx != SHN_UNDEF || text(object, strings.sh_offset + symbol.st_name) != symbol_name)
        continue;
      symbol.st_shndx = static_cast<uint16_t>(found);
      symbol.st_info = static_cast<unsigned char>((symbol.st_info & 0xf0) | STT_OBJECT);
      symbol.st_value = 0;
      symbol.st_size = static_cast<decltype(symbol.st_size)>(bytes);
      write(object, at, symbol);
    }
  }

  const uint64_t start = (object.size() + alignment - 1) / alignment * alignment;
  auto section = section_at(found);
  using Field = decltype(section.sh_size);
  if (start + bytes > std::numeric_limits<Field>::max()) return false;
  section.sh_offset = static_cast<decltype(section.sh_offset)>(start);
  section.sh_size = static_cast<Field>(bytes);
  section.sh_addralign = static_cast<Field>(alignment);
  write(object, section_offset(found), section);
  object.resize(start);
  return true;
}

}  // namespace

bool move_section_to_end(std::string &object, std::string_view section, std::string_view symbol,
                         uint64_t bytes, uint64_t alignment) {
  const bool is_64 = object.size() > EI_CLASS && object[EI_CLASS] == ELFCLASS64;
  return is_64 ? move_section<Elf64>(object, section, symbol, bytes, alignment)
               : move_section<Elf32>(object, section, symbol, bytes, alignment);
}

}  // namespace sinter::codegen
