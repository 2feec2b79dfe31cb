// api/: GitHub's answers as files. Names by the grammar of backends/github/path.h, content by Chain, .jsonl by Pages.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "backends/chain.h"
#include "backends/github/origin.h"
#include "backends/github/routes.h"
#include "base/error_ring.h"
#include "fs/tree/namespace.h"

namespace rfs {

struct ApiTreeOptions {
  bool others = false;       // allow_other: files 0644, directories 0755; else 0600 and 0700
  unsigned max_pages = 100;  // of a .jsonl; beyond it EFBIG
  std::uint64_t max_object_size = 100u << 20;
};

class ApiTree final : public Namespace {
 public:
  ApiTree(ApiTreeOptions options, Chain& chain, const Routes& routes, const std::string& api_base, const Clock& clock,
          Pool& pool, Counters& counters, ErrorRing& errors);
  ~ApiTree() override;
  // Before any front runs: where user.github.ratelimit-* come from (Origin::windows). Without it there are none.
  void set_rates(std::function<std::vector<RateWindow>()> windows);
  Result<Node> lookup(const std::string& path, const Caller& caller) override;
  Result<std::vector<Listing>> list(const std::string& path, const Caller& caller) override;
  void bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) override;
  void open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) override;
  Result<std::vector<std::string>> xattr_names(const std::string& path, const Caller& caller) override;
  Result<std::string> xattr(const std::string& path, const std::string& name, const Caller& caller) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
