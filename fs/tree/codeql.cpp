#include "fs/tree/codeql.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/encode.h"
#include "crypto/hash.h"
#include "fs/tree/codeql_path.h"
#include "fs/tree/codeql_text.h"
#include "fs/tree/codeql_writer.h"
#include "fs/tree/entry_file.h"
#include "fs/tree/entry_xattr.h"
#include "fs/tree/readme.h"

namespace rfs {
namespace {

using ScanPath = CodeqlPath::What;
using results::ResultInfo;
using results::ResultName;

constexpr double kStoredTimeout = 1;  // another process may change it

tl::unexpected<Error> no_result() {
  return fail(Code::kNotFound, "no result of this scan is stored", "LANGUAGE.explain says what is");
}
tl::unexpected<Error> only_sarif() {
  return fail(Code::kReadOnly, "only LANGUAGE.sarif can be written; the rest is worked out of it");
}

bool same_text(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(a) == lower(b);
  });
}

std::string_view owner_of(const ResultName& name) {
  return std::string_view(name.repository).substr(0, name.repository.find('/'));
}

// Whether a result lies in a directory.
bool is_below(const ResultName& name, const CodeqlPath& where) {
  return same_text(owner_of(name), where.owner) &&
         (where.depth < 2 || same_text(name.repository, where.name.repository)) &&
         (where.depth < 3 || name.commit == where.name.commit) && (where.depth < 4 || name.config == where.name.config);
}

}  // namespace

struct CodeqlTree::Impl {
  Impl(CodeqlTreeOptions o, results::Results& r, Github g, Absent a, Pool& pool, Counters& c, ErrorRing& e)
      : options(o),
        results(r),
        github(std::move(g)),
        absent(std::move(a)),
        counters(c),
        errors(e),
        readme(text_file(kCodeqlReadme, r.now(), false)),
        writing{r, pool, e, std::make_shared<Gate>()} {}
  ~Impl() { writing.gate->close(); }

  const CodeqlTreeOptions options;
  results::Results& results;
  const Github github;
  const Absent absent;
  Counters& counters;
  ErrorRing& errors;
  const FilePtr readme;
  const CodeqlWriting writing;

  // A name that nothing can have is worth a line: the program that made it up sees only EINVAL.
  Result<CodeqlPath> parse(const std::string& path) {
    auto where = parse_codeql_path(path);
    if (!where && where.error().code == Code::kInvalid) errors.add("codeql/" + path, where.error());
    return where;
  }
  Result<ResultInfo> info(const CodeqlPath& where) {
    TRY_ASSIGN(auto found, where.what == ScanPath::kDigest ? results.with_digest(where.hash) : results.find(where.name));
    if (!found) return no_result();
    return *std::move(found);
  }
  Result<FilePtr> sarif(const CodeqlPath& where) {
    TRY_ASSIGN(const ResultInfo found, info(where));
    TRY_ASSIGN(const EntryPtr entry, results.entry(found));
    if (!entry) return no_result();
    return FilePtr(std::make_shared<EntryFile>(entry));
  }
  FilePtr text(std::string content, double time) { return text_file(std::move(content), time, false); }
  Result<FilePtr> file(const CodeqlPath& where);
  Result<FilePtr> look(const CodeqlPath& where);
  Attributes attributes(const ResultInfo& info, const EntryPtr& entry) const;
};

// What is stored of a path, but GitHub's. kNotFound: nothing.
Result<FilePtr> CodeqlTree::Impl::file(const CodeqlPath& where) {
  switch (where.what) {
    case ScanPath::kReadme:
      return readme;
    case ScanPath::kSarif:
    case ScanPath::kDigest:
      return sarif(where);
    case ScanPath::kSummary: {
      TRY_ASSIGN(const ResultInfo found, info(where));
      return text(results::summary_json(found), found.stored_at);
    }
    case ScanPath::kManifest: {
      TRY_ASSIGN(const ResultInfo found, info(where));
      if (found.manifest.empty())
        return fail(Code::kNotFound, "the result was stored without a manifest", "`runnerfs codeql put` stores one");
      TRY_ASSIGN(const auto json, results.manifest(found.manifest));
      if (!json) return fail(Code::kNotFound, "the manifest of the result is gone");
      return text(*json + "\n", found.stored_at);
    }
    case ScanPath::kDigestManifest: {
      TRY_ASSIGN(const auto json, results.manifest(where.hash));
      if (!json) return fail(Code::kNotFound, "no such manifest is stored");
      return text(*json + "\n", results.now());
    }
    case ScanPath::kManifests: {
      TRY_ASSIGN(std::string json, manifests_text(results, where.name));
      if (json == "{}\n") return no_result();
      return text(std::move(json), results.now());
    }
    case ScanPath::kExplain: {
      TRY_ASSIGN(std::string content, explain_text(results, where.name));
      return text(std::move(content), results.now());
    }
    case ScanPath::kKey: {
      TRY_ASSIGN(std::string content, key_text(results, where.hash));
      return text(std::move(content), results.now());
    }
    case ScanPath::kRoot:
    case ScanPath::kDirectory:
    case ScanPath::kHidden:
    case ScanPath::kGithub:
      break;
  }
  return fail(Code::kIsDirectory, "it is a directory of codeql/");
}

