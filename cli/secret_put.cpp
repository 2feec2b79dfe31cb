// secret put and secret rotate: a value from stdin or a descriptor, never from the command line.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/secret.h"
#include "cli/value.h"

namespace rfs {
namespace {

// The only newline, at the end: what `echo` adds and no credential has.
bool has_lone_newline(const SecretBytes& value) {
  const std::string_view text = value.reveal_text();
  return text.ends_with('\n') && text.find('\n') + 1 == text.size();
}

Result<int> descriptor(const Given& given) {
  if (!given.has("--fd")) return STDIN_FILENO;
  const auto number = parse_whole(given.get("--fd"));
  if (!number || *number > 1'000'000)
    return fail(Code::kUsage, "--fd is no file descriptor", "write --fd 3 and 3<FILE");
  return static_cast<int>(*number);
}

Result<SecretBytes> value_of(const Given& given) {
  TRY_ASSIGN(const int fd, descriptor(given));
  if (::isatty(fd) == 1)
    return fail(Code::kUsage, "the value is read from stdin, and that is a terminal",
                "pipe it in: printf %s \"$VALUE\" | runnerfs secret put NAME, or < FILE");
  TRY_ASSIGN(SecretBytes value, read_secret(fd, given.has("--fd") ? "--fd" : "stdin"));
  if (given.has("--strip") && value.reveal_text().ends_with('\n'))
    value = SecretBytes::copy_of(value.reveal().first(value.size() - 1));
  else if (has_lone_newline(value))
    warn("the value ends in a newline, which is stored with it; --strip leaves it out");
  if (value.empty() && !given.has("--allow-empty"))
    return fail(Code::kUsage, "there is no value: stdin is empty",
                "did the command before the pipe fail? --allow-empty stores an empty value");
  return value;
}

int store(const Given& given, bool must_exist) {
  if (given.arguments.size() > 1)  // never repeated in a message: it may be the value
    return report({Code::kUsage, "there is more than a name: a value is read from stdin, not from the command line",
                   "printf %s \"$VALUE\" | runnerfs secret put NAME"});
  const auto attributes = put_attributes(given.get("--ttl"), given.has("--allow-untrusted"), must_exist);
  if (!attributes) return report(attributes.error());
  if (given.has("--ttl") && given.get("--ttl").empty())
    return report({Code::kUsage, "--ttl is empty", "write seconds, or 10s, 5m, 24h"});
  auto reach = reach_secrets(given);
  if (!reach) return report(reach.error());
  const auto path = credential_path((*reach)->access(), given, given.arguments[0]);
  if (!path) return report(path.error());
  const auto value = value_of(given);
  if (!value) return report(value.error());
  const auto done = (*reach)->access().put(*path, value->reveal_text(), *attributes);
  return done ? 0 : report(done.error());
}

}  // namespace

int run_secret_put(const Given& given) { return store(given, false); }
int run_secret_rotate(const Given& given) { return store(given, true); }

}  // namespace rfs
