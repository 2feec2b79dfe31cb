#include "cli/fleet_key.h"

#include <cstring>

#include "base/encode.h"
#include "cli/value.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

constexpr std::string_view kPrefix = "rfs1-";
constexpr std::size_t kKey = 32, kCheck = 3;

Digest check_of(BytesView key) { return Sha256().update(view("runnerfs/v1/fleet")).update(key).finish(); }

}  // namespace

SecretBytes fleet_key_text(const SecretBytes& key) {
  const Digest check = check_of(key.reveal());
  SecretBytes whole(kKey + kCheck);
  std::memcpy(whole.reveal_mutable().data(), key.reveal().data(), kKey);
  std::memcpy(whole.reveal_mutable().data() + kKey, check.data(), kCheck);
  std::string text = base32_lower(whole.reveal());
  SecretBytes out(kPrefix.size() + text.size());
  std::memcpy(out.reveal_mutable().data(), kPrefix.data(), kPrefix.size());
  std::memcpy(out.reveal_mutable().data() + kPrefix.size(), text.data(), text.size());
  ::explicit_bzero(text.data(), text.size());
  return out;
}

Result<SecretBytes> parse_fleet_key(std::string_view text) {
  text = trimmed(text);
  const auto refuse = [](const char* why) {
    return fail(Code::kInvalid, why, "`runnerfs keygen` prints one; copy it whole");
  };
  if (!text.starts_with(kPrefix)) return refuse("a fleet secret begins with rfs1-");
  auto whole = unbase32(text.substr(kPrefix.size()));
  if (!whole || whole->size() != kKey + kCheck) return refuse("the fleet secret is not complete");
  SecretBytes key = SecretBytes::copy_of(BytesView(*whole).first(kKey));
  const Digest check = check_of(key.reveal());
  const bool same = std::memcmp(check.data(), whole->data() + kKey, kCheck) == 0;
  ::explicit_bzero(whole->data(), whole->size());
  if (!same) return refuse("the fleet secret was mistyped: its check digits differ");
  return key;
}

}  // namespace rfs
