// An ApiTree over a Chain with fakes.
#pragma once

#include "fs/tree/api.h"
#include "tests/unit/cache/chain_rig.h"
#include "tests/unit/fs/asked.h"

namespace rfs::test {

struct ApiRig : ChainRig {
  explicit ApiRig(ApiTreeOptions options = {}, RouteOptions route_options = {}) : routes(route_options) {
    tree = std::make_unique<ApiTree>(options, chain, routes, "https://api.test", clock, pool, counters, errors);
  }
  Node lookup(const std::string& path) {
    auto node = tree->lookup(path, {});
    REQUIRE(node);
    return *node;
  }
  Code failure(const std::string& path) {
    auto node = tree->lookup(path, {});
    REQUIRE_FALSE(node);
    return node.error().code;
  }
  Asked<FilePtr> open(const std::string& path) {
    Asked<FilePtr> asked;
    tree->open(path, {}, nullptr, asked.reply());
    return asked;
  }
  // Opens, and answers the one question that follows.
  FilePtr read(const std::string& path, std::string body, double ttl = 60) {
    auto asked = open(path);
    send(std::move(body), ttl);
    return asked.wait().value();
  }
  // Answers the next question with a page of a list; the request that was asked.
  ApiRequest send_page(std::string body, const std::string& next = "", double ttl = 60) {
    auto question = origin.next();
    auto made = entry(*question.ask.request, std::move(body), ttl);
    if (!next.empty()) made->meta.link = "<https://api.test/first>; rel=\"first\", <" + next + ">; rel=\"next\"";
    ApiRequest asked = *question.ask.request;
    question.done(Answer{made, true});
    return asked;
  }
  std::vector<std::string> names(const std::string& path) {
    auto listed = tree->list(path, {});
    REQUIRE(listed);
    std::vector<std::string> out;
    for (const auto& one : *listed) out.push_back(one.name + (one.directory ? "/" : ""));
    return out;
  }
  std::string xattr(const std::string& path, const std::string& name) {
    auto value = tree->xattr(path, name, {});
    return value ? *value : std::string(to_word(value.error().code));
  }

  Routes routes;
  std::unique_ptr<ApiTree> tree;
};

}  // namespace rfs::test
