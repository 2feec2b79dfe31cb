// Manifests of scans, which peers and snapshots bring.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "backends/codeql/writer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rfs;
  static const bool ready = secret_setup();
  static const SigningKey key = SigningKey::generate();
  static const std::vector<Ed25519Public> writers{key.public_key()};
  const std::string digest(64, 'd');
  auto manifest = codeql::parse_manifest({reinterpret_cast<const char*>(data), size});
  if (!ready || !manifest) return 0;
  // Nobody but the writer can have signed it.
  if (codeql::is_signed_by(*manifest, digest, writers)) std::abort();
  const std::string once = codeql::manifest_json(*manifest);
  const auto again = codeql::parse_manifest(once);
  if (!again || codeql::manifest_json(*again) != once) std::abort();
  codeql::sign_scan(*manifest, digest, key, 5);
  const auto travelled = codeql::parse_manifest(codeql::manifest_json(*manifest));
  if (!travelled || !codeql::is_signed_by(*travelled, digest, writers)) std::abort();
  return 0;
}
