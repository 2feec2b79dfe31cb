#include "backends/actions/snapshot_head.h"

#include <algorithm>

#include "crypto/kdf.h"

namespace rfs {
namespace {

constexpr std::string_view kHeadMagic = "RFSN";
constexpr std::size_t kHeadTextMost = 1'024;  // of a repository, of a class
constexpr unsigned kStretch = 100'000;

// lp(x) off the front; false when it is not there.
bool take_lp(BytesView& bytes, std::string& out) {
  if (bytes.size() < 2) return false;
  const std::size_t size = read_be<std::uint16_t>(bytes);
  if (size > kHeadTextMost || bytes.size() - 2 < size) return false;
  out = std::string(text(bytes.subspan(2, size)));
  bytes = bytes.subspan(2 + size);
  return true;
}

}  // namespace

Bytes encode_head(const SnapshotHead& head) {
  Bytes out;
  append(out, kHeadMagic);
  out.push_back(kSnapshotVersion);
  out.push_back(head.sealed ? 1 : 0);
  append_lp(out, head.repository);
  append_lp(out, head.cls);
  append(out, BytesView(head.id));
  return out;
}

Result<SnapshotHead> decode_head(BytesView bytes) {
  if (bytes.size() < kHeadMagic.size() + 2 || text(bytes.first(4)) != kHeadMagic)
    return fail(Code::kInvalid, "it is no snapshot of runnerfs");
  if (bytes[4] != kSnapshotVersion)
    return fail(Code::kUnsupported, "it is a snapshot of another version of the format",
                "the next save of this version replaces it");
  SnapshotHead head;
  head.sealed = bytes[5] == 1;
  const bool known = bytes[5] <= 1;
  bytes = bytes.subspan(6);
  if (!known || !take_lp(bytes, head.repository) || !take_lp(bytes, head.cls) || bytes.size() != head.id.size())
    return fail(Code::kInvalid, "its head is not of the form");
  std::copy(bytes.begin(), bytes.end(), head.id.begin());
  return head;
}

Bytes snapshot_identity(const SnapshotHead& head, std::uint64_t part) {
  Bytes number, out;
  append_be(number, part);
  append_lp(out, head.repository);
  append_lp(out, head.cls);
  append_lp(out, BytesView(head.id));
  append_lp(out, BytesView(number));
  return out;
}

SecretBytes snapshot_key(BytesView secret) { return pbkdf2_sha256(secret, view("runnerfs/snapshot/1"), kStretch); }

SecretBytes snapshot_record_key(const SecretBytes& key, std::string_view repository) {
  return hkdf(key.reveal(), view(repository), view("runnerfs/v1/snapshot"));
}

}  // namespace rfs
