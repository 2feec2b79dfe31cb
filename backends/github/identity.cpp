#include "backends/github/identity.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "backends/http/url.h"
#include "base/encode.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"

namespace rfs {

namespace {

constexpr std::size_t kMostToken = 16'384;
constexpr Millis kLook{500};  // a token file is looked at that often
constexpr Millis kGhDeadline{5'000};

// What tells a rewritten file from the one that was read.
struct Stamp {
  std::int64_t mtime_s = 0, mtime_ns = 0, ctime_s = 0, ctime_ns = 0;
  std::uint64_t size = 0, inode = 0, device = 0;
  bool operator==(const Stamp&) const = default;
};

Stamp stamp_of(const struct stat& st) {
  return {st.st_mtim.tv_sec,
          st.st_mtim.tv_nsec,
          st.st_ctim.tv_sec,
          st.st_ctim.tv_nsec,
          static_cast<std::uint64_t>(st.st_size),
          st.st_ino,
          st.st_dev};
}

std::string kind_of(std::string_view token) {
  if (token.empty()) return "anonymous";
  for (std::string_view kind : {"github_pat", "ghs", "ghp", "gho", "ghu"})
    if (token.size() > kind.size() && token.starts_with(kind) && token[kind.size()] == '_') return std::string(kind);
  return "unknown";
}

// A token is one word of visible ASCII; line ends after it are not part of it.
Result<std::string_view> one_word(std::string_view text, const std::string& origin) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const std::string hint = "it must hold the token and nothing else";
  if (text.empty()) return fail(Code::kNoKey, "the token of " + origin + " is empty", hint);
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= 0x20 || c >= 0x7f; }))
    return fail(Code::kNoKey, "the token of " + origin + " holds a space, a control byte or a byte beyond ASCII", hint);
  return text;
}

struct TokenFile {
  SecretBytes text;
  Stamp stamp;
};

Result<TokenFile> read_token_file(const std::string& path) {
  const std::string hint = "write the token into it, or name another file with --token-file";
  // Not blocking: the name may be a pipe's.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat before {
  }, after{};
  if (!fd || ::fstat(fd.get(), &before) != 0) {
    Error error = fail_errno(errno, "the token file " + path).value();
    return fail(Code::kNoKey, std::move(error.message), hint);
  }
  if (!S_ISREG(before.st_mode)) return fail(Code::kNoKey, "the token file " + path + " is no ordinary file", hint);
  SecretBytes buffer(kMostToken + 1);
  std::size_t size = 0;
  for (ssize_t n = 1; n > 0 && size < buffer.size(); size += static_cast<std::size_t>(n)) {
    n = ::read(fd.get(), buffer.reveal_mutable().data() + size, buffer.size() - size);
    if (n < 0) return fail(Code::kNoKey, "the token file " + path + " cannot be read", hint);
  }
  if (size > kMostToken) return fail(Code::kNoKey, "the token file " + path + " is too large for a token", hint);
  ::fstat(fd.get(), &after);
  // Written to while it was read: look again next time.
  const Stamp stamp = stamp_of(after);
  return TokenFile{SecretBytes::copy_of(buffer.reveal().first(size)), stamp == stamp_of(before) ? stamp : Stamp{}};
}

// Where gh is, where its configuration is, and the session bus, behind which it may keep the token in a keyring.
std::vector<std::string> gh_environment() {
  std::vector<std::string> environment;
  for (const char* name :
       {"PATH", "HOME", "XDG_CONFIG_HOME", "GH_CONFIG_DIR", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"})
    if (const char* value = std::getenv(name)) environment.push_back(std::string(name) + "=" + value);
  return environment;
}

}  // namespace

std::string gh_hostname(std::string_view base_url) {
  if (!base_url.starts_with("https://")) return {};
  auto url = parse_url(base_url);
  if (!url) return {};
  if (url->host == "api.github.com") return "github.com";
  if (url->host.starts_with("api.") && url->host.ends_with(".ghe.com")) return url->host.substr(4);
  return url->authority();
}

struct IdentitySource::State {
  IdentityOptions options;
  std::function<Digest(BytesView)> hash;
  const Clock& clock;

  std::mutex mutex;                         // over all below; also while gh runs, so that it runs once
  Result<IdentityPtr> now = IdentityPtr();  // null: not yet known
  Stamp stamp;                              // of the token file behind `now`
  SteadyTime looked{};

  IdentityPtr make(std::string_view token, std::string origin) const {
    auto identity = std::make_shared<Identity>();
    if (!token.empty()) {
      constexpr std::string_view kScheme = "Bearer ";
      identity->token = SecretBytes::copy_of(token);
      identity->authorization = SecretBytes(kScheme.size() + token.size());
      auto* at = identity->authorization.reveal_mutable().data();
      std::copy(token.begin(), token.end(), std::copy(kScheme.begin(), kScheme.end(), at));
    }
    identity->partition = hex(BytesView(hash(view(token))).first(16));
    identity->origin = std::move(origin);
    identity->kind = kind_of(token);
    return identity;
  }

  Result<IdentityPtr> from_text(std::string_view text, const std::string& origin) const {
    TRY_ASSIGN(const std::string_view token, one_word(text, origin));
    return make(token, origin);
  }

  void look_at_file() {
    const SteadyTime time = clock.steady();
    const bool known = !now || *now;
    if (known && time - looked < kLook) return;
    looked = time;
    struct stat st {};
    if (known && now && ::stat(options.token_file.c_str(), &st) == 0 && stamp_of(st) == stamp) return;
    auto file = read_token_file(options.token_file);
    if (!file) {
      now = fail(std::move(file.error()));
      return;
    }
    stamp = file->stamp;
    now = from_text(file->text.reveal_text(), "--token-file " + options.token_file);
  }

  Result<IdentityPtr> ask_gh() const {
    auto ran = run_process({"gh", "auth", "token", "--hostname", options.gh_host}, gh_environment(), kGhDeadline);
    if (ran && ran->exit_code == 0) {
      if (auto identity = from_text(ran->out.reveal_text(), "gh auth token")) return identity;
    } else if (!ran && ran.error().code != Code::kNotFound) {
      log(Level::kWarning, "gh auth token: {}", ran.error().message);
    }
    return make({}, "none");
  }
};

IdentitySource::IdentitySource(IdentityOptions options, std::function<Digest(BytesView)> hash, const Clock& clock)
    : state_(new State{std::move(options), std::move(hash), clock, {}, IdentityPtr(), {}, {}}) {}
IdentitySource::~IdentitySource() = default;

Result<IdentityPtr> IdentitySource::current() {
  State& state = *state_;
  std::lock_guard lock(state.mutex);
  if (!state.options.token_file.empty()) {
    state.look_at_file();
    return state.now;
  }
  if (state.now && !*state.now) {
    if (!state.options.env_token.empty())
      state.now = state.from_text(state.options.env_token.reveal_text(), state.options.env_name);
    else if (state.options.ask_gh && !state.options.gh_host.empty())
      state.now = state.ask_gh();
    else
      state.now = state.make({}, "none");
  }
  return state.now;
}

}  // namespace rfs
