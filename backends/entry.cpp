#include "backends/entry.h"

namespace rfs {

std::string unique_text(const EntryKey& key) {
  std::string out;
  out.reserve(9 + key.partition.size() + key.cls.size() + key.canonical.size());
  out.push_back(static_cast<char>(key.space));
  for (const std::string* part : {&key.partition, &key.cls}) {
    const auto size = static_cast<std::uint32_t>(part->size());
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
    out += *part;
  }
  out += key.canonical;
  return out;
}

std::string user_path(const EntryKey& key) {
  std::string path(space_word(key.space));
  if (!key.directory.empty()) path += "/" + key.directory;
  return path + "/" + key.name;
}

std::string_view space_word(Space space) {
  switch (space) {
    case Space::kApi:
      return "api";
    case Space::kCache:
      return "cache";
    case Space::kCodeql:
      return "codeql";
  }
  return "unknown";
}

std::string_view source_word(Source source) {
  switch (source) {
    case Source::kMemory:
      return "memory";
    case Source::kDisk:
      return "disk";
    case Source::kPeer:
      return "peer";
    case Source::kOrigin:
      return "origin";
  }
  return "unknown";
}

std::string_view proof_word(Proof proof) {
  switch (proof) {
    case Proof::kOrigin:
      return "origin";
    case Proof::kEtag:
      return "etag";
    case Proof::kSharedSecret:
      return "shared-secret";
    case Proof::kLocal:
      return "local";
  }
  return "unknown";
}

}  // namespace rfs