// The same of a first look at a name, the one place where peers are asked for what is not stored.
Result<FilePtr> CodeqlTree::Impl::look(const CodeqlPath& where) {
  auto found = file(where);
  if (where.what == ScanPath::kKey && absent.key) {
    // A key that nothing has is an empty list, and no miss.
    const auto all = results.all();
    const bool known = !all || std::any_of((*all)->begin(), (*all)->end(), [&](const ResultInfo& info) {
      return !info.key.empty() && hex(sha256(view(info.key))) == where.hash;
    });
    return !known && absent.key(where.hash) ? file(where) : std::move(found);
  }
  const bool named = where.what == ScanPath::kSarif || where.what == ScanPath::kSummary || where.what == ScanPath::kManifest;
  if (found || found.error().code != Code::kNotFound || !named || !absent.name) return found;
  return absent.name(where.name) ? file(where) : std::move(found);
}

Attributes CodeqlTree::Impl::attributes(const ResultInfo& info, const EntryPtr& entry) const {
  Attributes out = entry_attributes(*entry, results.now());
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) out.emplace_back(std::string("user.runnerfs.") + name, value);
  };
  add("trust", info.trust);
  add("provenance", info.source);
  add("peer", info.peer);
  // What a peer sent stays a peer's word, wherever it lies.
  if (info.source == "peer") out.front().second = source_word(Source::kPeer);
  add("key", info.key);
  add("mode", info.mode);
  add("tree", info.tree);
  add("tool", info.tool);
  add("version", info.version);
  add("category", info.category);
  add("alerts", fmt::format("{}", info.alerts));
  if (info.scan_duration >= 0) add("scan_duration", fmt::format("{}", info.scan_duration));
  add("reusable", info.not_reusable.empty() ? "yes" : "no: " + info.not_reusable);
  return out;
}

CodeqlTree::CodeqlTree(CodeqlTreeOptions options, results::Results& results, Github github, Absent absent, Pool& pool,
                       Counters& counters, ErrorRing& errors)
    : impl_(std::make_unique<Impl>(options, results, std::move(github), std::move(absent), pool, counters, errors)) {}
CodeqlTree::~CodeqlTree() = default;

Result<Node> CodeqlTree::lookup(const std::string& path, const Caller&) {
  auto where = impl_->parse(path);
  if (!where) {
    if (where.error().code == Code::kNotFound) return Node();
    return fail(std::move(where.error()));
  }
  Node node;
  switch (where->what) {
    case ScanPath::kRoot:
    case ScanPath::kDirectory:
    case ScanPath::kHidden:
      node.kind = Node::Kind::kDirectory;
      node.mode = impl_->options.others ? 0755 : 0700;
      node.timeout = 3600;
      return node;
    case ScanPath::kGithub:
      node.kind = Node::Kind::kUnbound;
      node.mode = impl_->options.others ? 0444 : 0400;
      return node;
    default:
      break;
  }
  auto file = impl_->look(*where);
  if (!file) {
    if (file.error().code == Code::kNotFound) return Node();
    return fail(std::move(file.error()));
  }
  node.kind = Node::Kind::kFile;
  node.file = std::move(*file);
  const bool writable = where->what == ScanPath::kSarif;
  node.mode = impl_->options.others ? (writable ? 0644 : 0444) : (writable ? 0600 : 0400);
  node.timeout = kStoredTimeout;
  return node;
}

Result<std::vector<Listing>> CodeqlTree::list(const std::string& path, const Caller&) {
  TRY_ASSIGN(const CodeqlPath where, impl_->parse(path));
  if (where.what == ScanPath::kHidden) return std::vector<Listing>{};
  if (where.what != ScanPath::kRoot && where.what != ScanPath::kDirectory)
    return fail(Code::kNotDirectory, "a result is a file");
  TRY_ASSIGN(const auto all, impl_->results.all());
  std::vector<Listing> out;
  if (where.what == ScanPath::kRoot) out.push_back({kReadmeName, false});
  std::set<std::string> names;
  bool manifests = false;
  for (const ResultInfo& info : *all) {
    if (where.what == ScanPath::kDirectory && !is_below(info.name, where)) continue;
    switch (where.depth) {
      case 0:
        names.emplace(owner_of(info.name));
        break;
      case 1:
        names.insert(info.name.repository.substr(info.name.repository.find('/') + 1));
        break;
      case 2:
        names.insert(info.name.commit);
        break;
      case 3:
        names.insert(info.name.config);
        break;
      default:
        names.insert(info.name.language);
        manifests = manifests || !info.manifest.empty();
    }
  }
  if (where.depth < 4) {
    for (const std::string& name : names) out.push_back({name, true});
    return out;
  }
  // What goes with a SARIF comes before it, so that `rm -r` finds each.
  if (manifests) out.push_back({"manifest.json", false});
  for (const std::string& language : names) {
    ResultName name = where.name;
    name.language = language;
    TRY_ASSIGN(const auto found, impl_->results.find(name));
    if (!found) continue;
    out.push_back({language + ".explain", false});
    out.push_back({language + ".json", false});
    if (!found->manifest.empty()) out.push_back({language + ".manifest.json", false});
  }
  for (const std::string& language : names) out.push_back({language + ".sarif", false});
  return out;
}

