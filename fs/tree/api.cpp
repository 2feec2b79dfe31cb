#include "fs/tree/api.h"

#include "backends/github/path.h"
#include "fs/tree/api_xattr.h"
#include "fs/tree/entry_file.h"
#include "fs/tree/pages.h"
#include "fs/tree/readme.h"

namespace rfs {
namespace {

using What = ApiName::What;

constexpr double kLong =
    3600;  // seconds: what the grammar says never changes, and a held version is pinned by its node
constexpr std::size_t kLongestName = 255;

tl::unexpected<Error> no_answer() {
  return fail(Code::kNotFound, "no route of the REST API has such a name", "see api/README for how names are made");
}

}  // namespace

struct ApiTree::Impl {
  Impl(ApiTreeOptions o, Chain& c, const Routes& r, const std::string& api_base, const Clock& now, Pool& pool,
       Counters& counters, ErrorRing& e)
      : options(o),
        chain(c),
        routes(r),
        clock(now),
        errors(e),
        readme(text_file(kApiReadme, now.wall(), false)),
        pages({c, pool, now, counters, e, api_base, o.max_pages, o.max_object_size}) {}

  const ApiTreeOptions options;
  Chain& chain;
  const Routes& routes;
  const Clock& clock;
  ErrorRing& errors;
  const FilePtr readme;
  std::function<std::vector<RateWindow>()> rates;
  Pages pages;

  // A name that is refused is in errors.jsonl: its reader sees no more than an errno.
  Result<ApiName> parse(const std::string& path) {
    auto name = parse_api_path(path, routes);
    if (!name && name.error().code != Code::kNotDirectory) errors.add("api/" + path, name.error());
    return name;
  }
  // The request whose 404 would say that the name does not exist.
  static ApiRequest asked_first(const ApiName& name) {
    return name.lines ? page_request(*name.request) : *name.request;
  }

  Node file_node(FilePtr file) const {
    Node node;
    node.kind = Node::Kind::kFile;
    node.file = std::move(file);
    node.mode = options.others ? 0644 : 0600;
    node.timeout = kLong;
    return node;
  }
  Node directory_node() const {
    Node node;
    node.kind = Node::Kind::kDirectory;
    node.mode = options.others ? 0755 : 0700;
    node.timeout = kLong;
    return node;
  }
  Node node_of(const ApiName& name);
  void open(const std::string& path, Reply<FilePtr> reply);
};

Node ApiTree::Impl::node_of(const ApiName& name) {
  Node node;
  if (name.what == What::kAbsent) {
    node.timeout = kLong;
    return node;
  }
  if (name.what == What::kDirectory) return directory_node();
  const bool kept = !name.now && name.request->store;
  if (kept) {
    if (auto held = chain.known(*name.request)) return file_node(std::make_shared<EntryFile>(held));
    if (chain.known_absent(asked_first(name))) return node;
  }
  node.kind = Node::Kind::kUnbound;
  node.mode = options.others ? 0644 : 0600;
  return node;
}

void ApiTree::Impl::open(const std::string& path, Reply<FilePtr> reply) {
  if (path == kReadmeName) return reply(readme);
  auto name = parse(path);
  if (!name) return reply(fail(std::move(name.error())));
  if (name->what == What::kAbsent) return reply(no_answer());
  if (name->what == What::kDirectory)
    return reply(fail(Code::kIsDirectory, "a name of api/ without a suffix is a directory", "append .json"));
  const auto mode = name->now ? Chain::Mode::kAlways : Chain::Mode::kIfStale;
  if (name->lines) return pages.open(name->request, name->route->list_field, mode, std::move(reply));
  const bool direct = name->now || !name->request->store;
  chain.fetch(name->request, mode, Reply<EntryPtr>([direct, reply = std::move(reply).share()](Result<EntryPtr> entry) {
                if (!entry) return (*reply)(fail(std::move(entry.error())));
                (*reply)(FilePtr(std::make_shared<EntryFile>(std::move(*entry), direct)));
              }));
}

ApiTree::ApiTree(ApiTreeOptions options, Chain& chain, const Routes& routes, const std::string& api_base,
                 const Clock& clock, Pool& pool, Counters& counters, ErrorRing& errors)
    : impl_(std::make_unique<Impl>(options, chain, routes, api_base, clock, pool, counters, errors)) {}
ApiTree::~ApiTree() = default;

void ApiTree::set_rates(std::function<std::vector<RateWindow>()> windows) { impl_->rates = std::move(windows); }

Result<Node> ApiTree::lookup(const std::string& path, const Caller&) {
  if (path == kReadmeName) return impl_->file_node(impl_->readme);
  TRY_ASSIGN(auto name, impl_->parse(path));
  return impl_->node_of(name);
}

Result<std::vector<Listing>> ApiTree::list(const std::string& path, const Caller&) {
  if (path == kReadmeName) return fail(Code::kNotDirectory, "README is a file");
  TRY_ASSIGN(auto name, impl_->parse(path));
  if (name.what == What::kAbsent) return no_answer();
  if (name.what == What::kFile) return fail(Code::kNotDirectory, "a name of api/ with a suffix is a file");
  std::vector<Listing> out;
  if (name.now) return out;  // nothing is held below .now
  if (name.display.empty()) out.push_back({kReadmeName, false});
  TRY_ASSIGN(auto listed, impl_->chain.list(name.display));
  for (auto& one : listed)
    if (one.name.size() <= kLongestName) out.push_back({std::move(one.name), one.directory});
  return out;
}

void ApiTree::bind(const std::string& path, const Caller&, Reply<FilePtr> reply) {
  impl_->open(path, std::move(reply));
}
void ApiTree::open(const std::string& path, const Caller&, FilePtr, Reply<FilePtr> reply) {
  impl_->open(path, std::move(reply));
}

Result<std::vector<std::string>> ApiTree::xattr_names(const std::string& path, const Caller& caller) {
  TRY_ASSIGN(auto node, lookup(path, caller));
  return names_of(api_attributes(node, path, impl_->chain, impl_->clock, impl_->rates));
}

Result<std::string> ApiTree::xattr(const std::string& path, const std::string& name, const Caller& caller) {
  TRY_ASSIGN(auto node, lookup(path, caller));
  return value_of(api_attributes(node, path, impl_->chain, impl_->clock, impl_->rates), name);
}

}  // namespace rfs
