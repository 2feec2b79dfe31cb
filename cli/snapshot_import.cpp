// snapshot import: one JSON file a key, as the Python implementation keeps them (facts of its own are in the file).
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "backends/cache/cache.h"
#include "backends/cache/operations.h"
#include "backends/cache/validation.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/handle.h"
#include "base/json.h"
#include "cli/message.h"
#include "cli/snapshot.h"

namespace rfs {
namespace {

constexpr std::size_t kImportedMost = 64u << 20;
constexpr double kAhead = 300;

struct ReferenceEntry {
  std::string key, document;
  double left = 0;  // seconds
};

// Files of older versions do not hold their key, and their name has '_' for '/', ':' and '*'. An operation's name is
// known; an owner holds no '_', so that the first one behind it ends the owner.
std::string key_of_file(std::string_view name) {
  std::string_view best;
  for (std::size_t at = name.find('_'); at != std::string_view::npos; at = name.find('_', at + 1))
    if (operation_ttl(name.substr(0, at))) best = name.substr(0, at);
  if (best.empty()) return std::string(name);
  std::string rest(name.substr(best.size() + 1));
  if (const auto owner = rest.find('_'); owner != std::string::npos) {
    const bool named = rest.find('=', owner) != std::string::npos && rest.find('_', owner + 1) == std::string::npos;
    rest[owner] = best == "list_repos" || named ? ':' : '/';
  }
  return fmt::format("{}:{}", best, rest);
}

// Nullopt: expired, or it does not have its own hash.
Result<std::optional<ReferenceEntry>> parse_reference_entry(std::string_view file, std::string_view text, double now) {
  TRY_ASSIGN(const nlohmann::json entry, parse_json(text));
  const auto data = entry.is_object() ? entry.find("data") : entry.end();
  if (!entry.is_object() || data == entry.end() || !entry.contains("timestamp") || !entry["timestamp"].is_number() ||
      !entry.contains("ttl") || !entry["ttl"].is_number())
    return fail(Code::kInvalid, "it is no cache entry");
  ReferenceEntry out;
  const double since = entry["timestamp"].get<double>();
  out.left = since + entry["ttl"].get<double>() - now;
  if (!(out.left >= 1) || since > now + kAhead) return std::nullopt;
  if (entry.contains("content_hash") && entry["content_hash"].is_string() && entry.contains("validation_fields") &&
      entry["validation_fields"].is_object() &&
      !content_hash_is(entry["content_hash"].get<std::string>(), dump_python(entry["validation_fields"])))
    return std::nullopt;
  const auto key = entry.find("cache_key");
  out.key = key != entry.end() && key->is_string() ? key->get<std::string>() : key_of_file(file);
  out.document = data->dump();
  return out;
}

Result<std::vector<std::string>> json_files(const std::string& path) {
  const Handle<DIR, closedir> directory(::opendir(path.c_str()));
  if (!directory) return fail_errno(errno, path);
  std::vector<std::string> out;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    struct stat info {};
    if (name.starts_with(".") || !name.ends_with(".json") ||
        ::fstatat(::dirfd(directory.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
      continue;
    out.emplace_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

int run_snapshot_import(const Given& given) {
  auto reach = Reach::open(given);
  if (!reach) return report(reach.error());
  if (auto why = (*reach)->not_kept()) return report(*why);
  const std::string& directory = given.arguments[0];
  const auto files = json_files(directory);
  if (!files) return report(files.error(), directory);
  const double now = SystemClock().wall();
  std::uint64_t taken = 0, expired = 0, refused = 0;
  for (const std::string& file : *files) {
    const auto refuse = [&](const Error& why) {
      ++refused;
      warn(fmt::format("{}: {}", printable(file), why.message));
    };
    const auto text = read_file(directory + "/" + file, kImportedMost);
    if (!text) {
      refuse(text.error());
      continue;
    }
    const auto entry = parse_reference_entry(file.substr(0, file.size() - 5), *text, now);
    if (!entry) {
      refuse(entry.error());
      continue;
    }
    if (!*entry) {
      ++expired;
      continue;
    }
    const auto name = name_of_cache_key((*entry)->key);
    if (!name) {
      refuse(name.error());
      continue;
    }
    const Access::Attributes ttl{{"user.runnerfs.ttl", duration_text(std::floor((*entry)->left))}};
    if (auto put = (*reach)->access().put("cache/" + *name, (*entry)->document, ttl); !put) {
      if (put.error().code != Code::kInvalid) return report(put.error(), file);
      refuse(put.error());
      continue;
    }
    ++taken;
  }
  if (given.has("--json"))
    return print(JsonLine().number("entries", taken).number("expired", expired).number("refused", refused).str() + "\n");
  return print(fmt::format("{} entries imported, {} expired or not sound, {} not understood\n", taken, expired, refused));
}

}  // namespace rfs
