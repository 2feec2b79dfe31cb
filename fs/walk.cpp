#include "fs/walk.h"

#include <condition_variable>
#include <optional>

#include "backends/glob.h"
#include "base/duration.h"
#include "base/sync.h"

namespace rfs {
namespace {

constexpr std::size_t kChunk = 128u << 10;  // what the kernel asks for at once, too

// Calls `begin` with a Reply and waits for its answer. One that comes too late is dropped.
template <class T, class Begin>
Result<T> wait_for(Millis deadline, Begin begin) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable answered;
    std::optional<Result<T>> result;
  };
  auto shared = std::make_shared<Shared>();
  begin(Reply<T>([shared](Result<T> result) {
    std::lock_guard lock(shared->mutex);
    shared->result.emplace(std::move(result));
    shared->answered.notify_all();
  }));
  std::unique_lock lock(shared->mutex);
  if (!shared->answered.wait_for(lock, deadline, [&] { return shared->result.has_value(); }))
    return fail(Code::kTimeout, "there was no answer in time",
                "see .runnerfs/errors.jsonl; --origin-timeout bounds the wait");
  return std::move(*shared->result);
}

// "/api//user.json/" → "api/user.json".
std::string normal(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    auto slash = path.find('/');
    if (slash != 0) {
      if (!out.empty()) out += '/';
      out += path.substr(0, slash);
    }
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return out;
}

std::string below(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

tl::unexpected<Error> absent(const std::string& path) {
  return fail(Code::kNotFound, "there is no " + (path.empty() ? std::string("such file") : path));
}

PathInfo info_of(const std::string& path, const Node& node) {
  PathInfo out;
  out.path = path;
  out.mode = node.mode;
  out.directory = node.kind == Node::Kind::kDirectory;
  out.held = out.directory || node.kind == Node::Kind::kFile;
  if (node.file) {
    out.size = node.file->size();
    out.mtime = node.file->mtime();
  }
  return out;
}

}  // namespace

Result<> Access::put_all(std::span<const NewFile> files) {
  std::size_t stored = 0;
  for (const NewFile& file : files) {
    if (auto done = put(file.path, text(file.content), file.attributes); !done) {
      Error error = done.error();
      error.message = file.path + ": " + error.message;
      if (stored > 0) error.message = std::to_string(stored) + " were stored, then " + error.message;
      return fail(std::move(error));
    }
    ++stored;
  }
  return {};
}

WalkAccess::WalkAccess(Namespace& root, Caller caller, Millis deadline)
    : root_(root), caller_(caller), deadline_(deadline) {}

Result<> WalkAccess::cat(const std::string& path, const std::function<bool(BytesView)>& sink) {
  const std::string name = normal(path);
  TRY_ASSIGN(auto file, wait_for<FilePtr>(deadline_, [&](Reply<FilePtr> reply) {
               root_.open(name, caller_, nullptr, std::move(reply));
             }));
  std::uint64_t offset = 0;
  while (file->secret()) {
    TRY_ASSIGN(const BytesView bytes, file->reveal(offset, kChunk));
    if (bytes.empty() || !sink(bytes)) return {};
    offset += bytes.size();
  }
  while (file->direct() || offset < file->size()) {
    TRY_ASSIGN(auto bytes,
               wait_for<Bytes>(deadline_, [&](Reply<Bytes> reply) { file->read(offset, kChunk, std::move(reply)); }));
    if (bytes.empty()) break;
    offset += bytes.size();
    if (!sink(bytes)) break;
  }
  return {};
}

Result<std::vector<PathInfo>> WalkAccess::list(const std::string& path) {
  const std::string name = normal(path);
  TRY_ASSIGN(auto node, root_.lookup(name, caller_));
  if (node.kind == Node::Kind::kAbsent) return absent(name);
  if (node.kind != Node::Kind::kDirectory) return std::vector<PathInfo>{info_of(name, node)};
  TRY_ASSIGN(auto listed, root_.list(name, caller_));
  std::vector<PathInfo> out;
  for (const auto& one : listed) {
    const std::string child = below(name, one.name);
    auto found = root_.lookup(child, caller_);
    if (found && found->kind != Node::Kind::kAbsent) out.push_back(info_of(child, *found));
  }
  return out;
}

