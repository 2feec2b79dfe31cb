// The Unix socket: the daemon's second front, and its client. Same paths, same answers as the mount.
//
// Only the uid that the daemon serves (and root) is answered: SO_PEERCRED, checked at accept. The protocol is private
// to one version of runnerfs; it begins with that version and ends with a clear error when the other side differs.
#pragma once

#include <memory>
#include <string>

#include "base/counters.h"
#include "fs/walk.h"

namespace rfs {

class SocketServer {
 public:
  SocketServer(std::string path, uid_t served, Namespace& root, Counters& counters, Millis deadline);
  ~SocketServer();
  // Binds (0600) and serves on threads of its own. A socket file without a daemon behind it is replaced; a living
  // daemon's is kBusy.
  Result<> start();
  // Ends every connection, removes the file. Idempotent.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class SocketAccess final : public Access {
 public:
  // kUnreachable when nobody listens there; kTimeout when whoever does, a stopped process, says nothing within
  // `patience`.
  static Result<std::unique_ptr<SocketAccess>> connect(const std::string& path, Millis patience = Millis(5'000));
  ~SocketAccess() override;
  Result<> cat(const std::string& path, const std::function<bool(BytesView)>& sink) override;
  Result<std::vector<PathInfo>> list(const std::string& path) override;
  Result<PathInfo> stat(const std::string& path, bool fetch) override;
  Result<> put(const std::string& path, std::string_view content, const Attributes& attributes) override;
  Result<> put_from(const std::string& path, const Source& source, const Attributes& attributes) override;
  Result<> put_all(std::span<const NewFile> files) override;
  Result<std::uint64_t> remove(const std::string& path) override;
  Result<> control(const std::string& command) override;

 private:
  SocketAccess();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
