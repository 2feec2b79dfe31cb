#include "backends/actions/snapshot.h"

#include <unistd.h>

#include <unordered_map>

#include "backends/actions/snapshot_writer.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

constexpr std::uint64_t kFlushEvery = 16u << 20;  // bytes on their way to the store that are held in memory

Digest name_digest(const Entry& entry) {
  const std::uint8_t space = static_cast<std::uint8_t>(entry.key.space);
  Sha256 hash;
  hash.update(BytesView(&space, 1)).update(view(entry.key.canonical));
  // A result of a scan is one for each class of trust.
  if (!entry.key.cls.empty()) hash.update(view("\n" + entry.key.cls));
  return hash.finish();
}

void mix(Digest& into, const Entry& entry) {
  const Digest name = name_digest(entry);
  const Digest one = Sha256().update(BytesView(name)).update(BytesView(entry.sha256)).finish();
  for (std::size_t i = 0; i < into.size(); ++i) into[i] ^= one[i];
}

struct DigestHash {
  std::size_t operator()(const Digest& digest) const {
    std::size_t out;
    std::memcpy(&out, digest.data(), sizeof out);
    return out;
  }
};

}  // namespace

EntrySource store_source(DiskTier& store) {
  return [&store](const std::function<bool(const Entry&)>& visit) -> Result<> {
    bool going = true;
    const auto pass = [&](const Entry& entry) { return going = visit(entry); };
    TRY(store.each(Space::kApi, nullptr, pass));
    if (going) TRY(store.each(Space::kCache, nullptr, pass));
    return {};
  };
}

ByteSource bytes_of_file(int fd) {
  return [fd, at = off_t{0}](MutableBytes out) mutable -> Result<std::size_t> {
    const ssize_t n = ::pread(fd, out.data(), out.size(), at);
    if (n < 0) return fail_errno(errno, "the snapshot cannot be read");
    at += n;
    return static_cast<std::size_t>(n);
  };
}

EntrySource file_source(int fd, std::uint64_t body_most) {
  return [fd, body_most](const std::function<bool(const Entry&)>& visit) -> Result<> {
    TRY_ASSIGN(SnapshotReader reader, SnapshotReader::open(bytes_of_file(fd), body_most));
    TRY(reader.begin(nullptr));
    while (true) {
      TRY_ASSIGN(const auto entry, reader.next());
      if (!entry || !visit(**entry)) return {};
    }
  };
}

Result<Saved> save_snapshot(const EntrySource& source, Travel& travel, int fd, const SnapshotHead& head,
                            const SecretBytes* key, double now, const Progress& progress) {
  TRY(source([&](const Entry& entry) {
    travel.learn(entry);
    return true;
  }));
  // Of one answer that several credentials have, the one that was confirmed last.
  std::unordered_map<Digest, double, DigestHash> newest;
  TRY(source([&](const Entry& entry) {
    if (!travel.may_leave(entry)) return true;
    const auto [at, fresh] = newest.try_emplace(name_digest(entry), entry.meta.validated_at);
    if (!fresh && at->second < entry.meta.validated_at) at->second = entry.meta.validated_at;
    return true;
  }));
  TRY_ASSIGN(SnapshotWriter writer, SnapshotWriter::start(fd, head, key));
  Saved saved;
  Result<> written;
  TRY(source([&](const Entry& entry) {
    const auto at = newest.find(name_digest(entry));
    if (at == newest.end() || at->second != entry.meta.validated_at || !travel.may_leave(entry)) return true;
    newest.erase(at);
    if (carries_token(*entry.body)) {
      ++saved.withheld;
      return true;
    }
    written = writer.add(entry);
    if (!written) return false;
    mix(saved.fingerprint, entry);
    if (!progress(writer.entries(), writer.bytes())) written = fail(Code::kAborted, "the snapshot was interrupted");
    return written.has_value();
  }));
  TRY(std::move(written));
  TRY_ASSIGN(saved.size, writer.finish(now));
  saved.entries = writer.entries();
  saved.bytes = writer.bytes();
  return saved;
}

Result<Restored> restore_snapshot(SnapshotReader& reader, bool trusted, DiskTier& store, const ScanTaker& scans,
                                  double now, const Progress& progress) {
  Restored out;
  std::uint64_t waiting = 0;
  while (true) {
    auto next = reader.next();
    if (!next) {
      out.ended = std::move(next.error());
      break;
    }
    if (!*next) break;
    mix(out.fingerprint, ***next);
    if ((**next)->key.space == Space::kCodeql) {
      ScanFate fate = ScanFate::kRefused;
      if (trusted && scans) {
        TRY_ASSIGN(fate, scans(***next));
      }
      out.refused += fate == ScanFate::kRefused;
      out.kept += fate == ScanFate::kKept;
      out.entries += fate == ScanFate::kTaken;
      if (fate == ScanFate::kTaken) out.bytes += (**next)->body->size();
      if (progress(out.entries, out.bytes)) continue;
      out.ended = Error{Code::kAborted, "the snapshot was interrupted", "", -1};
      break;
    }
    const auto entry = arrived(std::move(***next), trusted, now);
    if (!entry) {
      ++out.refused;
      continue;
    }
    const auto held = store.find(entry->key);
    const EntryPtr here = held ? *held : nullptr;
    if (here && (here->sha256 == entry->sha256 || here->meta.fetched_at >= entry->meta.fetched_at)) {
      ++out.kept;
      continue;
    }
    TRY(store.put(entry));
    ++out.entries;
    out.bytes += entry->body->size();
    waiting += entry->body->size() + 1'024;
    if (waiting >= kFlushEvery) {
      TRY(store.flush(false));
      waiting = 0;
    }
    if (!progress(out.entries, out.bytes)) {
      out.ended = Error{Code::kAborted, "the snapshot was interrupted", "", -1};
      break;
    }
  }
  TRY(store.flush(false));
  return out;
}

}  // namespace rfs
