#include "fs/tree/cache.h"

#include <climits>
#include <cmath>

#include "backends/cache/operations.h"
#include "backends/cache/provenance.h"
#include "backends/glob.h"
#include "base/duration.h"
#include "fs/tree/cache_writer.h"
#include "fs/tree/entry_file.h"
#include "fs/tree/entry_xattr.h"
#include "fs/tree/readme.h"

namespace rfs {
namespace {

constexpr const char* kTtl = "user.runnerfs.ttl";

tl::unexpected<Error> no_entry() { return fail(Code::kNotFound, "the cache holds no such entry"); }
tl::unexpected<Error> not_a_file() { return fail(Code::kIsDirectory, "cache is a directory"); }

}  // namespace

struct CacheTree::Impl {
  Impl(CacheTreeOptions o, Cache& c, const Clock& now, Pool& threads, ErrorRing& e)
      : options(o),
        cache(c),
        clock(now),
        readme(text_file(kCacheReadme, now.wall(), false)),
        writing{c, threads, e, std::make_shared<Gate>(), o.max_document} {}
  ~Impl() { writing.gate->close(); }
  const CacheTreeOptions options;
  Cache& cache;
  const Clock& clock;
  const FilePtr readme;
  const CacheWriting writing;

  mode_t file_mode() const { return options.others ? 0644 : 0600; }
  // The entry of a name; kNotFound when there is none.
  Result<EntryPtr> entry(const std::string& name, bool count) {
    TRY_ASSIGN(auto key, key_of(name));
    TRY_ASSIGN(auto found, cache.find(key, count));
    if (!found) return no_entry();
    return found;
  }
  // The same of a first look at a name, the one place where peers are asked for it. A pattern is no key that anybody would have.
  Result<EntryPtr> look(const std::string& name) {
    if (is_pattern(name)) return entry(name, false);
    TRY_ASSIGN(auto key, key_of(name));
    TRY_ASSIGN(auto found, cache.look(key));
    if (!found) return no_entry();
    return found;
  }
  // The directory is flat: a '/' ends in ENOTDIR below an entry, else in ENOENT.
  Result<std::string> key_of(const std::string& name) {
    auto slash = name.find('/');
    if (slash == std::string::npos) return cache_key_of_name(name);
    if (entry(name.substr(0, slash), false)) return fail(Code::kNotDirectory, "an entry of the cache is a file");
    return fail(Code::kNotFound, "cache has no directories", "in a key '/' is written %2F");
  }
  bool matches_any(const std::string& pattern) {
    auto listed = cache.list();
    if (!listed) return false;
    for (const auto& one : *listed)
      if (matches_pattern(pattern, one.name)) return true;
    return false;
  }
  void open(const std::string& path, bool count, Reply<FilePtr>& reply) {
    if (path.empty()) return reply(not_a_file());
    if (path == kReadmeName) return reply(readme);
    auto found = entry(path, count);
    if (!found) return reply(fail(std::move(found.error())));
    reply(FilePtr(std::make_shared<EntryFile>(*found)));
  }
  Attributes attributes(const Entry& entry) const {
    const Meta& meta = entry.meta;
    Attributes out = entry_attributes(entry, clock.wall());
    const Provenance provenance = provenance_of(entry);
    // What a peer sent stays a peer's word, wherever it lies.
    if (meta.source == Source::kPeer) out.front().second = source_word(Source::kPeer);
    if (!provenance.peer.empty()) out.emplace_back("user.runnerfs.peer", provenance.peer);
    out.emplace_back("user.runnerfs.state", clock.wall() < meta.expires_at ? "fresh" : "stale");
    out.emplace_back(kTtl, duration_text(provenance.ttl));
    out.emplace_back("user.runnerfs.operation", std::string(operation_of(entry.key.canonical)));
    return out;
  }
};

CacheTree::CacheTree(CacheTreeOptions options, Cache& cache, const Clock& clock, Pool& pool, Counters&,
                     ErrorRing& errors)
    : impl_(std::make_unique<Impl>(options, cache, clock, pool, errors)) {}
CacheTree::~CacheTree() = default;

Result<Node> CacheTree::lookup(const std::string& path, const Caller&) {
  Node node;
  if (path.empty()) {
    node.kind = Node::Kind::kDirectory;
    node.mode = impl_->options.others ? 0755 : 0700;
    node.timeout = 3600;
    return node;
  }
  if (path == kReadmeName) {
    node.kind = Node::Kind::kFile;
    node.file = impl_->readme;
    node.mode = impl_->options.others ? 0444 : 0400;
    node.timeout = 3600;
    return node;
  }
  auto found = impl_->look(path);
  if (found) {
    node.kind = Node::Kind::kFile;
    node.file = std::make_shared<EntryFile>(*found);
    node.mode = impl_->file_mode();
    node.timeout = 1;  // another process may change it
    return node;
  }
  if (found.error().code != Code::kNotFound) return fail(std::move(found.error()));
  // rm 'list_repos*': the kernel lets nobody remove a name that it was not shown.
  if (is_pattern(path) && impl_->matches_any(path)) {
    node.kind = Node::Kind::kFile;
    node.file = text_file("", impl_->clock.wall(), true);
    node.mode = impl_->file_mode();
  }
  return node;
}

Result<std::vector<Listing>> CacheTree::list(const std::string& path, const Caller&) {
  if (!path.empty()) {
    TRY(impl_->entry(path, false));
    return fail(Code::kNotDirectory, "an entry of the cache is a file");
  }
  TRY_ASSIGN(auto listed, impl_->cache.list());
  std::vector<Listing> out{{kReadmeName, false}};
  for (auto& one : listed)
    if (one.name != kReadmeName) out.push_back({std::move(one.name), false});
  return out;
}

void CacheTree::bind(const std::string& path, const Caller&, Reply<FilePtr> reply) { impl_->open(path, false, reply); }
void CacheTree::open(const std::string& path, const Caller&, FilePtr held, Reply<FilePtr> reply) {
  // Without a kernel no LOOKUP came before.
  if (!held && path != kReadmeName) (void)impl_->look(path);
  impl_->open(path, true, reply);
}

Result<std::unique_ptr<Writer>> CacheTree::write(const std::string& path, const Caller&, bool create, bool truncate,
                                                 bool exclusive) {
  if (path.empty()) return not_a_file();
  if (path == kReadmeName) return fail(Code::kReadOnly, "README cannot be written", "another key can");
  TRY_ASSIGN(auto key, impl_->key_of(path));
  TRY_ASSIGN(auto present, impl_->cache.find(key, false));
  if (present && exclusive) return fail(Code::kExists, "the entry exists");
  if (!present && !create) return no_entry();
  std::string content;
  if (present && !truncate) {
    if (present->body->size() > impl_->options.max_document)
      return fail(Code::kTooLarge, "the entry is too large to be changed in place");
    TRY_ASSIGN(content, read_all(*present->body));
  }
  return std::unique_ptr<Writer>(
      std::make_unique<CacheWriter>(impl_->writing, path, std::move(key), std::move(present), std::move(content)));
}

Result<> CacheTree::remove(const std::string& path, const Caller&) {
  if (path.empty() || path == kReadmeName) return fail(Code::kReadOnly, "README and the directory stay");
  TRY_ASSIGN(auto key, impl_->key_of(path));
  TRY_ASSIGN(auto removed, impl_->cache.remove(key));
  if (removed == 0) return no_entry();
  return {};
}

Result<std::vector<std::string>> CacheTree::xattr_names(const std::string& path, const Caller&) {
  if (path.empty() || path == kReadmeName) return std::vector<std::string>{};
  TRY_ASSIGN(auto entry, impl_->entry(path, false));
  return names_of(impl_->attributes(*entry));
}

Result<std::string> CacheTree::xattr(const std::string& path, const std::string& name, const Caller&) {
  if (path.empty() || path == kReadmeName) return fail(Code::kNoAttribute, "no such attribute");
  TRY_ASSIGN(auto entry, impl_->entry(path, false));
  return value_of(impl_->attributes(*entry), name);
}

Result<> CacheTree::set_xattr(const std::string& path, const std::string& name, std::string_view value, const Caller&) {
  if (path.empty() || path == kReadmeName) return fail(Code::kReadOnly, "this attribute cannot be set");
  if (name != kTtl) return fail(Code::kUnsupported, "only user.runnerfs.ttl can be set");
  auto seconds = parse_duration(value);
  if (!seconds || *seconds > INT_MAX)
    return fail(Code::kInvalid, "the TTL is not a duration", "seconds, or with a unit: 10s, 5m, 24h, 7d");
  TRY_ASSIGN(auto entry, impl_->entry(path, false));
  return impl_->cache.set_ttl(entry->key.canonical, static_cast<int>(std::ceil(*seconds)));
}

}  // namespace rfs
