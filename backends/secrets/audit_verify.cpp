#include "backends/secrets/audit_verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "backends/secrets/audit_files.h"
#include "backends/secrets/audit_lines.h"
#include "base/encode.h"
#include "base/file.h"

namespace rfs {
namespace {

using namespace audit;

// So that a forged number does not make the key evolve for hours.
constexpr std::uint64_t kMostSteps = 200'000'000;

std::optional<Digest> digest_of(std::string_view text) {
  const auto bytes = unhex(text);
  if (!bytes || bytes->size() != sizeof(Digest)) return std::nullopt;
  Digest out;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

std::string range_text(std::uint64_t first, std::uint64_t last) {
  return first == last ? fmt::format("line {} is missing", first)
                       : fmt::format("lines {} to {} are missing", first, last);
}

class Checker {
 public:
  Checker(const AuditCheck& check, const Files& files) : check_(check), files_(files) {
    verdict_.files = files.parts.size();
    verdict_.forgery_checked = check.owner_key != nullptr;
    verdict_.end_checked = files.state.has_value();
  }

  Result<AuditVerdict> run() {
    for (const Part& part : files_.parts) {
      TRY(read(part));
      if (stopped_) return std::move(verdict_);
    }
    check_end();
    return std::move(verdict_);
  }

 private:
  void fault(const std::string& file, std::uint64_t line, std::string why) {
    if (!verdict_.fault) verdict_.fault = {file, line, std::move(why)};
  }
  void stop(const std::string& file, std::uint64_t line, std::string why) {
    fault(file, line, std::move(why));
    stopped_ = true;
  }

  Result<> read(const Part& part) {
    LineReader reader(part.fd.get(), 0, part.size);
    std::uint64_t number = 1, torn = 0, torn_number = 0;  // torn_number 0: nothing is
    for (LineReader::Piece piece; !stopped_;) {
      TRY_ASSIGN(const bool more, reader.next(piece));
      if (!more) break;
      const std::uint64_t here = number;
      if (piece.complete) ++number;
      const auto line = piece.complete ? parse_line(piece.text) : std::nullopt;
      if (!line) {
        if (torn_number == 0) torn = piece.offset, torn_number = here;
        continue;
      }
      if (torn_number != 0) {
        TRY_ASSIGN(const bool accounted, speaks_of_torn(part.fd.get(), piece, torn));
        if (!accounted) break;
        torn_number = 0;
      }
      take(part.name, here, piece.text, *line);
    }
    if (stopped_ || torn_number == 0) return {};
    // What a writer left that died just now is behind all that audit.state knows.
    if (&part == &files_.parts.back() && number == torn_number && files_.state && torn >= files_.state->size)
      verdict_.torn_bytes = part.size - torn;
    else
      stop(part.name, torn_number, "it is not a line of an audit log");
    return {};
  }

  void take(const std::string& file, std::uint64_t number, std::string_view text, const Line& line) {
    const bool recovered = member_of(text, "action") == "recovered";
    if (verdict_.lines == 0 && !begin(file, number, text, line)) return;
    std::uint64_t expected = verdict_.last_seq + 1;
    if (const std::uint64_t lost = recovered ? number_of(text, "lost") : 0; lost > 0 && line.seq == expected + lost) {
      const auto before = digest_of(member_of(text, "prev"));
      fault(file, number, range_text(expected, expected + lost - 1) + ": lost when the machine stopped, or cut");
      if (!before || !evolve(lost)) return stop(file, number, "it does not continue the chain");
      before_ = *before;
      expected += lost;
    }
    if (line.seq > expected) return stop(file, number, range_text(expected, line.seq - 1));
    if (line.seq < expected)
      return stop(file, number, fmt::format("it has the number {} where {} is due", line.seq, expected));
    if (!is_whole(line, before_)) return stop(file, number, "its bytes, or those of the line before, were changed");
    if (!key_.empty() && mac_of(key_.reveal(), before_, line.body) != line.mac)
      return stop(file, number,
                  check_.owner_key ? "its MAC is forged, or the key is not this log's" : "its MAC is forged");
    if (!evolve(1)) return stop(file, number, "its number is too high");
    before_ = line.mac;
    ++verdict_.lines;
    if (recovered) ++verdict_.recovered;
    verdict_.last_seq = line.seq;
    verdict_.last_mac = line.mac;
    compare(file, number, line);
  }

  // The first line that is there.
  bool begin(const std::string& file, std::uint64_t number, std::string_view text, const Line& line) {
    if (check_.owner_key) key_ = check_.owner_key->clone();
    if (line.seq > 1) {
      const auto before = digest_of(member_of(text, "prev"));
      if (member_of(text, "action") != "rotated" || !before) {
        stop(file, number, range_text(1, line.seq - 1));
        return false;
      }
      before_ = *before;
      if (!evolve(line.seq - 1)) {
        stop(file, number, "its number is too high");
        return false;
      }
    }
    verdict_.first_seq = line.seq;
    verdict_.last_seq = line.seq - 1;
    return true;
  }

  // What is known of single lines from elsewhere.
  void compare(const std::string& file, std::uint64_t number, const Line& line) {
    for (const AuditAnchor& anchor : check_.anchors)
      if (anchor.seq == line.seq && anchor.mac != line.mac) stop(file, number, "it is not the line of the anchor");
    if (!files_.state || files_.state->seq != line.seq) return;
    if (files_.state->mac != line.mac) return stop(file, number, "it is not the line that audit.state speaks of");
    if (key_.empty()) key_ = files_.state->key.clone();  // the lines after it can be checked in any case
  }

  void check_end() {
    const std::uint64_t last = verdict_.last_seq;
    if (files_.state && files_.state->seq > last)
      fault("audit.log", 0, range_text(last + 1, files_.state->seq) + " at the end: the log was cut");
    for (const AuditAnchor& anchor : check_.anchors)
      if (anchor.seq > last || (anchor.seq > 0 && anchor.seq < verdict_.first_seq))
        fault("audit.log", 0, fmt::format("the line {} of the anchor is missing", anchor.seq));
  }

  bool evolve(std::uint64_t steps) {
    if (key_.empty()) return true;
    if (steps > kMostSteps) return false;
    for (; steps > 0; --steps) key_ = next_key(key_.reveal());
    return true;
  }

  const AuditCheck& check_;
  const Files& files_;
  AuditVerdict verdict_;
  SecretBytes key_;  // of the next line; empty: not known
  Digest before_{};
  bool stopped_ = false;
};

}  // namespace

std::optional<AuditAnchor> parse_anchor(std::string_view text) {
  AuditAnchor anchor;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), anchor.seq);
  if (error != std::errc() || end == text.data() + text.size() || (*end != ' ' && *end != ':')) return std::nullopt;
  const auto mac = digest_of(text.substr(static_cast<std::size_t>(end - text.data()) + 1));
  if (!mac) return std::nullopt;
  anchor.mac = *mac;
  return anchor;
}

std::string anchor_text(const AuditAnchor& anchor) { return fmt::format("{} {}", anchor.seq, hex(anchor.mac)); }

Result<AuditVerdict> verify_audit(const AuditCheck& check) {
  TRY_ASSIGN(const Files files, open_files(check.directory));
  return Checker(check, files).run();
}

}  // namespace rfs
