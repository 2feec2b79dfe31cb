#include "backends/github/etag.h"

#include <algorithm>

#include "base/encode.h"
#include "crypto/hash.h"

namespace rfs {

namespace {

Sha256 begin(std::string_view accept, const SecretBytes& authorization) {
  Sha256 hash;
  hash.update(view(accept)).update(view(":"));
  if (!authorization.empty()) hash.update(authorization.reveal()).update(view(":"));
  return hash;
}

std::string quoted(const Digest& digest) { return '"' + hex(digest) + '"'; }

std::string_view strong(std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  return tag;
}

}  // namespace

std::string etag_of(std::string_view accept, const SecretBytes& authorization, std::string_view body) {
  return quoted(begin(accept, authorization).update(view(body)).finish());
}

Result<std::string> etag_of(std::string_view accept, const SecretBytes& authorization, const Body& body) {
  if (auto all = body.in_memory(); !all.empty()) return etag_of(accept, authorization, all);
  Sha256 hash = begin(accept, authorization);
  Bytes chunk(65'536);
  for (std::uint64_t at = 0; at < body.size();) {
    TRY_ASSIGN(const std::size_t n, body.read_at(at, chunk));
    if (n == 0) return fail(Code::kBroken, "a cached body is shorter than it says");
    hash.update(BytesView(chunk).first(n));
    at += n;
  }
  return quoted(hash.finish());
}

bool same_tag(std::string_view a, std::string_view b) {
  a = strong(a);
  return a.size() >= 2 && a.front() == '"' && a.back() == '"' && a == strong(b);
}

bool is_hash_tag(std::string_view tag) {
  tag = strong(tag);
  return tag.size() == 66 && tag.front() == '"' && tag.back() == '"' &&
         std::all_of(tag.begin() + 1, tag.end() - 1,
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string random_tag() { return '"' + hex(SecretBytes::random(32).reveal()) + '"'; }

}  // namespace rfs
