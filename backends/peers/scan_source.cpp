#include "backends/peers/scan_source.h"

#include <algorithm>

#include "base/bytes.h"

namespace rfs {
namespace {

Bytes scan_prefix(std::string_view kind) {
  Bytes out;
  append_lp(out, "codeql");
  append_lp(out, kind);
  return out;
}

}  // namespace

std::string canonical_scan_name(std::string_view repository, std::string_view commit, std::string_view config,
                                std::string_view language) {
  std::string lower(repository);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  Bytes out = scan_prefix("name");
  append_lp(out, lower);
  append_lp(out, commit);
  append_lp(out, config);
  append_lp(out, language);
  return std::string(text(out));
}

std::string canonical_scan_key(std::string_view hash) {
  Bytes out = scan_prefix("key");
  append_lp(out, hash);
  return std::string(text(out));
}

}  // namespace rfs
