#include "fs/tree/entry_file.h"

#include <algorithm>

namespace rfs {

std::string EntryFile::version() const { return direct_ ? kDirectVersion : std::string(text(entry_->version())); }

void EntryFile::read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply) const {
  const std::uint64_t size = entry_->body->size();
  Bytes out(offset < size ? static_cast<std::size_t>(std::min<std::uint64_t>(length, size - offset)) : 0);
  std::size_t done = 0;
  while (done < out.size()) {
    auto n = entry_->body->read_at(offset + done, MutableBytes(out).subspan(done));
    if (!n) return reply(fail(std::move(n.error())));
    if (*n == 0) return reply(fail(Code::kBroken, "a stored body is shorter than its record says"));
    done += *n;
  }
  reply(std::move(out));
}

}  // namespace rfs
