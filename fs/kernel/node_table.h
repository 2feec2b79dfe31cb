// NodeTable: what each node id of the kernel stands for.
//
// A node of a file is one version of it, for ever: the kernel's page cache belongs to the node, so bytes of two
// versions can't be mixed. Another version of the path is another node with another id; the old one is superseded, and
// serves what was opened through it. Ids are 64 bits and never reused. A node leaves the table when the kernel has
// forgotten it (FORGET); handles and deferred requests hold it by pointer beyond that. Any thread.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/sync.h"
#include "base/time.h"
#include "fs/tree/namespace.h"

namespace rfs {

class WriteHandle;

// st_ino: a hash of the path, so that it stays the same over versions and mounts.
std::uint64_t path_inode(std::string_view path);
// "a/b" → "a"; "a" → "".
std::string_view parent_path(std::string_view path);
std::string_view file_name(std::string_view path);
std::string child_path(std::string_view parent, std::string_view name);

class KernelNode {
 public:
  enum class Kind {
    kDirectory,
    kFile,   // unbound until bound() is true
    kDraft,  // what a writer fills; readers get the version that its commit makes, on a node of its own
  };
  KernelNode(std::uint64_t node_id, std::string node_path, Kind node_kind, mode_t permissions)
      : id(node_id), path(std::move(node_path)), kind(node_kind), mode(permissions) {}

  const std::uint64_t id;
  const std::string path;
  const Kind kind;
  std::atomic<mode_t> mode;        // permission bits
  std::atomic<double> timeout{0};  // seconds that attributes may be kept

  // The fields below never change once bound() is true.
  bool bound() const { return bound_.load(std::memory_order_acquire); }
  std::uint64_t size() const { return bound() ? size_ : 0; }
  double mtime() const { return bound() ? mtime_ : 0; }
  bool direct() const { return bound() && direct_; }
  // Whether `file` may be opened through this node: the same version, or both are made anew at each open.
  bool stands_for(const File& file) const;
  // The version itself while somebody else holds it. Not owned: the kernel remembers nodes for hours, and a cache that
  // is bounded in bytes must not grow with them.
  FilePtr file() const { return bound() ? file_.lock() : nullptr; }
  // The kernel checks permissions between LOOKUP and OPEN, with a GETATTR when it holds no attributes: both are one
  // question of one reader. What was bound for the GETATTR is opened as it is, once, if the OPEN comes before `until`.
  void keep_for_open(SteadyTime until) { for_open_.store(until.time_since_epoch().count(), std::memory_order_release); }
  bool take_for_open(SteadyTime now) { return for_open_.exchange(0, std::memory_order_acq_rel) > now.time_since_epoch().count(); }

 private:
  friend class NodeTable;
  void bind(const FilePtr& file);

  std::atomic<bool> bound_{false};
  std::atomic<SteadyTime::rep> for_open_{0};
  std::weak_ptr<const File> file_;
  std::string version_;
  std::uint64_t size_ = 0;
  double mtime_ = 0;
  bool direct_ = false;
  // Guarded by the table.
  std::uint64_t lookups_ = 0;
  std::weak_ptr<WriteHandle> writer_;
};
using KernelNodePtr = std::shared_ptr<KernelNode>;

class NodeTable {
 public:
  static constexpr std::uint64_t kRoot = 1;  // FUSE_ROOT_ID
  explicit NodeTable(mode_t root_mode);

  // Null: the kernel does not know such a node.
  KernelNodePtr find(std::uint64_t id);
  // The node that answers a LOOKUP of `path` with `found`; counts one lookup. REQUIRES: found is not kAbsent. The
  // present node of the path is used again when it stands for the same, else it is superseded.
  KernelNodePtr enter(const std::string& path, const Node& found);
  // A node for a writer, not yet known to the kernel and not the present node of its path.
  KernelNodePtr draft(const std::string& path, mode_t mode);
  // Counts one lookup of it.
  void enter(const KernelNodePtr& node);
  // FORGET, or an answer that did not reach the kernel.
  void forget(std::uint64_t id, std::uint64_t lookups);

  // Makes an unbound node stand for the version. False: it stands for another one.
  bool bind(const KernelNodePtr& node, const FilePtr& file);
  // The next LOOKUP of the path makes a new node. True when it was the present one.
  bool supersede(const KernelNodePtr& node);
  // The same for whatever the present node of the path is.
  void supersede(const std::string& path);

  // Who writes through a draft (the last to open it), while the writer is open.
  void set_writer(const KernelNodePtr& draft, const std::shared_ptr<WriteHandle>& writer);
  void drop_writer(const KernelNodePtr& draft, const std::shared_ptr<WriteHandle>& writer);
  std::shared_ptr<WriteHandle> writer(const KernelNodePtr& node);
  // The draft that is being written under this name, if any.
  KernelNodePtr draft_of(const std::string& path);

  // 0: the kernel knows no node of this path.
  std::uint64_t id_of(const std::string& path);
  std::size_t size();  // without the root

 private:
  struct State {
    std::unordered_map<std::uint64_t, KernelNodePtr> nodes;
    std::unordered_map<std::string_view, KernelNode*> present;  // keys are the nodes' own paths
    std::unordered_map<std::string, std::weak_ptr<KernelNode>> drafts;
    std::uint64_t next_id = kRoot + 1;
  };
  static void supersede(State& state, std::string_view path);
  Sync<State> state_;
};

}  // namespace rfs
