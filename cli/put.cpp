#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/fd.h"
#include "cli/access.h"
#include "cli/message.h"
#include "cli/value.h"

namespace rfs {
namespace {

Result<std::string> read_content(const std::string& name, std::uint64_t limit) {
  Fd file;
  int from = STDIN_FILENO;
  if (name != "-") {
    file = Fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return fail_errno(errno, name);
    from = file.get();
  }
  std::string out;
  char buffer[65536];
  while (true) {
    const ssize_t size = ::read(from, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) {  // a non-blocking stdin
      pollfd empty{from, POLLIN, 0};
      (void)::poll(&empty, 1, -1);
      continue;
    }
    if (size < 0) return fail_errno(errno, name == "-" ? "stdin" : name);
    if (size == 0) return out;
    out.append(buffer, static_cast<std::size_t>(size));
    if (out.size() > limit)
      return fail(Code::kTooLarge, fmt::format("the content is larger than {} bytes", limit),
                  "raise --max-object-size");
  }
}

}  // namespace

int run_put(const Given& given) {
  const std::string ttl = given.get("--ttl");
  if (given.has("--ttl") && !parse_duration(ttl))
    return report({Code::kUsage, fmt::format("put: --ttl '{}' is no time", ttl), "write seconds, or 10s, 5m, 24h"});
  auto reach = Reach::open(given);
  if (!reach) return report(reach.error());
  const auto path = (*reach)->tree_path(given.arguments[0]);
  if (!path) return report(path.error(), given.arguments[0]);
  std::optional<Error> why;
  if (path->starts_with("cache/")) why = (*reach)->not_kept();
  if (path->starts_with("codeql/")) why = (*reach)->scans_not_kept();
  if (why) {
    why->message = fmt::format("{}: {}", *path, why->message);
    return report(*why);
  }
  const auto content =
      read_content(given.arguments.size() > 1 ? given.arguments[1] : "-", (*reach)->settings().max_object_size);
  if (!content) return report(content.error());
  Access::Attributes attributes;
  if (!ttl.empty()) attributes.emplace_back("user.runnerfs.ttl", ttl);
  const auto done = (*reach)->access().put(*path, *content, attributes);
  return done ? 0 : report(done.error(), given.arguments[0]);
}

}  // namespace rfs
