#include "backends/store/stored_body.h"

#include <algorithm>
#include <cstring>

#include "base/encode.h"

namespace rfs::store {

StoredBody::StoredBody(std::shared_ptr<Database> database, BodyRef ref, std::uint64_t raw_len, std::string path)
    : database_(std::move(database)),
      ref_(ref),
      size_(raw_len),
      path_(std::move(path)),
      pin_(database_->locks().pin(ref.id)) {}

std::string StoredBody::record_name(const Id16& id) { return "body " + hex(id); }

std::size_t StoredBody::memory() const {
  std::lock_guard lock(mutex_);
  return sizeof *this + path_.capacity() + state_.cached.capacity() + state_.offsets.capacity() * sizeof(std::uint64_t);
}

std::size_t StoredBody::chunk_size(std::uint64_t index) const {
  return static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, size_ - index * kChunk));
}

Result<std::size_t> StoredBody::read_at(std::uint64_t offset, MutableBytes out) const {
  std::size_t done = 0;
  std::lock_guard lock(mutex_);
  while (done < out.size() && offset < size_) {
    std::uint64_t index = offset / kChunk;
    if (!state_.has_cached || state_.cached_index != index) {
      if (auto loaded = load(state_, index); !loaded) {
        const Error& error = loaded.error();
        // A database that is busy says nothing about the body.
        if (error.code == Code::kTampered || error.code == Code::kBroken)
          database_->faults().spoiled(record_name(ref_.id), path_, error);
        return fail(error);
      }
    }
    std::size_t within = static_cast<std::size_t>(offset % kChunk);
    std::size_t n = std::min(out.size() - done, state_.cached.size() - within);
    std::memcpy(out.data() + done, state_.cached.data() + within, n);
    done += n;
    offset += n;
  }
  return done;
}

Result<> StoredBody::load(State& state, std::uint64_t index) const {
  if (!state.opener) TRY(start(state));
  Bytes sealed;
  if (ref_.index) {
    if (state.offsets.empty()) TRY(load_index(state));
    std::uint64_t from = state.offsets[index];
    TRY_ASSIGN(sealed,
               database_->objects()->read(ref_.id, from, static_cast<std::size_t>(state.offsets[index + 1] - from)));
  } else {
    TRY_ASSIGN(sealed, row(index));
  }
  state.has_cached = false;
  TRY_ASSIGN(state.cached,
             state.opener->chunk(static_cast<std::uint32_t>(index), index + 1 == chunks(), sealed, chunk_size(index)));
  state.cached_index = index;
  state.has_cached = true;
  return {};
}

namespace {

Result<Opener> open_body(const KeyRing& ring, const Id16& id, const RecordHeader& header) {
  TRY_ASSIGN(HeaderFields fields, parse_header(header));
  TRY_ASSIGN(const SecretBytes* key, ring.record_key(fields.term, RecordKind::kBody));
  return Opener::start(*key, RecordKind::kBody, header, body_identity(ring, id));
}

}  // namespace

Result<> StoredBody::start(State& state) const {
  if (ref_.index && !database_->objects())
    return fail(Code::kBroken, "a body of a store in memory is said to be a file");
  TRY_ASSIGN(state.opener, open_body(database_->ring(), ref_.id, ref_.header));
  return {};
}

Result<Bytes> StoredBody::row(std::uint64_t index) const {
  TRY_ASSIGN(auto db, database_->connections().read());
  auto stmt = db->use("SELECT data FROM chunk WHERE body_id = ? AND i = ?");
  stmt.blob(ref_.id).integer(static_cast<std::int64_t>(index));
  TRY_ASSIGN(bool found, stmt.step());
  if (!found) return fail(Code::kBroken, "a chunk of a body is missing from the database");
  BytesView data = stmt.blob_at(0);
  return Bytes(data.begin(), data.end());
}

Result<> StoredBody::load_index(State& state) const {
  TRY_ASSIGN(Opener opener, open_body(database_->ring(), ref_.id, *ref_.index));
  std::size_t bytes = static_cast<std::size_t>(chunks()) * sizeof(std::uint32_t);
  std::vector<std::uint64_t> offsets{0};
  for (std::size_t i = 0, at = 0; at < bytes; ++i) {
    std::size_t n = std::min(kChunk, bytes - at);
    at += n;
    TRY_ASSIGN(Bytes sealed, row(i));
    TRY_ASSIGN(Bytes plain, opener.chunk(static_cast<std::uint32_t>(i), at == bytes, sealed, n));
    for (std::size_t k = 0; k < n; k += sizeof(std::uint32_t)) {
      std::uint32_t length = read_be<std::uint32_t>(BytesView(plain).subspan(k));
      // No chunk is longer than one that zstd could not shrink; what the index says is asked for in one piece.
      if (length < kTag || length > 2 * kChunk) return fail(Code::kTampered, "the index of a body makes no sense");
      offsets.push_back(offsets.back() + length);
    }
  }
  state.offsets = std::move(offsets);
  return {};
}

}  // namespace rfs::store
