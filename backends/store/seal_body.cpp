#include "backends/store/seal_body.h"

#include <algorithm>
#include <functional>

#include "base/secret.h"

namespace rfs::store {

namespace {

using Sink = std::function<Result<>(Bytes sealed)>;

Result<Sealer> sealer_of(const Database& database, const Id16& id, bool zstd) {
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
  TRY_ASSIGN(ChunkStream stream, ChunkStream::start(database, id));
  Bytes plain;
  for (std::uint64_t offset = 0; offset < body.size(); offset += kChunk) {
    plain.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, body.size() - offset)));
    TRY(read_chunk(body, offset, plain));
    TRY_ASSIGN(Bytes sealed, stream.next(plain, offset + plain.size() == body.size()));
    TRY(sink(std::move(sealed)));
  }
  return stream.header();
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
  TRY(seal_index(database, lengths, out));
  return draft.keep();
}

}  // namespace

Result<ChunkStream> ChunkStream::start(const Database& database, const Id16& id) {
  TRY_ASSIGN(Sealer sealer, sealer_of(database, id, true));
  return ChunkStream(database, id, std::move(sealer));
}

Result<Bytes> ChunkStream::next(BytesView plain, bool last) {
  TRY_ASSIGN(Bytes sealed, sealer_.chunk(plain, last));
  // Archives and the like: if the beginning does not shrink by a sixteenth, the reader is spared the work.
  if (!std::exchange(begun_, true) && sealed.size() > plain.size() - plain.size() / 16) {
    TRY_ASSIGN(sealer_, sealer_of(*database_, id_, false));
    TRY_ASSIGN(sealed, sealer_.chunk(plain, last));
  }
  return sealed;
}

Id16 fresh_body_id() {
  Id16 id{};
  const SecretBytes random = SecretBytes::random(id.size());
  std::copy(random.reveal().begin(), random.reveal().end(), id.begin());
  return id;
}

Result<> seal_index(Database& database, const Bytes& lengths, SealedBody& out) {
  MemoryBody index(std::string(text(lengths)));
  SealedBody sealed;
  sealed.ref.id = out.ref.id;
  TRY(seal_rows(database, index, sealed));
  out.ref.index = sealed.ref.header;
  out.rows = std::move(sealed.rows);
  out.stored += sealed.stored;
  return {};
}

Result<SealedBody> seal_body(Database& database, const Body& body) {
  SealedBody out;
  out.ref.id = fresh_body_id();
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
