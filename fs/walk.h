// The tree without a kernel: what `runnerfs cat`, `ls`, `put`, `rm`, `stat` do. Access is the interface; WalkAccess
// runs the tree in this process, SocketAccess (fs/socket.h) asks a daemon. One call at a time; blocks.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "fs/tree/namespace.h"

namespace rfs {

struct PathInfo {
  std::string path;
  bool directory = false;
  bool held = false;          // a version is held; else nothing is known yet
  std::uint64_t size = 0;
  double mtime = 0;
  mode_t mode = 0;
  std::vector<std::pair<std::string, std::string>> xattrs;
};

class Access {
 public:
  virtual ~Access() = default;
  // Calls `sink` with the bytes in order; a false return ends it early (head). One version, whole.
  virtual Result<> cat(const std::string& path, const std::function<bool(BytesView)>& sink) = 0;
  virtual Result<std::vector<PathInfo>> list(const std::string& path) = 0;
  // fetch: ask for it when nothing is held.
  virtual Result<PathInfo> stat(const std::string& path, bool fetch) = 0;
  // attributes: e.g. {"user.runnerfs.ttl", "24h"}; they take effect with the content where the namespace can do that,
  // else right after it.
  using Attributes = std::vector<std::pair<std::string, std::string>>;
  virtual Result<> put(const std::string& path, std::string_view content, const Attributes& attributes) = 0;
  // The same for content of any size, piece by piece. The next piece, valid until the next call; empty: that was all. A
  // failure of it is that of the put, and nothing is stored. Not for secrets/: pieces are in ordinary memory.
  using Source = std::function<Result<BytesView>()>;
  virtual Result<> put_from(const std::string& path, const Source& source, const Attributes& attributes) = 0;
  // Several files below one namespace: all or none where that is possible, else one after another, and the message of a
  // failure says how many were stored.
  virtual Result<> put_all(std::span<const NewFile> files);
  // Patterns with * in the last component are expanded by the namespace's own listing. Answers how many.
  virtual Result<std::uint64_t> remove(const std::string& path) = 0;
  virtual Result<> control(const std::string& command) = 0;
};

class WalkAccess final : public Access {
 public:
  WalkAccess(Namespace& root, Caller caller, Millis deadline);
  Result<> cat(const std::string& path, const std::function<bool(BytesView)>& sink) override;
  Result<std::vector<PathInfo>> list(const std::string& path) override;
  Result<PathInfo> stat(const std::string& path, bool fetch) override;
  Result<> put(const std::string& path, std::string_view content, const Attributes& attributes) override;
  Result<> put_from(const std::string& path, const Source& source, const Attributes& attributes) override;
  Result<> put_all(std::span<const NewFile> files) override;
  Result<std::uint64_t> remove(const std::string& path) override;
  Result<> control(const std::string& command) override;

 private:
  // nullopt: that was all.
  Result<> put_pieces(const std::string& path, const Attributes& attributes,
                      const std::function<Result<std::optional<BytesView>>()>& next);

  Namespace& root_;
  Caller caller_;
  Millis deadline_;
};

}  // namespace rfs
