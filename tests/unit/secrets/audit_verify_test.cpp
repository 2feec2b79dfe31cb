// What `verify` sees of a log that somebody changed, with the owner's key and without.
#include "backends/secrets/audit_key.h"
#include "backends/secrets/audit_verify.h"

#include <filesystem>

#include "base/encode.h"
#include "base/file.h"
#include "tests/catch.h"
#include "tests/unit/secrets/audit_rig.h"

using namespace rfs;
using namespace rfs::test;

namespace {

// A log of `count` lines, closed.
struct Written : AuditRig {
  SecretBytes owner_key;
  AuditAnchor head;

  explicit Written(int count = 5, std::uint64_t rotate_at = 64u << 20) {
    AuditOptions how = options();
    how.rotate_at = rotate_at;
    auto audit = open(how);
    owner_key = audit->take_owner_key();
    for (int i = 0; i < count; ++i) REQUIRE(audit->append(event(AuditAction::kGranted, "KEY_" + std::to_string(i))));
    head = {audit->head().seq, audit->head().mac};
  }
  AuditVerdict verify(bool with_key = false, std::vector<AuditAnchor> anchors = {}) const {
    auto verdict = verify_audit({scratch.path("c"), with_key ? &owner_key : nullptr, std::move(anchors)});
    if (!verdict) FAIL(verdict.error().message);
    return *verdict;
  }
};

// The log under another chain: what someone can write who reads the files, but never had the owner's key.
std::string forged(const std::vector<std::string>& lines) {
  SecretBytes key = SecretBytes::copy_of(Bytes(32, 1));
  Digest before{};
  std::string out;
  for (const std::string& text : lines) {
    const auto line = audit::parse_line(text);
    REQUIRE(line);
    auto sealed = audit::seal(key.reveal(), before, std::string(line->summed));
    out += sealed.line;
    before = sealed.mac;
    key = audit::next_key(key.reveal());
  }
  return out;
}

}  // namespace

TEST_CASE("a log that nobody touched is whole") {
  Written log;
  for (bool with_key : {false, true}) {
    const AuditVerdict verdict = log.verify(with_key, {log.head});
    CHECK_FALSE(verdict.fault);
    CHECK(verdict.files == 1);
    CHECK(verdict.lines == 5);
    CHECK((verdict.first_seq == 1 && verdict.last_seq == 5));
    CHECK(verdict.last_mac == log.head.mac);
    CHECK(verdict.forgery_checked == with_key);
    CHECK(verdict.end_checked);
    CHECK((verdict.recovered == 0 && verdict.torn_bytes == 0));
  }
  CHECK(verify_audit({log.scratch.path("none"), nullptr, {}}).error().code == Code::kNotFound);
}

TEST_CASE("any byte of a log that is changed is seen, without the owner's key, at its line") {
  Written log(3);
  const std::string whole = content(log.log());
  std::size_t line = 1;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string wrong = whole;
    wrong[at] = static_cast<char>(wrong[at] ^ (at % 2 == 0 ? 0x01 : 0x80));
    overwrite(log.log(), wrong);
    const AuditVerdict verdict = log.verify();
    INFO("byte " << at);
    REQUIRE(verdict.fault);
    CHECK(verdict.fault->file == "audit.log");
    // The end of a line may be what the next one contradicts.
    CHECK((verdict.fault->line == line || verdict.fault->line == line + 1 || verdict.fault->line == 0));
    if (whole[at] == '\n') ++line;
  }
}

TEST_CASE("a log that is cut at any place is seen") {
  Written log(3);
  const std::string whole = content(log.log());
  for (std::size_t size = 0; size < whole.size(); size += size % 40 == 0 ? 1 : 13) {
    overwrite(log.log(), whole.substr(0, size));
    INFO("size " << size);
    CHECK(log.verify().fault);
  }
}

TEST_CASE("lines that are left out, doubled or exchanged are seen") {
  Written log;
  const auto lines = log.lines();
  const std::vector<std::vector<int>> orders = {
      {1, 2, 3, 4}, {0, 1, 3, 4}, {0, 1, 1, 2, 3, 4}, {0, 2, 1, 3, 4}, {0, 1, 2, 3}};
  for (const auto& order : orders) {
    std::string text;
    for (int i : order) text += lines[static_cast<std::size_t>(i)] + "\n";
    overwrite(log.log(), text);
    CHECK(log.verify().fault);
  }
  std::string text;
  for (int i : {0, 1, 3, 4}) text += lines[static_cast<std::size_t>(i)] + "\n";
  overwrite(log.log(), text);
  const AuditVerdict verdict = log.verify();
  CHECK(verdict.fault->line == 3);
  CHECK(verdict.fault->why == "line 3 is missing");
}

TEST_CASE("a forged log is seen with the owner's key, and by an anchor") {
  Written log;
  overwrite(log.log(), forged(log.lines()));
  std::filesystem::remove(log.state());
  CHECK_FALSE(log.verify().fault);
  CHECK_FALSE(log.verify().end_checked);
  const AuditVerdict with_key = log.verify(true);
  REQUIRE(with_key.fault);
  CHECK(with_key.fault->line == 1);
  CHECK(with_key.fault->why.find("MAC") != std::string::npos);
  REQUIRE(log.verify(false, {log.head}).fault);
  CHECK(log.verify(false, {log.head}).fault->line == 5);
}

TEST_CASE("audit.state does not help to forge a line that is in the log") {
  Written log;
  overwrite(log.log(), forged(log.lines()));
  const AuditVerdict verdict = log.verify();
  REQUIRE(verdict.fault);
  CHECK(verdict.fault->why == "it is not the line that audit.state speaks of");
}

