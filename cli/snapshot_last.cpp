#include "cli/snapshot_last.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/json_view.h"
#include "cli/places.h"
#include "crypto/kdf.h"

namespace rfs {
namespace {

std::string last_file(const Environment& environment) { return state_directory(environment) + "/snapshot.json"; }

}  // namespace

std::string fingerprint_text(const Digest& fingerprint, const SnapshotJob& job) {
  return hex(job.key ? hmac_sha256(job.key->reveal(), BytesView(fingerprint)) : fingerprint);
}

LastSnapshot last_snapshot(const Environment& environment) {
  const auto text = read_file(last_file(environment), 64u << 10);
  if (!text || !check_json(*text)) return {};
  const auto at = [&](const char* name) { return json_text(*text, name); };
  return {at("name"), at("place"), at("repository"), at("fingerprint"), json_number(*text, "seconds")};
}

void keep_last_snapshot(const Environment& environment, const LastSnapshot& last, std::string_view what) {
  if (!make_directories(state_directory(environment), 0700)) return;
  JsonLine line;
  line.text("what", what).text("name", last.name).text("place", last.place).text("repository", last.repository);
  line.text("fingerprint", last.fingerprint).text("time", rfc3339(SystemClock().wall())).real("seconds", SystemClock().wall());
  (void)replace_file(last_file(environment), line.str() + "\n");
}

}  // namespace rfs
