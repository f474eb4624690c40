#include <elf.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <set>

#include "codegen/cpu/emit.h"
#include "codegen/link.h"
#include "codegen/object_stream.h"
#include "tests/codegen/emit_test_kernels.h"
#include "tests/codegen/link_test_files.h"

namespace sinter::codegen {
namespace {

// What a linker sees of an object file.
struct ObjectFacts {
  std::set<std::string> undefined, global;
  std::string weights;
  uint64_t weights_alignment = 0;
};

template <typename Header, typename Section, typename Symbol>
ObjectFacts read_elf(const std::string &file, const std::string &weights_section) {
  ObjectFacts facts;
  const auto *header = reinterpret_cast<const Header *>(file.data());
  const auto *sections = reinterpret_cast<const Section *>(file.data() + header->e_shoff);
  const char *names = file.data() + sections[header->e_shstrndx].sh_offset;
  for (int i = 1; i < header->e_shnum; ++i) {
    const Section &section = sections[i];
    if (names + section.sh_name == weights_section) {
      facts.weights = file.substr(section.sh_offset, section.sh_size);
      facts.weights_alignment = section.sh_addralign;
      EXPECT_EQ(section.sh_flags, static_cast<uint64_t>(SHF_ALLOC));
      EXPECT_EQ(section.sh_offset % 64, 0u);
    }
    if (section.sh_type != SHT_SYMTAB) continue;
    const char *strings = file.data() + sections[section.sh_link].sh_offset;
    for (size_t at = sizeof(Symbol); at < section.sh_size; at += sizeof(Symbol)) {
      const auto *symbol = reinterpret_cast<const Symbol *>(file.data() + section.sh_offset + at);
      if (symbol->st_shndx == SHN_UNDEF)
        facts.undefined.insert(strings + symbol->st_name);
      else if (symbol->st_info >> 4 == STB_GLOBAL && symbol->st_other == STV_DEFAULT)
        facts.global.insert(strings + symbol->st_name);
    }
  }
  return facts;
}

ObjectFacts facts_of(const std::string &path, const std::string &name = "tiny") {
  const std::string file = read_file(path), section = ".rodata." + name + "_weights";
  EXPECT_EQ(file.substr(0, 4),
            "\x7f"
            "ELF");
  return file[EI_CLASS] == ELFCLASS64 ? read_elf<Elf64_Ehdr, Elf64_Shdr, Elf64_Sym>(file, section)
                                      : read_elf<Elf32_Ehdr, Elf32_Shdr, Elf32_Sym>(file, section);
}

class ObjectTargets : public testing::TestWithParam<std::string> {};

TEST_P(ObjectTargets, HasCodeAndWeights) {
  const TemporaryFolder folder;
  const Target target = target_named(GetParam());
  const Program program = tiny_program();
  Diagnostics diagnostics;
  const std::string path = folder.file("tiny.o");
  ASSERT_TRUE(write_object(program, target, {}, path, diagnostics)) << diagnostics.render_all();
  EXPECT_EQ(folder.entries(), 1u);
  const ObjectFacts facts = facts_of(path);
  EXPECT_EQ(facts.undefined,
            target.hosted ? std::set<std::string>{"sinter_parallel_for"} : std::set<std::string>());
  EXPECT_EQ(facts.global, std::set<std::string>{"tiny_predict"});
  EXPECT_EQ(facts.weights_alignment, 64u);
  ASSERT_EQ(facts.weights.size(), 192u);
  for (int i = 0; i < 16; ++i) {
    float w, b;
    std::memcpy(&w, facts.weights.data() + 4 * i, 4);
    std::memcpy(&b, facts.weights.data() + 128 + 4 * i, 4);
    EXPECT_EQ(w, static_cast<float>(i) / 4 - 1);
    EXPECT_EQ(b, 0.5f - static_cast<float>(i) / 8);
  }
  EXPECT_EQ(facts.weights.substr(64, 64), std::string(64, '\0'));

  ASSERT_TRUE(write_object(program, target, {}, folder.file("again.o"), diagnostics));
  EXPECT_EQ(read_file(path), read_file(folder.file("again.o")));

  // A linker takes it: relocations against the weights resolve.
  if (run("ld.lld --version").exit_code != 0) GTEST_SKIP() << "no ld.lld";
  const CommandResult link = run("ld.lld -e tiny_predict --defsym sinter_parallel_for=tiny_predict " + path +
                                 " -o " + folder.file("linked"));
  EXPECT_EQ(link.exit_code, 0) << link.output;
}

INSTANTIATE_TEST_SUITE_P(
    Object, ObjectTargets,
    testing::Values("native", "x86_64-linux-gnu", "x86_64-linux-gnu:x86-64-v2", "x86_64-linux-gnu:x86-64-v3",
                    "x86_64-linux-gnu:x86-64-v4", "x86_64-linux-gnu:skylake-avx512",
                    "x86_64-linux-gnu:znver5", "aarch64-linux-gnu", "aarch64-linux-gnu:cortex-a53",
                    "x86_64-none-elf", "aarch64-none-elf", "thumbv7em-none-eabi", "thumbv7em-none-eabihf",
                    "thumbv7em-none-eabihf:cortex-m7", "thumbv8m.main-none-eabihf", "armv7a-none-eabihf",
                    "riscv64-unknown-elf", "riscv64-unknown-elf:sifive-u74", "riscv32-unknown-elf"));

TEST(Object, ExecutablesDefineTheProgramInterface) {
  const TemporaryFolder folder;
  Diagnostics diagnostics;
  ASSERT_TRUE(write_object(tiny_program(), target_named("native"), {.for_executable = true},
                           folder.file("tiny.o"), diagnostics));
  EXPECT_EQ(facts_of(folder.file("tiny.o")).global,
            (std::set<std::string>{"tiny_predict", "sinter_program_predict", "sinter_program_run_kernel",
                                   "sinter_program_metadata", "sinter_program_metadata_bytes"}));
}

TEST(Object, ProgramWithoutConstants) {
  const TemporaryFolder folder;
  Program program = tiny_program();
  program.kernels.erase(program.kernels.begin());
  program.constants.clear();
  program.constant_bytes = 0;
  Diagnostics diagnostics;
  ASSERT_TRUE(write_object(program, target_named("native"), {}, folder.file("tiny.o"), diagnostics));
  EXPECT_TRUE(facts_of(folder.file("tiny.o")).undefined.empty());
}

// The weights pass through a buffer of fixed size: a block is asked for its bytes in pieces and may be large.
TEST(Object, StreamsLargeConstants) {
  const TemporaryFolder folder;
  Program program = tiny_program();
  constexpr int64_t pieces = 48;
  const std::string piece(1 << 20, 'w');
  program.constant_bytes = 192 + pieces * (1 << 20);
  program.constants.push_back({192, pieces << 20, [&](const auto &sink) {
                                 for (int64_t i = 0; i < pieces; ++i) sink(piece.data(), piece.size());
                               }});
  Diagnostics diagnostics;
  ASSERT_TRUE(write_object(program, target_named("native"), {}, folder.file("tiny.o"), diagnostics));
  const ObjectFacts facts = facts_of(folder.file("tiny.o"));
  EXPECT_EQ(facts.weights.size(), static_cast<size_t>(program.constant_bytes));
  EXPECT_EQ(facts.weights.back(), 'w');
}

TEST(Object, WeightsBeyondTheReachOfTheCodeAreDiagnosed) {
  const TemporaryFolder folder;
  Program program = tiny_program();
  program.constant_bytes = int64_t{5} << 30;
  for (const char *spec : {"aarch64-linux-gnu", "riscv64-unknown-elf", "thumbv7em-none-eabihf"}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(write_object(program, target_named(spec), {}, folder.file("tiny.o"), diagnostics));
    EXPECT_EQ(diagnostics.exit_code(), 1);
    EXPECT_EQ(folder.entries(), 0u);
  }
  // On x86-64 they are large data, addressed by 64 bits.
  const std::string assembly = emit_assembly(program, target_named("x86_64-linux-gnu"), {});
  EXPECT_NE(assembly.find(".lrodata.tiny_weights"), std::string::npos) << assembly;
  EXPECT_NE(assembly.find("movabs"), std::string::npos) << assembly;
}

// Runs fn in a process that may write files of at most `bytes` bytes; fn's result is the exit code.
template <typename Fn>
int with_file_limit(rlim_t bytes, Fn fn) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_FSIZE, &limit);
    _exit(fn());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Object, FailedWritesLeaveNothing) {
  const TemporaryFolder folder;
  const Target target = target_named("native");
  const auto write = [&](auto writer, const std::string &name) {
    return with_file_limit(1000, [&] {
      Diagnostics diagnostics;
      const bool ok = writer(tiny_program(), target, EmitOptions{}, folder.file(name), diagnostics);
      return ok ? 0 : diagnostics.exit_code();
    });
  };
  EXPECT_EQ(write(write_object, "tiny.o"), 3);
  EXPECT_EQ(write(write_static_library, "libtiny.a"), 3);
  EXPECT_EQ(write(write_shared_library, "libtiny.so"), 3);
  EXPECT_EQ(write(write_executable, "tiny"), 3);
  EXPECT_EQ(folder.entries(), 0u);
}

