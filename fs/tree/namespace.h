// Namespace: what a directory below the mountpoint (api, cache, codeql, secrets, .runnerfs) answers. The same small
// interface for all; no FUSE type in it, so that everything runs without a kernel. Root routes to them by the first
// component.
//
// Paths are below the namespace, without a leading '/'; "" is the namespace's own directory. Any thread.
// lookup, list, xattr are answered at once and ask nobody. What may need the network takes a Reply.
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply.h"
#include "fs/tree/file.h"

namespace rfs {

// Who asks. Filled from the kernel's request context or from SO_PEERCRED; never from what the other side says.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
};

struct Node {
  enum class Kind {
    kAbsent,     // a negative entry
    kDirectory,
    kFile,       // a version is held (fresh or not): `file`
    kUnbound,    // could be a file; nothing is known: size 0, timeouts 0, not listed
  };
  Kind kind = Kind::kAbsent;
  FilePtr file;          // kFile
  mode_t mode = 0;       // permission bits
  // Seconds that the kernel may keep name and attributes without asking.
  double timeout = 0;
};

struct Listing {
  std::string name;
  bool directory = false;
};

// A file being written: bytes are gathered here and take effect at commit. One writer; calls do not overlap.
class Writer {
 public:
  virtual ~Writer() = default;  // without a commit: nothing happened
  virtual Result<> write(std::uint64_t offset, BytesView bytes) = 0;
  virtual Result<> truncate(std::uint64_t size) = 0;
  virtual std::uint64_t size() const = 0;
  virtual Result<Bytes> read(std::uint64_t offset, std::size_t length) const = 0;
  // Asked at the close of a file that was only created or emptied, and may yet be written through another descriptor (a
  // shell closes a copy before its command writes): an error is that close's answer and has no other effect.
  virtual Result<> accept_empty() const { return {}; }
  // Before the first commit: what goes with the content and must take effect with it ("user.runnerfs.ttl", "24h").
  // kUnsupported: to be set afterwards, with set_xattr().
  virtual Result<> set(const std::string& name, std::string_view value) {
    (void)name, (void)value;
    return fail(Code::kUnsupported, "this file takes no attributes while it is written");
  }
  // True for a credential's value: a front wipes what it held of the bytes, and shows the file to its owner alone.
  virtual bool secret() const { return false; }
  // At close (flush) and fsync: checks and stores, atomically; may be called again after further writes, and does
  // nothing when nothing changed. kInvalid: the content is not of the required form, nothing was stored, the reason is
  // in errors.jsonl.
  virtual void commit(bool sync, Reply<FilePtr> reply) = 0;
};

// One of several files that are written together.
struct NewFile {
  std::string path;
  BytesView content;  // the caller's
  std::vector<std::pair<std::string, std::string>> attributes;  // as Writer::set
};

class Namespace {
 public:
  virtual ~Namespace() = default;

  virtual Result<Node> lookup(const std::string& path, const Caller& caller) = 0;
  virtual Result<std::vector<Listing>> list(const std::string& path, const Caller& caller) = 0;

  // stat of an unbound node: fetches, and answers the version (or kNotFound).
  virtual void bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) = 0;
  // open for reading: decides freshness; answers the version to be read now. `held` is what the caller's node stands
  // for (null: unbound); an answer with the same version() means "unchanged".
  virtual void open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) = 0;

  // create or open for writing. truncate: begin empty, else with the present content. exclusive: kExists if present.
  virtual Result<std::unique_ptr<Writer>> write(const std::string& path, const Caller& caller, bool create, bool truncate,
                                                bool exclusive) {
    (void)path, (void)caller, (void)create, (void)truncate, (void)exclusive;
    return fail(Code::kReadOnly, "this part of the tree is read-only");
  }
  // Creates or replaces all of them or none, committed when it returns; blocks. The message of a failure names the file
  // that it is about. kUnsupported: this namespace writes one at a time.
  virtual Result<> write_all(std::span<const NewFile> files, const Caller& caller) {
    (void)files, (void)caller;
    return fail(Code::kUnsupported, "this part of the tree is written one file at a time");
  }
  virtual Result<> remove(const std::string& path, const Caller& caller) {
    (void)path, (void)caller;
    return fail(Code::kReadOnly, "this part of the tree is read-only");
  }
  // A directory, with all that is below it.
  virtual Result<> remove_directory(const std::string& path, const Caller& caller) {
    (void)path, (void)caller;
    return fail(Code::kUnsupported, "directories of this part of the tree stay");
  }
  virtual Result<> make_directory(const std::string& path, const Caller& caller) {
    (void)path, (void)caller;
    return fail(Code::kReadOnly, "this part of the tree is read-only");
  }

  // Extended attributes. kNoAttribute when there is none of that name.
  virtual Result<std::vector<std::string>> xattr_names(const std::string& path, const Caller& caller) {
    (void)path, (void)caller;
    return std::vector<std::string>{};
  }
  virtual Result<std::string> xattr(const std::string& path, const std::string& name, const Caller& caller) {
    (void)path, (void)name, (void)caller;
    return fail(Code::kNoAttribute, "no such attribute");
  }
  virtual Result<> set_xattr(const std::string& path, const std::string& name, std::string_view value, const Caller& caller) {
    (void)path, (void)name, (void)value, (void)caller;
    return fail(Code::kReadOnly, "this attribute cannot be set");
  }
};

// A file whose whole content is a string made at open: README, stats.json, …
FilePtr text_file(std::string content, double mtime, bool direct);

}  // namespace rfs
