#include "backends/actions/travel.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "backends/cache/cache.h"
#include "base/json.h"
#include "base/text.h"

namespace rfs {
namespace {

constexpr double kAheadMost = 300;  // an entry dated further ahead is not believed
constexpr double kLifeMost = 366.0 * 86400;
constexpr double kTravelAge = 7.0 * 86400;  // what nobody had confirmed for that long is not carried on

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::optional<std::string_view> take_piece(BytesView& bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const std::size_t size = read_be<std::uint16_t>(bytes);
  if (bytes.size() - 2 < size) return std::nullopt;
  const std::string_view out = text(bytes.subspan(2, size));
  bytes = bytes.subspan(2 + size);
  return out;
}

bool live_document(const Entry& entry, double now) {
  const Meta& meta = entry.meta;
  return now <= meta.expires_at && meta.fetched_at <= now + kAheadMost &&
         meta.expires_at - meta.fetched_at <= kLifeMost;
}

}  // namespace

std::optional<TravelName> api_name(const Entry& entry) {
  if (entry.key.space != Space::kApi) return std::nullopt;
  BytesView rest = view(entry.key.canonical);
  const auto host = take_piece(rest), path = take_piece(rest), query = take_piece(rest);
  const auto accept = take_piece(rest), version = take_piece(rest);
  if (!host || !path || !query || !accept || !version || !rest.empty()) return std::nullopt;
  if (!path->starts_with("/")) return std::nullopt;
  return TravelName{*path, *query};
}

std::string repository_of_path(std::string_view path) {
  constexpr std::string_view kByName = "/repos/", kById = "/repositories/";
  if (path.starts_with(kById)) {
    path.remove_prefix(kById.size());
    return "/" + std::string(path.substr(0, path.find('/')));
  }
  if (!path.starts_with(kByName)) return {};
  path.remove_prefix(kByName.size());
  const auto owner = path.find('/');
  if (owner == std::string_view::npos) return {};
  return lower_case(path.substr(0, path.find('/', owner + 1)));
}

Travel::Travel(TravelRules rules, const Routes& routes) : rules_(std::move(rules)), routes_(routes) {}

void Travel::know_public(std::string_view repository, std::string_view id) {
  const Seen now{rules_.now, true};
  if (!repository.empty()) seen_.insert_or_assign(lower_case(repository), now);
  if (!id.empty()) seen_.insert_or_assign("/" + std::string(id), now);
}

void Travel::learn(const Entry& entry) {
  if (rules_.sealed || entry.meta.status != 200 || entry.body->size() > (1u << 20)) return;
  const auto name = api_name(entry);
  if (!name) return;
  const std::string repository = repository_of_path(name->path);
  // The repository's own document, not something below it.
  if (repository.empty() || std::count(name->path.begin(), name->path.end(), '/') != (repository[0] == '/' ? 2 : 3))
    return;
  const auto body = read_all(*entry.body);
  if (!body) return;
  const auto document = parse_json(*body);
  if (!document || !document->is_object()) return;
  const auto closed = document->find("private");
  if (closed == document->end() || !closed->is_boolean()) return;
  const auto id = document->find("id");
  const Seen now{entry.meta.validated_at, !closed->get<bool>()};
  const auto note = [&](const std::string& what) {
    const auto [at, fresh] = seen_.try_emplace(what, now);
    if (!fresh && at->second.when <= now.when) at->second = now;
  };
  note(repository);
  if (id != document->end() && id->is_number_unsigned()) note("/" + std::to_string(id->get<std::uint64_t>()));
}

bool Travel::is_public(std::string_view repository) const {
  const auto at = seen_.find(repository);
  return at != seen_.end() && at->second.open;
}

// Of this repository, or a manifest, which only goes with a result; where another process chose, what it chose.
bool Travel::own_scan(const Entry& entry) const {
  const std::string_view name = entry.key.canonical;
  if (name.starts_with("manifest\n")) return true;
  if (rules_.repository.empty()) return rules_.chosen;
  return name.starts_with(lower_case(rules_.repository) + "\n");
}

bool Travel::visibility_unknown() const {
  return !rules_.sealed && !rules_.repository.empty() && !seen_.contains(lower_case(rules_.repository));
}

bool Travel::may_leave(const Entry& entry) const {
  if (entry.body->size() > rules_.body_most) return false;
  if (entry.key.space == Space::kCodeql) return rules_.sealed && own_scan(entry);
  if (entry.key.space == Space::kCache) return rules_.sealed && live_document(entry, rules_.now);
  const auto name = api_name(entry);
  if (!name || entry.meta.status != 200 || !entry.meta.shareable) return false;
  if (entry.meta.validated_at < rules_.now - kTravelAge) return false;
  const Route* route = routes_.find(name->path);
  if (!route || !route->store || !route->shareable) return false;
  const std::string repository = repository_of_path(name->path);
  const bool own = !repository.empty() && (repository == lower_case(rules_.repository) ||
                                           (repository[0] == '/' && repository.substr(1) == rules_.repository_id));
  const bool given = !rules_.partition.empty() && entry.key.partition == rules_.partition;
  if (!own && !given && !rules_.chosen) return false;
  return rules_.sealed || (rules_.anonymous && given) || (!repository.empty() && is_public(repository));
}

std::shared_ptr<Entry> arrived(Entry entry, bool sealed, double now) {
  Meta& meta = entry.meta;
  entry.key.partition.clear();
  entry.key.cls.clear();
  entry.found = Source::kDisk;
  meta.source = Source::kDisk;
  meta.immutable = false;
  if (entry.key.space == Space::kCache) {
    // Nobody can be asked whether it still holds: it lives as long as it would have where it was made.
    auto name = name_of_cache_key(entry.key.canonical);
    if (!sealed || !name || !live_document(entry, now) || !check_json(entry.body->in_memory())) return nullptr;
    entry.key.name = std::move(*name);
    entry.key.directory.clear();
    meta.proof = Proof::kSharedSecret;
    return std::make_shared<Entry>(std::move(entry));
  }
  const auto name = api_name(entry);
  if (!name || meta.status != 200 || !meta.shareable) return nullptr;
  // Only what GitHub says of these bytes counts, to the credential that reads them.
  meta.etag.clear();
  meta.last_modified.clear();
  meta.expires_at = 0;
  meta.validated_at = std::min(meta.validated_at, now);
  meta.fetched_at = std::min(meta.fetched_at, now);
  meta.provenance.clear();
  return std::make_shared<Entry>(std::move(entry));
}

}  // namespace rfs
