#include "backends/peers/sharing.h"

#include <algorithm>
#include <array>

#include "backends/github/request.h"
#include "base/json_tokens.h"

namespace rfs {
namespace {

constexpr std::size_t kScanPiece = 64 * 1024;
constexpr int kWithoutTtl = 60;  // seconds

// Looks for members that carry credentials.
class CredentialScan final : public JsonSink {
 public:
  bool found() const { return found_; }

  Error reason() const override { return {Code::kDenied, "the answer carries a credential", "", -1}; }
  bool begin_object() override { return leaf_not_empty(); }
  Interest name(std::string_view text, bool whole) override {
    in_ = !whole || text == "url" || text.ends_with("_url") ? Member::kUrl
          : text == "temp_clone_token"                      ? Member::kCloneToken
                                                            : Member::kOther;
    return Interest::kValue;
  }
  bool end_object() override { return left(); }
  bool begin_array() override { return leaf_not_empty(); }
  bool end_array() override { return left(); }
  bool string(std::string_view text, bool whole) override {
    if (in_ == Member::kCloneToken && !text.empty()) return refuse();
    if (in_ == Member::kUrl && (!whole || text.find("token=") != std::string_view::npos)) return refuse();
    return true;
  }
  bool number(std::string_view, bool) override { return leaf_not_empty(); }
  bool boolean(bool) override { return leaf_not_empty(); }
  bool null() override { return true; }

 private:
  enum class Member { kOther, kCloneToken, kUrl };
  bool refuse() {
    found_ = true;
    return false;
  }
  // A clone token of another type than text is none that we know how to judge.
  bool leaf_not_empty() { return in_ == Member::kCloneToken ? refuse() : true; }
  bool left() {
    in_ = Member::kOther;
    return true;
  }

  Member in_ = Member::kOther;
  bool found_ = false;
};

bool take_part(std::string_view& from, std::string_view& part) {
  if (from.size() < 2) return false;
  const std::size_t size = read_be<std::uint16_t>(view(from));
  if (from.size() < 2 + size) return false;
  part = from.substr(2, size);
  from.remove_prefix(2 + size);
  return true;
}

}  // namespace

std::optional<CanonicalParts> parse_canonical(std::string_view canonical) {
  CanonicalParts parts;
  for (std::string_view* part : {&parts.host, &parts.path, &parts.query, &parts.accept, &parts.version})
    if (!take_part(canonical, *part)) return std::nullopt;
  if (!canonical.empty()) return std::nullopt;
  return parts;
}

std::string canonical_cache_key(std::string_view key) {
  Bytes out;
  append_lp(out, "cache");
  append_lp(out, key.substr(0, 0xFFFF));
  return std::string(text(out));
}

bool path_may_be_shared(const Routes& routes, std::string_view path) {
  const Route* route = routes.find(path);
  return route && route->shareable && route->store && routes.permitted(path);
}

bool entry_may_leave(const Routes& routes, const Entry& entry) {
  if (entry.key.space != Space::kApi || entry.meta.source != Source::kOrigin || entry.meta.status != 200) return false;
  if (entry.meta.proof == Proof::kSharedSecret) return false;
  const auto parts = parse_canonical(entry.key.canonical);
  return parts && path_may_be_shared(routes, parts->path);
}

Result<bool> body_may_leave(std::string_view accept, const Body& body) {
  ApiRequest request;
  request.accept = accept;
  if (!is_json(request)) return true;
  CredentialScan scan;
  JsonTokens tokens(scan, JsonTokens::kDepthMost);
  Bytes piece(std::min<std::uint64_t>(kScanPiece, body.size()));
  for (std::uint64_t at = 0; at < body.size();) {
    TRY_ASSIGN(const std::size_t n, body.read_at(at, piece));
    if (n == 0) return fail(Code::kBroken, "a body that is shorter than it says");
    if (!tokens.push(text(BytesView(piece).first(n)))) return false;
    at += n;
  }
  return tokens.finish().has_value() && !scan.found();
}

bool word_counts(const Route& route) {
  static constexpr std::array<std::string_view, 9> kChoosing = {"releases", "git",     "branches",  "tags",         "commits",
                                                                "contents", "compare", "artifacts", "code-scanning"};
  static constexpr std::array<std::string_view, 5> kMore = {"tarball", "zipball", "readme", "merges", "matching-refs"};
  std::string_view rest = route.pattern;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view component = rest.substr(0, rest.find('/'));
    rest.remove_prefix(component.size());
    if (std::find(kChoosing.begin(), kChoosing.end(), component) != kChoosing.end() ||
        std::find(kMore.begin(), kMore.end(), component) != kMore.end())
      return false;
  }
  return true;
}

double word_ends(int ttl, double fetched_at) { return fetched_at + (ttl >= 0 ? ttl : kWithoutTtl); }

}  // namespace rfs
