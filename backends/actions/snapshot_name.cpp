#include <fmt/format.h>

#include "backends/actions/snapshot_place.h"
#include "base/encode.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

constexpr std::string_view kNameStart = "runnerfs-snapshot-1-";

bool all_of_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

// Up to the next '-', which goes too.
std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find('-'), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

std::string branch_word(std::string_view repository, std::string_view ref) {
  const std::uint8_t border = 0;
  return hex(Sha256().update(view(repository)).update(BytesView(&border, 1)).update(view(ref)).finish()).substr(0, 12);
}

std::string snapshot_prefix(bool sealed) { return fmt::format("{}{}-", kNameStart, sealed ? "sealed" : "open"); }

std::string snapshot_prefix(bool sealed, std::string_view branch) { return fmt::format("{}{}-", snapshot_prefix(sealed), branch); }

std::string snapshot_name(const SnapshotName& name) {
  return fmt::format("{}{:010}-{}", snapshot_prefix(name.sealed, name.branch), name.created, name.random);
}

std::optional<SnapshotName> parse_snapshot_name(std::string_view text) {
  if (!text.starts_with(kNameStart)) return std::nullopt;
  text.remove_prefix(kNameStart.size());
  SnapshotName out;
  const std::string_view kind = take_word(text);
  out.sealed = kind == "sealed";
  out.branch = take_word(text);
  const std::string_view created = take_word(text);
  const auto seconds = parse_whole(created);
  out.random = text;
  if ((kind != "sealed" && kind != "open") || out.branch.size() != 12 || !all_of_hex(out.branch))
    return std::nullopt;
  if (created.size() != 10 || !seconds || out.random.size() != 8 || !all_of_hex(out.random)) return std::nullopt;
  out.created = *seconds;
  return out;
}

}  // namespace rfs
