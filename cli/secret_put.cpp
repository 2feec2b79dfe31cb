// secret put and secret rotate: a value from stdin, a descriptor or a command, never from the command line.
#include <fmt/format.h>
#include <unistd.h>

#include "base/duration.h"
#include "cli/message.h"
#include "cli/saved_environment.h"
#include "cli/secret.h"
#include "cli/secret_command.h"
#include "cli/secret_refresh.h"
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

Result<SecretBytes> given_value(const Given& given) {
  TRY_ASSIGN(const int fd, descriptor(given));
  if (::isatty(fd) == 1)
    return fail(Code::kUsage, "the value is read from stdin, and that is a terminal",
                "pipe it in: printf %s \"$VALUE\" | runnerfs secret put NAME, or < FILE");
  return read_secret(fd, given.has("--fd") ? "--fd" : "stdin");
}

Result<SecretBytes> value_of(const Given& given, const SavedEnvironment& environment) {
  const bool command = given.has("--from-command");
  SecretBytes value;
  if (command) {
    TRY_ASSIGN(value, value_from_command(given.get("--from-command"), environment));
  } else {
    TRY_ASSIGN(value, given_value(given));
  }
  if (given.has("--strip") && value.reveal_text().ends_with('\n'))
    value = SecretBytes::copy_of(value.reveal().first(value.size() - 1));
  else if (has_lone_newline(value))
    warn("the value ends in a newline, which is stored with it; --strip leaves it out");
  if (value.empty() && !given.has("--allow-empty"))
    return fail(Code::kUsage,
                command ? "there is no value: the command printed nothing" : "there is no value: stdin is empty",
                "did what makes it fail? --allow-empty stores an empty value");
  return value;
}

// Seconds between two runs of the command; 0: one run.
Result<double> refresh_of(const Given& given) {
  if (!given.has("--refresh")) return 0.0;
  if (!given.has("--from-command"))
    return fail(Code::kUsage, "--refresh is given without --from-command", "say which command gives the value");
  const auto seconds = parse_duration(given.get("--refresh"));
  if (!seconds || *seconds < 1)
    return fail(Code::kUsage, "--refresh is no time of a second or more", "write 90, 5m or 12h");
  return *seconds;
}

// The daemon is looked for each time: it may have been started anew.
Result<> store_once(const Given& given, const Access::Attributes& attributes, const SavedEnvironment& environment) {
  TRY_ASSIGN(auto reach, reach_secrets(given));
  TRY_ASSIGN(const std::string path, credential_path(reach->access(), given, given.arguments[0]));
  TRY_ASSIGN(const SecretBytes value, value_of(given, environment));
  return reach->access().put(path, value.reveal_text(), attributes);
}

int store_value(const Given& given, bool must_exist) {
  if (given.arguments.size() > 1)  // never repeated in a message: it may be the value
    return report({Code::kUsage, "there is more than a name: a value is read from stdin, not from the command line",
                   "printf %s \"$VALUE\" | runnerfs secret put NAME"});
  const auto attributes = put_attributes(given.get("--ttl"), given.has("--allow-untrusted"), must_exist);
  if (!attributes) return report(attributes.error());
  if (given.has("--ttl") && given.get("--ttl").empty())
    return report({Code::kUsage, "--ttl is empty", "write seconds, or 10s, 5m, 24h"});
  const auto refresh = refresh_of(given);
  if (!refresh) return report(refresh.error());
  const SavedEnvironment environment;
  if (*refresh <= 0) {
    const auto done = store_once(given, *attributes, environment);
    return done ? 0 : report(done.error());
  }
  return refresh_secret([&] { return store_once(given, *attributes, environment); }, *refresh,
                        given.has("--foreground") ? 0 : daemon_pid(given));
}

}  // namespace

int run_secret_put(const Given& given) { return store_value(given, false); }
int run_secret_rotate(const Given& given) { return store_value(given, true); }

}  // namespace rfs
