// codeql keygen, and whose word about results this machine believes.
#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "base/fd.h"
#include "base/file.h"
#include "cli/codeql.h"
#include "cli/message.h"
#include "cli/secret.h"
#include "crypto/key_text.h"

namespace rfs {

Result<std::vector<Ed25519Public>> trusted_writers(const Settings& settings) {
  std::vector<Ed25519Public> out;
  for (const std::string& text : settings.codeql_writers) {
    auto key = codeql::parse_writer(text);
    if (!key) return fail(Code::kUsage, fmt::format("codeql.writers: '{}' is no public key", text), key.error().hint);
    out.push_back(*key);
  }
  return out;
}

Result<SigningKey> writer_key(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return fail_errno(errno, path);
  TRY_ASSIGN(const SecretBytes text, read_secret(file.get(), path, -1, kKeyTextMost));
  const auto seed = key_from_text(text.reveal(), codeql::kWriterKeyMark);
  if (!seed)
    return fail(Code::kInvalid, fmt::format("{} is no key of a writer", path), "`runnerfs codeql keygen FILE` makes one");
  return SigningKey::from_seed(seed->reveal());
}

int run_codeql_keygen(const Given& given) {
  const SigningKey key = SigningKey::generate();
  const SecretBytes text = key_to_text(SecretBytes::copy_of(key.seed()), codeql::kWriterKeyMark);
  const auto written = write_new_file(given.arguments[0], text.reveal());
  if (!written) return report(written.error());
  return print(fmt::format("codeql.writers: {}\n", codeql::writer_text(key.public_key())));
}

}  // namespace rfs
