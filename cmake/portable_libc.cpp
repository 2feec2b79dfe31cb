// What libstdc++ and GCC's unwinder take from a C library newer than 2.34, for one that lacks it. Only in a portable program.
#include <link.h>
#include <sys/random.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

struct Wanted {
  ElfW(Addr) address;
  dl_find_object* found;
};

int look(dl_phdr_info* info, std::size_t, void* data) {
  auto* wanted = static_cast<Wanted*>(data);
  ElfW(Addr) begin = 0, end = 0;
  const ElfW(Phdr)* frames = nullptr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    const ElfW(Addr) at = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && wanted->address >= at && wanted->address < at + segment.p_memsz) {
      begin = at;
      end = at + segment.p_memsz;
    }
    if (segment.p_type == PT_GNU_EH_FRAME) frames = &segment;
  }
  if (end == 0 || frames == nullptr) return 0;
  wanted->found->dlfo_flags = 0;
  wanted->found->dlfo_map_start = reinterpret_cast<void*>(begin);
  wanted->found->dlfo_map_end = reinterpret_cast<void*>(end);
  wanted->found->dlfo_link_map = nullptr;
  wanted->found->dlfo_eh_frame = reinterpret_cast<void*>(info->dlpi_addr + frames->p_vaddr);
  return 1;
}

}  // namespace

// glibc 2.35, for the unwinder: the object that an address lies in. By dl_iterate_phdr(3), as unwinders did before.
extern "C" int _dl_find_object(void* address, dl_find_object* found) noexcept {
  Wanted wanted{reinterpret_cast<ElfW(Addr)>(address), found};
  return ::dl_iterate_phdr(look, &wanted) == 1 ? 0 : -1;
}

// glibc 2.36, for std::random_device.
extern "C" std::uint32_t arc4random() noexcept {
  std::uint32_t out = 0;
  // Of so few bytes it gives all or none; none only before the kernel has any.
  while (::getrandom(&out, sizeof out, 0) != sizeof out) {
  }
  return out;
}
