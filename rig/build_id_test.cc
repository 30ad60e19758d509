#include "rig/build_id.h"

#include <elf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <link.h>

#include <cstring>
#include <fstream>

namespace closewait {
namespace {

// What the loader has in memory of this program's notes: another way to the same bytes.
int find_in_memory(dl_phdr_info* info, std::size_t, void* found) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
    const auto* end = at + segment.p_memsz;
    while (at + sizeof(Elf64_Nhdr) <= end) {
      Elf64_Nhdr note{};
      std::memcpy(&note, at, sizeof(note));
      const char* content = at + sizeof(note) + (note.n_namesz + 3U) / 4 * 4;
      if (note.n_type == NT_GNU_BUILD_ID) {
        for (std::size_t byte = 0; byte < note.n_descsz; ++byte) {
          *static_cast<std::string*>(found) +=
              fmt::format("{:02x}", static_cast<unsigned char>(content[byte]));
        }
        return 1;
      }
      at = content + (note.n_descsz + 3U) / 4 * 4;
    }
  }
  return 1;  // only the program itself, which comes first
}

TEST(BuildId, IsThatOfThisProgram) {
  std::string in_memory;
  ::dl_iterate_phdr(find_in_memory, &in_memory);
  const std::string id = build_id_of("/proc/self/exe");
  EXPECT_EQ(id, in_memory);
  EXPECT_EQ(id, build_id_of("/proc/self/exe"));
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(BuildId, IsEmptyWhereThereIsNone) {
  EXPECT_EQ(build_id_of("/no/such/program"), "");
  EXPECT_EQ(build_id_of("/proc/self/cmdline"), "");
  EXPECT_EQ(build_id_of("/"), "");
}

TEST(BuildId, ACutOffFileIsNoReasonToFall) {
  std::ifstream program("/proc/self/exe", std::ios::binary);
  std::string start(4096, '\0');
  program.read(start.data(), static_cast<std::streamsize>(start.size()));
  const std::string path = ::testing::TempDir() + "closewait-cut-off-program";
  for (const std::size_t size : {0U, 3U, 40U, 64U, 100U, 400U}) {
    std::ofstream(path, std::ios::binary).write(start.data(), static_cast<std::streamsize>(size));
    EXPECT_EQ(build_id_of(path), "") << size;
  }
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace closewait
