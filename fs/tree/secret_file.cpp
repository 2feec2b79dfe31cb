#include "fs/tree/secret_file.h"

#include <algorithm>

namespace rfs {

Result<BytesView> SecretFile::reveal(std::uint64_t offset, std::size_t length) const {
  TRY(vault_.still_valid(*credential_, who_));
  const BytesView value = credential_->value.reveal();
  if (offset >= value.size()) return BytesView();
  const BytesView rest = value.subspan(offset);
  return rest.first(std::min(rest.size(), length));
}

// For whoever knows nothing of reveal(): a copy.
void SecretFile::read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply) const {
  auto part = reveal(offset, length);
  if (!part) return reply(fail(std::move(part.error())));
  reply(Bytes(part->begin(), part->end()));
}

}  // namespace rfs