void CodeqlTree::bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) {
  auto where = impl_->parse(path);
  if (!where) return reply(fail(std::move(where.error())));
  if (where->what == ScanPath::kGithub) return impl_->github(where->name, caller, std::move(reply));
  reply(impl_->file(*where));
}

void CodeqlTree::open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) {
  auto where = impl_->parse(path);
  if (!where) return reply(fail(std::move(where.error())));
  if (where->what == ScanPath::kGithub) {
    auto told = [kept = std::move(reply).share(), path, errors = &impl_->errors](Result<FilePtr> result) {
      if (!result) errors->add("codeql/" + path, result.error());
      (*kept)(std::move(result));
    };
    return impl_->github(where->name, caller, Reply<FilePtr>(std::move(told)));
  }
  // Without a kernel no LOOKUP came before.
  auto file = held ? impl_->file(*where) : impl_->look(*where);
  if (file && (where->what == ScanPath::kSarif || where->what == ScanPath::kDigest))
    impl_->counters.add(Counter::kScansRetrieved);
  if (!file && file.error().code != Code::kNotFound) impl_->errors.add("codeql/" + path, file.error());
  reply(std::move(file));
}

Result<std::unique_ptr<Writer>> CodeqlTree::write(const std::string& path, const Caller&, bool create, bool truncate,
                                                  bool exclusive) {
  TRY_ASSIGN(CodeqlPath where, impl_->parse(path));
  if (where.what == ScanPath::kRoot || where.what == ScanPath::kDirectory || where.what == ScanPath::kHidden)
    return fail(Code::kIsDirectory, "it is a directory of codeql/");
  if (where.what != ScanPath::kSarif) return only_sarif();
  TRY_ASSIGN(const auto present, impl_->results.find(where.name));
  if (present && exclusive) return fail(Code::kExists, "the result exists");
  if (!present && !create) return no_result();
  if (present && !truncate)
    return fail(Code::kUnsupported, "a result is replaced as a whole", "write it anew, as cp does");
  return std::unique_ptr<Writer>(std::make_unique<CodeqlWriter>(impl_->writing, path, std::move(where.name)));
}

Result<> CodeqlTree::remove(const std::string& path, const Caller&) {
  TRY_ASSIGN(const CodeqlPath where, impl_->parse(path));
  if (where.derived()) return {};  // it goes with its SARIF
  if (where.what == ScanPath::kRoot || where.what == ScanPath::kDirectory)
    return fail(Code::kIsDirectory, "it is a directory of codeql/", "rmdir removes what is below it");
  if (where.what != ScanPath::kSarif) return fail(Code::kReadOnly, "this file cannot be removed");
  TRY_ASSIGN(const auto removed, impl_->results.remove(
                                     [&](const ResultInfo& info) { return results::same_scan(info.name, where.name); }));
  if (removed == 0) return no_result();
  return {};
}

Result<> CodeqlTree::remove_directory(const std::string& path, const Caller&) {
  TRY_ASSIGN(const CodeqlPath where, impl_->parse(path));
  if (where.what != ScanPath::kDirectory) return fail(Code::kReadOnly, "this directory stays");
  TRY(impl_->results.remove([&](const ResultInfo& info) { return is_below(info.name, where); }));
  return {};
}

Result<> CodeqlTree::make_directory(const std::string& path, const Caller&) {
  TRY_ASSIGN(const CodeqlPath where, impl_->parse(path));
  if (where.what == ScanPath::kRoot || where.what == ScanPath::kDirectory || where.what == ScanPath::kHidden)
    return fail(Code::kExists, "directories of codeql/ exist by name alone");
  return fail(Code::kInvalid, "the name is that of a file");
}

Result<std::vector<std::string>> CodeqlTree::xattr_names(const std::string& path, const Caller&) {
  TRY_ASSIGN(const CodeqlPath where, impl_->parse(path));
  if (where.what != ScanPath::kSarif) return std::vector<std::string>{};
  TRY_ASSIGN(const ResultInfo info, impl_->info(where));
  TRY_ASSIGN(const EntryPtr entry, impl_->results.entry(info));
  if (!entry) return no_result();
  return names_of(impl_->attributes(info, entry));
}

Result<std::string> CodeqlTree::xattr(const std::string& path, const std::string& name, const Caller&) {
  TRY_ASSIGN(const CodeqlPath where, impl_->parse(path));
  if (where.what != ScanPath::kSarif) return fail(Code::kNoAttribute, "no such attribute");
  TRY_ASSIGN(const ResultInfo info, impl_->info(where));
  TRY_ASSIGN(const EntryPtr entry, impl_->results.entry(info));
  if (!entry) return no_result();
  return value_of(impl_->attributes(info, entry), name);
}

}  // namespace rfs
