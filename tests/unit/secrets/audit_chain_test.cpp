#include "backends/secrets/audit_chain.h"

#include "backends/secrets/audit_denials.h"
#include "backends/secrets/audit_line.h"
#include "backends/secrets/audit_state.h"
#include "base/encode.h"
#include "base/json.h"
#include "tests/catch.h"
#include "tests/unit/secrets/audit_rig.h"

using namespace rfs;
using namespace rfs::audit;

TEST_CASE("the chain of the audit log has the vector of the format") {
  const Bytes key(32, 0x11);
  CHECK(hex(mac_of(key, Digest{}, R"({"seq":1,"action":"access_granted","credential":"API_KEY")")) ==
        "99efd765ba6f9252da8b8214fcd16fa852606336206bbbd5ee2b8994b5ae0991");
  CHECK(hex(next_key(key).reveal()) == "a561708fa6878ffa1313b6305d8a91319e08e3c5b2c55dab00b029e8c112a179");
}

TEST_CASE("a sealed line is read back as it was, and no other spelling of it is a line") {
  const Bytes key(32, 0x11);
  const Digest before = Digest{1, 2, 3};
  const std::string body = R"({"seq":12,"action":"store","credential":"a\"b,\"gen\":9","gen":7)";
  Sealed sealed = seal(key, before, body);
  REQUIRE(sealed.line.size() == body.size() + kSealed);
  REQUIRE(sealed.line.ends_with("\"}\n"));
  std::string text = sealed.line.substr(0, sealed.line.size() - 1);
  CHECK(check_json(text));
  const auto line = parse_line(text);
  REQUIRE(line);
  CHECK(line->seq == 12);
  CHECK(line->summed == body);
  CHECK(line->mac == sealed.mac);
  CHECK(line->mac == mac_of(key, before, line->body));
  CHECK(is_whole(*line, before));
  CHECK_FALSE(is_whole(*line, Digest{}));
  CHECK(member_of(text, "credential") == R"(a\"b,\"gen\":9)");
  CHECK(number_of(text, "gen") == 7);
  CHECK(member_of(text, "lease").empty());

  CHECK_FALSE(parse_line(""));
  CHECK_FALSE(parse_line(text + " "));
  CHECK_FALSE(parse_line(text.substr(1)));
  for (const char* wrong : {R"({"seq":01)", R"({"seq":)", R"({"seq":-1)", R"({"seq":99999999999999999999)"})
    CHECK_FALSE(parse_line(wrong + text.substr(9)));
  CHECK_FALSE(parse_line(text.substr(0, text.size() - 3) + "A\"}"));
}

TEST_CASE("what a line says is whole JSON below its limit, whatever is put into it") {
  for (const std::string& piece :
       {std::string("\x01"), std::string("\""), std::string("ü"), std::string("\xff"), std::string("x")}) {
    std::string huge;
    while (huge.size() < 255) huge += piece;
    AuditEvent event = test::event(AuditAction::kDenied, huge.substr(0, 255), huge);
    for (int i = 0; i < 5; ++i) huge += huge;
    event.repo = event.workflow = event.runner_id = event.scope = event.accessor.exe = huge;
    event.accessor.pid = INT32_MIN;
    event.generation = UINT64_MAX;
    const std::string rest =
        rest_of_line({action_word(event.action), event.credential, details_of(event, UINT64_MAX), event.generation},
                     event.accessor, 1e18, "01234567-89ab-cdef-0123-456789abcdef");
    const std::string line = seal(Bytes(32, 1), Digest{}, "{\"seq\":18446744073709551615" + rest).line;
    CHECK(line.size() <= kMostLine);
    CHECK(check_json(line));
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(parse_line(line.substr(0, line.size() - 1)));
  }
}