TEST(Object, FullDisk) {
  Diagnostics diagnostics;
  EXPECT_FALSE(write_file("/dev/full", "text", diagnostics));
  EXPECT_EQ(diagnostics.exit_code(), 3);
  EXPECT_NE(diagnostics.render_all().find("No space left"), std::string::npos) << diagnostics.render_all();
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

TEST(Object, WritesAreWholeOrNothing) {
  const TemporaryFolder folder;
  Diagnostics diagnostics;
  ASSERT_TRUE(write_file(folder.file("f"), "old", diagnostics));
  {
    OutputFile unfinished(folder.file("f"));
    unfinished.write("new", 3);
  }
  EXPECT_EQ(read_file(folder.file("f")), "old");
  ASSERT_TRUE(write_file(folder.file("f"), "new", diagnostics));
  EXPECT_EQ(read_file(folder.file("f")), "new");
  EXPECT_EQ(folder.entries(), 1u);

  // A link stays one.
  std::filesystem::create_symlink(folder.file("f"), folder.file("link"));
  ASSERT_TRUE(write_file(folder.file("link"), "linked", diagnostics));
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link")));
  EXPECT_EQ(read_file(folder.file("f")), "linked");

  EXPECT_FALSE(write_file(folder.file("missing/f"), "", diagnostics));
  EXPECT_FALSE(write_file(folder.file("."), "", diagnostics));
  EXPECT_EQ(diagnostics.exit_code(), 3);
}

}  // namespace
}  // namespace sinter::codegen
