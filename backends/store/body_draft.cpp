#include "backends/store/body_draft.h"

#include <algorithm>
#include <cstring>

namespace rfs::store {

DraftedBody::~DraftedBody() {
  if (sealed_.ref.index && !*committed_.lock()) database_->objects()->remove(sealed_.ref.id);
}

std::size_t DraftedBody::memory() const {
  std::size_t bytes = sizeof *this + offsets_.capacity() * sizeof(std::uint64_t);
  for (const Bytes& row : sealed_.rows) bytes += row.capacity();
  return bytes;
}

Result<Bytes> DraftedBody::chunk(std::uint64_t index) const {
  if (offsets_.empty()) return sealed_.rows.at(index);
  return database_->objects()->read(sealed_.ref.id, offsets_[index],
                                    static_cast<std::size_t>(offsets_[index + 1] - offsets_[index]));
}

// Read once at most, by whoever asks between the put and its commit: no chunk is kept.
Result<std::size_t> DraftedBody::read_at(std::uint64_t offset, MutableBytes out) const {
  TRY_ASSIGN(const SecretBytes* key, database_->ring().record_key(database_->ring().current_term(), RecordKind::kBody));
  TRY_ASSIGN(const Opener opener, Opener::start(*key, RecordKind::kBody, sealed_.ref.header,
                                                body_identity(database_->ring(), sealed_.ref.id)));
  std::size_t done = 0;
  while (done < out.size() && offset < size_) {
    const std::uint64_t index = offset / kChunk;
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, size_ - index * kChunk));
    TRY_ASSIGN(const Bytes sealed, chunk(index));
    TRY_ASSIGN(const Bytes plain,
               opener.chunk(static_cast<std::uint32_t>(index), (index + 1) * kChunk >= size_, sealed, length));
    const auto within = static_cast<std::size_t>(offset % kChunk);
    const std::size_t n = std::min(out.size() - done, plain.size() - within);
    std::memcpy(out.data() + done, plain.data() + within, n);
    done += n;
    offset += n;
  }
  return done;
}

Result<> BodyDraft::append(BytesView bytes) {
  size_ += bytes.size();
  if (size_ > kBodyMost) return fail(Code::kTooLarge, "a body is too large for the store");
  if (!stream_ && size_ <= kRowsMost) {
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    return {};
  }
  if (!stream_) TRY(begin());
  while (!bytes.empty()) {
    // A full chunk waits until it is known not to be the last.
    if (pending_.size() == kChunk) {
      TRY(seal(pending_, false));
      pending_.clear();
    }
    if (pending_.empty() && bytes.size() > kChunk) {
      TRY(seal(bytes.first(kChunk), false));
      bytes = bytes.subspan(kChunk);
      continue;
    }
    const std::size_t n = std::min(bytes.size(), kChunk - pending_.size());
    pending_.insert(pending_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    bytes = bytes.subspan(n);
  }
  return {};
}

// What came so far is sealed, but for what may be its last chunk.
Result<> BodyDraft::begin() {
  sealed_.ref.id = fresh_body_id();
  sealed_.pin = database_->locks().pin(sealed_.ref.id);
  TRY_ASSIGN(stream_, ChunkStream::start(*database_, sealed_.ref.id));
  if (database_->objects()) {
    TRY_ASSIGN(Objects::Draft file, database_->objects()->create(sealed_.ref.id));
    file_.emplace(std::move(file));
    offsets_.push_back(0);
  }
  const Bytes early = std::exchange(pending_, {});
  pending_.reserve(kChunk);
  std::size_t at = 0;
  for (; early.size() - at > kChunk; at += kChunk) TRY(seal(BytesView(early).subspan(at, kChunk), false));
  pending_.assign(early.begin() + static_cast<std::ptrdiff_t>(at), early.end());
  return {};
}

Result<> BodyDraft::seal(BytesView plain, bool last) {
  TRY_ASSIGN(Bytes sealed, stream_->next(plain, last));
  sealed_.stored += sealed.size();
  if (!file_) {
    sealed_.rows.push_back(std::move(sealed));
    return {};
  }
  append_be(lengths_, static_cast<std::uint32_t>(sealed.size()));
  offsets_.push_back(offsets_.back() + sealed.size());
  return file_->append(sealed);
}

Result<std::shared_ptr<const Body>> BodyDraft::finish() {
  if (!stream_) return std::shared_ptr<const Body>(std::make_shared<MemoryBody>(std::string(text(pending_))));
  TRY(seal(pending_, true));
  sealed_.ref.header = stream_->header();
  if (file_) {
    TRY(seal_index(*database_, lengths_, sealed_));
    TRY(file_->keep());
  }
  return std::shared_ptr<const Body>(
      std::make_shared<DraftedBody>(database_, std::move(sealed_), size_, std::move(offsets_)));
}

}  // namespace rfs::store
