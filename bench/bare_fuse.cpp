// bare_fuse MOUNTPOINT: the least that a libfuse server can do, to measure runnerfs against: one file, answer.json, of
// 2 KiB out of memory. The low-level API, the same loop, timeouts and open flags as the mount of runnerfs, so what is
// left of the difference is runnerfs. In the foreground; prints "ready" when it is mounted, ends when it is unmounted.
#include <fuse_lowlevel.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

namespace {

constexpr fuse_ino_t kFile = 2;
constexpr const char* kName = "answer.json";
constexpr double kTimeout = 3600;
const std::string content(2048, 'x');

struct stat attributes(fuse_ino_t ino) {
  struct stat result{};
  result.st_ino = ino;
  result.st_mode = ino == kFile ? S_IFREG | 0444 : S_IFDIR | 0555;
  result.st_nlink = ino == kFile ? 1 : 2;
  result.st_size = ino == kFile ? static_cast<off_t>(content.size()) : 0;
  return result;
}

void on_init(void*, fuse_conn_info*) {
  std::puts("ready");
  std::fflush(stdout);
}

void lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
  if (parent != FUSE_ROOT_ID || std::strcmp(name, kName) != 0) return (void)fuse_reply_err(req, ENOENT);
  fuse_entry_param entry{};
  entry.ino = kFile;
  entry.attr = attributes(kFile);
  entry.attr_timeout = entry.entry_timeout = kTimeout;
  fuse_reply_entry(req, &entry);
}

void getattr(fuse_req_t req, fuse_ino_t ino, fuse_file_info*) {
  struct stat result = attributes(ino);
  fuse_reply_attr(req, &result, kTimeout);
}

void open(fuse_req_t req, fuse_ino_t ino, fuse_file_info* info) {
  if (ino != kFile) return (void)fuse_reply_err(req, EISDIR);
  info->keep_cache = 1;
  info->noflush = 1;
  fuse_reply_open(req, info);
}

void read(fuse_req_t req, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info*) {
  auto at = std::min(static_cast<std::size_t>(offset), content.size());
  fuse_reply_buf(req, content.data() + at, std::min(size, content.size() - at));
}

void readdir(fuse_req_t req, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info*) {
  char buffer[512];
  std::size_t used = 0;
  const std::pair<const char*, fuse_ino_t> entries[] = {{".", FUSE_ROOT_ID}, {"..", FUSE_ROOT_ID}, {kName, kFile}};
  for (auto i = static_cast<std::size_t>(offset); i < std::size(entries); ++i) {
    struct stat type = attributes(entries[i].second);
    used += fuse_add_direntry(req, buffer + used, sizeof buffer - used, entries[i].first, &type, static_cast<off_t>(i + 1));
  }
  fuse_reply_buf(req, buffer, std::min(used, size));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bare_fuse MOUNTPOINT\n");
    return 2;
  }
  fuse_lowlevel_ops operations{};
  operations.init = on_init;
  operations.lookup = lookup;
  operations.getattr = getattr;
  operations.open = open;
  operations.read = read;
  operations.readdir = readdir;
  char program[] = "bare_fuse", option[] = "-o", options[] = "fsname=bare,subtype=bare,default_permissions,nosuid,nodev";
  char* words[] = {program, option, options};
  fuse_args args = FUSE_ARGS_INIT(3, words);
  fuse_session* session = fuse_session_new(&args, &operations, sizeof operations, nullptr);
  if (!session || fuse_set_signal_handlers(session) != 0 || fuse_session_mount(session, argv[1]) != 0) return 1;
  fuse_loop_config* config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(config, 16);
  fuse_loop_cfg_set_clone_fd(config, 0);
  fuse_session_loop_mt(session, config);
  fuse_loop_cfg_destroy(config);
  fuse_session_unmount(session);
  fuse_remove_signal_handlers(session);
  fuse_session_destroy(session);
  fuse_opt_free_args(&args);
  return 0;
}