TEST_CASE("another key than the log's is told") {
  Written log, other;
  CHECK(verify_audit({log.scratch.path("c"), &other.owner_key, {}})->fault->line == 1);
}

TEST_CASE("an anchor demands its line") {
  Written log;
  AuditAnchor later = log.head, wrong = log.head;
  ++later.seq;
  wrong.mac[0] ^= 1;
  CHECK(log.verify(false, {later}).fault->why == "the line 6 of the anchor is missing");
  CHECK(log.verify(false, {wrong}).fault->why == "it is not the line of the anchor");
  CHECK(log.verify(false, {wrong}).fault->line == 5);
}

TEST_CASE("anchors are written and read in one form") {
  Written log;
  const std::string text = anchor_text(log.head);
  REQUIRE(parse_anchor(text));
  CHECK((parse_anchor(text)->seq == 5 && parse_anchor(text)->mac == log.head.mac));
  std::string with_colon = text;
  with_colon[1] = ':';
  CHECK(parse_anchor(with_colon));
  for (const std::string& wrong :
       {std::string(), std::string("5"), std::string("5 "), "x" + text, text + "0", text.substr(0, 60)})
    CHECK_FALSE(parse_anchor(wrong));
  CHECK(head_audit(log.scratch.path("c"))->seq == 5);
  CHECK(head_audit(log.scratch.path("c"))->mac == log.head.mac);
}

TEST_CASE("a rotated log is one chain in several files") {
  Written log(20, 3000);
  const auto names = [&] {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(log.scratch.path("c")))
      out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
  };
  REQUIRE(names().size() > 3);
  const AuditVerdict whole = log.verify(true, {log.head});
  CHECK_FALSE(whole.fault);
  CHECK(whole.files == names().size() - 1);
  CHECK(whole.lines == 20 + whole.files - 1);
  CHECK(member(log.lines()[0], "action") == "rotated");

  std::vector<std::string> last;
  REQUIRE(read_audit(log.scratch.path("c"), [&](std::string_view line) -> Result<bool> {
    last.emplace_back(line);
    return true;
  }));
  CHECK(last.size() == whole.lines);
  CHECK(*tail_audit(log.scratch.path("c"), 1000) == last);
  CHECK(*tail_audit(log.scratch.path("c"), 12) == std::vector<std::string>(last.end() - 12, last.end()));

  SECTION("one file in the middle is missing") {
    std::filesystem::remove(log.scratch.path("c/" + names()[2]));
    REQUIRE(log.verify().fault);
    CHECK(log.verify().fault->line == 1);
    CHECK(log.verify().fault->why.find("missing") != std::string::npos);
  }
  SECTION("the oldest file is kept elsewhere") {
    std::filesystem::remove(log.scratch.path("c/" + names()[1]));
    const AuditVerdict rest = log.verify(true, {log.head});
    CHECK_FALSE(rest.fault);
    CHECK(rest.first_seq > 1);
    CHECK(log.verify(false, {{1, {}}}).fault);
  }
  SECTION("an old file is changed") {
    const std::string path = log.scratch.path("c/" + names()[1]);
    std::string text = content(path);
    text[100] ^= 1;
    overwrite(path, text);
    CHECK(log.verify().fault->file == names()[1]);
    CHECK(log.verify().fault->line == 1);
  }
}

TEST_CASE("the log's key is read from its text and from nothing else") {
  Written log;
  const SecretBytes text = audit_key_text(log.owner_key);
  const std::string path = log.scratch.path("key"), directory = log.scratch.path("c");
  overwrite(path, std::string(text.reveal_text()));
  CHECK(text.reveal_text().starts_with("runnerfs-audit-key-v1 "));
  CHECK(audit_key_from(path, directory)->equals(log.owner_key.reveal()));
  for (const std::string& wrong :
       {std::string(), std::string("x"), "runnerfs-root-key-v1 " + std::string(text.reveal_text().substr(22))}) {
    overwrite(path, wrong);
    CHECK(audit_key_from(path, directory).error().code == Code::kNoKey);
  }
  CHECK(audit_key_from(log.scratch.path("none"), directory).error().code == Code::kNotFound);
}

TEST_CASE("the log's key is sealed to its owner, and to nobody else") {
  Scratch scratch;
  const SecretBytes key = SecretBytes::random(32);
  const AuditOwner owner = make_audit_owner(), other = make_audit_owner();
  const std::string public_half = audit_public_text(owner.public_key);
  REQUIRE(parse_audit_public(public_half) == owner.public_key);
  CHECK_FALSE(parse_audit_public(public_half.substr(1)));
  CHECK_FALSE(parse_audit_public(""));
  const std::string directory = scratch.path(""), own = scratch.path("own"), foreign = scratch.path("foreign");
  overwrite(own, std::string(audit_owner_text(owner.secret).reveal_text()));
  overwrite(foreign, std::string(audit_owner_text(other.secret).reveal_text()));
  CHECK(audit_key_from(own, directory).error().code == Code::kNotFound);
  REQUIRE(seal_audit_key(directory, owner.public_key, key));
  CHECK(audit_key_from(own, directory)->equals(key.reveal()));
  CHECK(audit_key_from(foreign, directory).error().code == Code::kNoKey);
  const std::string seal = scratch.path("audit.seal");
  std::string sealed = read_file(seal).value();
  CHECK(sealed.find(std::string(key.reveal_text())) == std::string::npos);
  sealed[40] = sealed[40] == 'A' ? 'B' : 'A';
  overwrite(seal, sealed);
  CHECK(audit_key_from(own, directory).error().code == Code::kNoKey);
}