TEST_CASE("a line names who asked, for what, and what it only claims") {
  AuditEvent event = test::event(AuditAction::kDenied, "API_KEY", "scope_mismatch");
  const std::string rest =
      rest_of_line({action_word(event.action), event.credential, details_of(event), event.generation}, event.accessor,
                   1'700'000'000.5, "boot");
  CHECK(
      rest ==
      R"(,"timestamp":"2023-11-14T22:13:20.500Z","boot":"boot","action":"access_denied","credential":"API_KEY",)"
      R"("details":{"repo":"octo/hello","workflow":"build.yml","runner_id":"runner-1","reason":"scope_mismatch","scope":"repo:octo/hello"},)"
      R"("lease":0,"gen":7,"uid":1000,"gid":1001,"pid":4242,"exe":"/usr/bin/curl","claimed":["exe"])");
}

TEST_CASE("a slot of the state is read back, and no bit of it can change") {
  State state;
  state.seq = 5;
  state.key = SecretBytes::copy_of(Bytes(32, 9));
  state.mac.fill(3);
  state.inode = 77;
  state.size = 1234;
  state.generation = 6;
  state.boot = 8;
  SecretBytes slot(kSlot);
  encode_slot(state, slot.reveal_mutable());
  State read;
  REQUIRE(decode_slot(slot.reveal(), read));
  CHECK((read.seq == 5 && read.inode == 77 && read.size == 1234 && read.generation == 6 && read.boot == 8));
  CHECK((read.mac == state.mac && read.key.equals(state.key.reveal())));
  for (std::size_t bit = 0; bit < kSlot * 8; ++bit) {
    Bytes wrong(slot.reveal().begin(), slot.reveal().end());
    wrong[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    CHECK_FALSE(decode_slot(wrong, read));
  }
}

TEST_CASE("of two slots the newer one that is whole counts") {
  State state;
  state.key = SecretBytes::copy_of(Bytes(32, 9));
  state.seq = 1;
  Bytes slots(2 * kSlot);
  encode_slot(state, MutableBytes(slots).first(kSlot));
  state.seq = 2;
  encode_slot(state, MutableBytes(slots).subspan(kSlot));
  CHECK(decode_state(slots)->seq == 2);
  slots[kSlot] ^= 1;
  CHECK(decode_state(slots)->seq == 1);
  slots[0] ^= 1;
  CHECK(decode_state(slots).error().code == Code::kTampered);
  CHECK(decode_state(BytesView(slots).first(200)).error().code == Code::kTampered);
}

TEST_CASE("ten denials a second for each user and reason have a line, the rest is counted") {
  Denials denials;
  const SteadyTime begin{std::chrono::seconds(100)};
  const auto denied = [](uid_t uid, const char* reason) {
    AuditEvent event = test::event(AuditAction::kDenied, "API_KEY", reason);
    event.accessor.uid = uid;
    return event;
  };
  int lines = 0;
  for (int i = 0; i < 1000; ++i) lines += denials.admit(denied(1, "scope_mismatch"), begin) ? 1 : 0;
  CHECK(lines == 10);
  CHECK(denials.admit(denied(2, "scope_mismatch"), begin));
  CHECK(denials.admit(denied(1, "expired"), begin));
  CHECK(denials.pending());
  CHECK(denials.take(begin).empty());
  CHECK_FALSE(denials.admit(denied(1, "scope_mismatch"), begin + std::chrono::seconds(5)));
  const auto due = denials.take(begin + std::chrono::seconds(5));
  REQUIRE(due.size() == 1);
  CHECK(due[0].suppressed == 991);
  CHECK(due[0].event.reason == "scope_mismatch");
  CHECK(due[0].event.accessor.uid == 1);
  CHECK(due[0].event.credential.empty());
  CHECK_FALSE(denials.pending());
  CHECK(denials.admit(denied(1, "scope_mismatch"), begin + std::chrono::seconds(5)));
}

TEST_CASE("denials of very many users do not fill the memory") {
  Denials denials;
  const SteadyTime now{std::chrono::seconds(100)};
  int lines = 0;
  AuditEvent event = test::event(AuditAction::kDenied);
  for (uid_t uid = 0; uid < 5000; ++uid) {
    event.accessor.uid = uid;
    lines += denials.admit(event, now) ? 1 : 0;
  }
  CHECK(lines == 1024 + 10);
  const auto rest = denials.take(now, true);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].suppressed == 5000 - 1034);
}
