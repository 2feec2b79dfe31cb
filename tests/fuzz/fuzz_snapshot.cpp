// libFuzzer: the bytes of a snapshot, which anybody may have written, the names and beacons in a listing
// of caches, and comments of the registry of peers.
// Beside not crashing: what comes out has the SHA-256 that it says, and is bounded.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "backends/actions/beacon.h"
#include "backends/actions/peer_registry.h"
#include "backends/actions/snapshot_place.h"
#include "backends/actions/snapshot_reader.h"
#include "backends/actions/travel.h"
#include "crypto/hash.h"

namespace {

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

constexpr std::uint64_t kMost = 1u << 20;

void read_snapshot(rfs::BytesView bytes) {
  auto reader = rfs::SnapshotReader::open(
      [&, at = std::size_t{0}](rfs::MutableBytes out) mutable -> rfs::Result<std::size_t> {
        const std::size_t n = std::min(out.size(), bytes.size() - at);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
        at += n;
        return n;
      },
      kMost);
  if (!reader || !reader->begin(nullptr)) return;
  while (true) {
    auto entry = reader->next();
    if (!entry || !*entry) return;
    require((**entry)->body->size() <= kMost);
    require(rfs::sha256(rfs::view((**entry)->body->in_memory())) == (**entry)->sha256);
    require((**entry)->key.partition.empty());
    if (const auto kept = rfs::arrived(std::move(***entry), false, 1'700'000'000.0))
      require(kept->key.space == rfs::Space::kApi && kept->meta.etag.empty() && kept->meta.expires_at == 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rfs::BytesView bytes(data, size);
  const std::string_view text = rfs::text(bytes);
  read_snapshot(bytes);
  // What most random bytes do not get past.
  rfs::Bytes framed = rfs::skippable(rfs::FrameKind::kHead, rfs::encode_head({}));
  rfs::append(framed, bytes);
  read_snapshot(framed);
  (void)rfs::decode_head(bytes);
  if (const auto name = rfs::parse_snapshot_name(text)) require(rfs::snapshot_name(*name) == text);
  static const rfs::SecretBytes key(32);
  (void)rfs::decode_beacon(key, "network", text);
  const std::string json = "<!-- peers:r -->\n```json\n" + std::string(text) + "\n```\n";
  for (const std::string_view comment : {text, std::string_view(json)})
    if (const auto peer = rfs::parse_registry_comment("peers", comment)) {
      require(peer->addresses.size() <= 8 && !peer->peer_id.empty() && peer->runner.size() <= 512);
      // What is read is read again from what it is written as.
      auto kept = *peer;
      kept.runner = rfs::registry_runner_name(kept.runner);
      if (kept.seen < 0 || kept.seen > 4e9 || kept.addresses.empty()) continue;
      const auto again = rfs::parse_registry_comment("peers", rfs::render_registry_comment("peers", kept, "fuzz"));
      require(again && again->peer_id == kept.peer_id && again->addresses == kept.addresses);
    }
  (void)rfs::carries_token(rfs::MemoryBody(std::string(text)));
  return 0;
}