Result<PathInfo> WalkAccess::stat(const std::string& path, bool fetch) {
  const std::string name = normal(path);
  TRY_ASSIGN(auto node, root_.lookup(name, caller_));
  if (node.kind == Node::Kind::kAbsent) return absent(name);
  PathInfo out = info_of(name, node);
  if (node.kind == Node::Kind::kUnbound && fetch) {
    TRY_ASSIGN(auto file, wait_for<FilePtr>(
                              deadline_, [&](Reply<FilePtr> reply) { root_.bind(name, caller_, std::move(reply)); }));
    out.held = true;
    out.size = file->size();
    out.mtime = file->mtime();
  }
  if (!out.held) return out;
  TRY_ASSIGN(auto names, root_.xattr_names(name, caller_));
  for (auto& attribute : names)
    if (auto value = root_.xattr(name, attribute, caller_))
      out.xattrs.emplace_back(std::move(attribute), std::move(*value));
  return out;
}

Result<> WalkAccess::put(const std::string& path, std::string_view content, const Attributes& attributes) {
  BytesView rest = view(content);
  // A writer without content is not the same as one that was given nothing.
  bool given = false;
  return put_pieces(path, attributes, [&]() -> Result<std::optional<BytesView>> {
    if (std::exchange(given, true)) return std::nullopt;
    return rest;
  });
}

Result<> WalkAccess::put_from(const std::string& path, const Source& source, const Attributes& attributes) {
  return put_pieces(path, attributes, [&]() -> Result<std::optional<BytesView>> {
    TRY_ASSIGN(const BytesView piece, source());
    return piece.empty() ? std::nullopt : std::optional(piece);
  });
}

Result<> WalkAccess::put_pieces(const std::string& path, const Attributes& attributes,
                                const std::function<Result<std::optional<BytesView>>()>& next) {
  const std::string name = normal(path);
  TRY_ASSIGN(auto writer, root_.write(name, caller_, true, true, false));
  Attributes later;
  for (const auto& [attribute, value] : attributes) {
    if (attribute == "user.runnerfs.ttl" && !parse_duration(value))
      return fail(Code::kUsage, "the TTL is not a duration", "seconds, or with a unit: 10s, 5m, 24h, 7d");
    auto set = writer->set(attribute, value);
    if (!set && set.error().code != Code::kUnsupported) return set;
    if (!set) later.emplace_back(attribute, value);
  }
  std::uint64_t offset = 0;
  while (true) {
    TRY_ASSIGN(const auto piece, next());
    if (!piece) break;
    TRY(writer->write(offset, *piece));
    offset += piece->size();
  }
  TRY(wait_for<FilePtr>(deadline_, [&](Reply<FilePtr> reply) { writer->commit(true, std::move(reply)); }));
  for (const auto& [attribute, value] : later) TRY(root_.set_xattr(name, attribute, value, caller_));
  return {};
}

Result<> WalkAccess::put_all(std::span<const NewFile> files) {
  std::vector<NewFile> named(files.begin(), files.end());
  for (NewFile& file : named) file.path = normal(file.path);
  auto done = root_.write_all(named, caller_);
  if (!done && done.error().code == Code::kUnsupported) return Access::put_all(named);
  return done;
}

Result<std::uint64_t> WalkAccess::remove(const std::string& path) {
  const std::string name = normal(path);
  const auto slash = name.rfind('/');
  const std::string directory = slash == std::string::npos ? std::string() : name.substr(0, slash);
  const std::string last = slash == std::string::npos ? name : name.substr(slash + 1);
  if (!is_pattern(last)) {
    TRY(root_.remove(name, caller_));
    return 1;
  }
  TRY_ASSIGN(auto listed, root_.list(directory, caller_));
  std::uint64_t removed = 0;
  for (const auto& one : listed) {
    if (one.directory || one.name == "README" || !matches_pattern(last, one.name)) continue;
    auto done = root_.remove(below(directory, one.name), caller_);
    if (done) ++removed;
    // Somebody else may have been faster.
    else if (done.error().code != Code::kNotFound)
      return fail(std::move(done.error()));
  }
  if (removed == 0) return absent(name);
  return removed;
}

Result<> WalkAccess::control(const std::string& command) {
  TRY_ASSIGN(auto writer, root_.write(".runnerfs/ctl", caller_, false, false, false));
  return writer->write(0, view(command + "\n"));
}

}  // namespace rfs
