#include "backends/store/seal_body.h"

#include <algorithm>
#include <functional>

#include "base/secret.h"

namespace rfs::store {

namespace {

using Sink = std::function<Result<>(Bytes sealed)>;

Result<Sealer> start(const Database& database, const Id16& id, bool zstd) {
  const KeyRing& ring = database.ring();
  TRY_ASSIGN(const SecretBytes* key, ring.record_key(ring.current_term(), RecordKind::kBody));
  return Sealer::start(*key, RecordKind::kBody, zstd ? kFlagZstd : std::uint8_t{0}, ring.current_term(),
                       body_identity(ring, id));
}

Result<> read_chunk(const Body& body, std::uint64_t offset, MutableBytes out) {
  TRY_ASSIGN(std::size_t n, body.read_at(offset, out));
  if (n != out.size()) return fail(Code::kBroken, "a body is shorter than it said");
  return {};
}

// The sealed chunks of `body` in their order; answers the header of the record.
Result<RecordHeader> seal_chunks(const Database& database, const Id16& id, const Body& body, const Sink& sink) {
  TRY_ASSIGN(Sealer sealer, start(database, id, true));
  Bytes plain;
  for (std::uint64_t offset = 0; offset < body.size(); offset += kChunk) {
    plain.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, body.size() - offset)));
    TRY(read_chunk(body, offset, plain));
    bool last = offset + plain.size() == body.size();
    TRY_ASSIGN(Bytes sealed, sealer.chunk(plain, last));
    // Archives and the like: if the beginning does not shrink by a sixteenth, the reader is spared the work.
    if (offset == 0 && sealed.size() > plain.size() - plain.size() / 16) {
      TRY_ASSIGN(sealer, start(database, id, false));
      TRY_ASSIGN(sealed, sealer.chunk(plain, last));
    }
    TRY(sink(std::move(sealed)));
  }
  return sealer.header();
}

Result<> seal_rows(Database& database, const Body& body, SealedBody& out) {
  TRY_ASSIGN(out.ref.header, seal_chunks(database, out.ref.id, body, [&](Bytes sealed) -> Result<> {
               out.stored += sealed.size();
               out.rows.push_back(std::move(sealed));
               return {};
             }));
  return {};
}

Result<> seal_file(Database& database, const Body& body, SealedBody& out) {
  TRY_ASSIGN(Objects::Draft draft, database.objects()->create(out.ref.id));
  Bytes lengths;
  TRY_ASSIGN(out.ref.header, seal_chunks(database, out.ref.id, body, [&](Bytes sealed) -> Result<> {
               append_be(lengths, static_cast<std::uint32_t>(sealed.size()));
               out.stored += sealed.size();
               return draft.append(sealed);
             }));
  MemoryBody index(std::string(text(lengths)));
  SealedBody sealed_index;
  sealed_index.ref.id = out.ref.id;
  TRY(seal_rows(database, index, sealed_index));
  out.ref.index = sealed_index.ref.header;
  out.rows = std::move(sealed_index.rows);
  out.stored += sealed_index.stored;
  return draft.keep();
}

}  // namespace

Result<SealedBody> seal_body(Database& database, const Body& body) {
  SealedBody out;
  SecretBytes random = SecretBytes::random(out.ref.id.size());
  std::copy(random.reveal().begin(), random.reveal().end(), out.ref.id.begin());
  out.pin = database.locks().pin(out.ref.id);
  if (body.size() > kRowsMost && database.objects()) {
    TRY(seal_file(database, body, out));
  } else {
    TRY(seal_rows(database, body, out));
  }
  return out;
}

bool same_bytes(const Body& one, const Body& other) {
  if (one.size() != other.size()) return false;
  Bytes a, b;
  for (std::uint64_t offset = 0; offset < one.size(); offset += kChunk) {
    a.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, one.size() - offset)));
    b.resize(a.size());
    if (!read_chunk(one, offset, a) || !read_chunk(other, offset, b) || a != b) return false;
  }
  return true;
}

}  // namespace rfs::store
