// Session: the FUSE front (low-level API of libfuse 3). Translates kernel requests to the tree and back, defers what
// waits, and knows nothing of GitHub. Node ids: one a version of a file, never reused; st_ino: a hash of the path.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "base/time.h"
#include "fs/tree/namespace.h"

namespace rfs {

struct MountOptions {
  std::string mountpoint;
  std::string source = "runnerfs";  // fsname: shown by mount(8)
  bool allow_other = false;
  bool read_only = false;                 // -o ro: writes are EROFS, also in cache/
  std::vector<std::string> fuse_options;  // further -o options for libfuse, checked by cli
  uid_t uid = 0;                          // whom the mount serves; files belong to it
  gid_t gid = 0;
  Millis deadline{35'000};  // of a deferred reply; above the origin's own
  unsigned max_threads = 16;
};

class Session {
 public:
  Session(MountOptions options, Namespace& root, const Clock& clock, Counters& counters);
  ~Session();
  // Mounts and answers INIT; returns when the mount can be used, with the loop running on threads of its own.
  // Failures name the cause: no /dev/fuse, no fusermount3, not permitted, mountpoint missing, not a directory, busy.
  Result<> start();
  // Blocks until the filesystem is unmounted (by anyone) or stop() was called.
  void wait();
  // Answers every deferred request kAborted, unmounts (lazily when busy and `lazy`), ends the loop. Any thread; not
  // from a signal handler. kBusy when somebody holds it: the hint names the processes.
  Result<> stop(bool lazy);
  // True when the kernel side is gone (somebody unmounted it).
  bool ended() const;
  std::size_t nodes() const;    // that the kernel knows
  std::size_t waiting() const;  // deferred requests
  // Tells the kernel to forget a name (a walker may hold it for an hour). From any thread; sent by a thread of its own.
  void forget_name(const std::string& path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
