#include "fs/kernel/mount.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "base/fd.h"
#include "base/log.h"
#include "base/sync.h"
#include "fs/kernel/overhear.h"

namespace rfs {
namespace {

using Args = Handle<fuse_args, fuse_opt_free_args>;

// libfuse says why a mount failed only in its log, which is one for the process.
Sync<std::string>& last_message() {
  static Sync<std::string> message;
  return message;
}

void on_log(fuse_log_level level, const char* format, va_list arguments) {
  char line[512];
  std::vsnprintf(line, sizeof line, format, arguments);
  std::string text(line);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (text.empty()) return;
  log(level <= FUSE_LOG_ERR ? Level::kWarning : Level::kDebug, "libfuse: {}", text);
  *last_message().lock() = text;
}

// A comma ends an option, a backslash escapes.
std::string escape(const std::string& value) {
  std::string out;
  for (char c : value) {
    if (c == ',' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

bool in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "/usr/local/bin:/usr/bin:/bin";
  while (true) {
    std::size_t end = std::min(rest.find(':'), rest.size());
    std::string file = std::string(rest.substr(0, end)) + "/" + program;
    if (::access(file.c_str(), X_OK) == 0) return true;
    if (end == rest.size()) return false;
    rest.remove_prefix(end + 1);
  }
}

constexpr const char* kWithoutFuse = "use runnerfs without a mount: runnerfs serve, and runnerfs cat PATH";

Result<> check_device() {
  struct stat attributes;
  if (::stat("/dev/fuse", &attributes) != 0)
    return fail(Code::kUnsupported, "/dev/fuse is missing",
                std::string("load the module (modprobe fuse), in a container add --device /dev/fuse; or ") + kWithoutFuse);
  Fd device(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (device) return {};
  if (errno == EACCES && ::geteuid() != 0 && in_path("fusermount3")) return {};  // setuid, it opens the device itself
  return fail(Code::kUnsupported, "/dev/fuse cannot be opened",
              std::string("in a container add --device /dev/fuse --cap-add SYS_ADMIN; or ") + kWithoutFuse);
}

Result<> check_helper() {
  if (::geteuid() == 0 || in_path("fusermount3")) return {};
  return fail(Code::kUnsupported, "fusermount3 is missing", std::string("install the package fuse3; or ") + kWithoutFuse);
}

Result<> check_directory(const std::string& path) {
  struct stat attributes;
  if (::stat(path.c_str(), &attributes) != 0) {
    if (errno == ENOENT) return fail(Code::kNotFound, "the mountpoint " + path + " does not exist", "make it: mkdir -p " + path);
    if (errno == ENOTCONN)
      return fail(Code::kBusy, "a dead mount lies on " + path, "clean it: runnerfs umount -l " + path);
    return fail_errno(errno, "cannot use the mountpoint " + path);
  }
  if (!S_ISDIR(attributes.st_mode))
    return fail(Code::kNotDirectory, "the mountpoint " + path + " is not a directory", "name an empty directory");
  return {};
}

// fusermount3 knows better than libfuse, which only knows that it refused.
Error refused(const std::string& path, std::string said) {
  if (said.empty()) said = *last_message().lock();
  auto says = [&](std::string_view word) { return said.find(word) != said.npos; };
  std::string message = "cannot mount on " + path + (said.empty() ? "" : ": " + said);
  if (says("allow_other"))
    return {Code::kDenied, message, "add user_allow_other to /etc/fuse.conf, or leave allow_other out"};
  if (says("mount_max"))
    return {Code::kDenied, message, "unmount what nobody uses, or raise mount_max in /etc/fuse.conf"};
  if (says("access to mountpoint"))
    return {Code::kDenied, message, "name a directory of your own"};
  if (says("exec fusermount3") || says("spawn"))  // root too comes here, where the kernel does not let it mount
    return {Code::kUnsupported, message,
            std::string(::geteuid() == 0 ? "in a container add --cap-add SYS_ADMIN --device /dev/fuse; or "
                                         : "install the package fuse3; or ") + kWithoutFuse};
  if (says("device not found"))
    return {Code::kUnsupported, message,
            std::string("load the module (modprobe fuse), in a container add --device /dev/fuse; or ") + kWithoutFuse};
  if (says("open /dev/fuse") && ::geteuid() != 0)
    return {Code::kDenied, message,
            std::string("let users open it, as the udev rule of fuse3 does (chmod 666 /dev/fuse); or ") + kWithoutFuse};
  if (says("ermission") || says("ermitted"))
    return {Code::kDenied, message,
            std::string("mount as root, or in a container add --cap-add SYS_ADMIN --device /dev/fuse; or ") + kWithoutFuse};
  if (says("unknown option"))
    return {Code::kUsage, message, "see the section on -o in runnerfs(1)"};
  return {Code::kUnsupported, message, std::string("see dmesg for what the kernel says; or ") + kWithoutFuse};
}

}  // namespace

std::string mount_options(const MountOptions& options) {
  // default_permissions: the kernel checks modes, and no permission result of ours is kept for another user.
  // The kernel refuses a mount without a source.
  std::string text = "fsname=" + escape(options.source.empty() ? "runnerfs" : options.source) + ",subtype=runnerfs,default_permissions,nosuid,nodev";
  // Without it the kernel lets nobody in but the mounter, who need not be the one that is served.
  if (options.allow_other || options.uid != ::geteuid()) text += ",allow_other";
  if (options.read_only) text += ",ro";
  for (const auto& more : options.fuse_options) text += "," + more;
  return text;
}

Result<FuseSession> mount(const MountOptions& options, const fuse_lowlevel_ops& operations, void* userdata) {
  TRY(check_device());
  TRY(check_helper());
  TRY(check_directory(options.mountpoint));
  fuse_set_log_func(on_log);
  last_message().lock()->clear();
  fuse_args raw = FUSE_ARGS_INIT(0, nullptr);
  Args args(&raw);
  for (const std::string& word : {std::string("runnerfs"), std::string("-o"), mount_options(options)})
    if (fuse_opt_add_arg(args.get(), word.c_str()) != 0) return fail(Code::kBroken, "out of memory");
  FuseSession session(fuse_session_new(args.get(), &operations, sizeof operations, userdata));
  if (!session) return fail(refused(options.mountpoint, ""));
  Overhear overhear;
  const bool mounted = fuse_session_mount(session.get(), options.mountpoint.c_str()) == 0;
  std::string said = overhear.end("fusermount3");
  if (!mounted) return fail(refused(options.mountpoint, std::move(said)));
  return session;
}

}  // namespace rfs
