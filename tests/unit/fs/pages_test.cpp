#include "tests/catch.h"

#include "tests/unit/fs/api_rig.h"

using namespace rfs;
using namespace rfs::test;
using Kind = Node::Kind;

namespace {
const std::string kList = "repos/o/r/issues.jsonl";
const std::string kNext = "https://api.test/repositories/7/issues?per_page=100&page=2";
const std::string kThird = "https://api.test/repositories/7/issues?per_page=100&page=3";

// Reads from `offset` in the background.
Asked<Bytes> reading(const FilePtr& file, std::uint64_t offset) {
  Asked<Bytes> asked;
  file->read(offset, 1000, asked.reply());
  return asked;
}
}  // namespace

TEST_CASE("a list is streamed: a page is asked for when a reader comes to it") {
  ApiRig rig;
  auto opened = rig.open(kList);
  auto first = rig.send_page("[1, 2]", kNext);
  CHECK(first.path == "/repos/o/r/issues");
  CHECK(first.query == "per_page=100");
  CHECK(first.accept == "application/vnd.github+json");
  auto file = opened.wait().value();
  CHECK(file->direct());
  CHECK(file->size() == 0);
  CHECK(read_some(*file, 0, 1000).value() == "1\n2\n");
  CHECK(read_some(*file, 2, 1).value() == "2");
  CHECK(rig.origin.asked() == 1);

  auto more = reading(file, 4);
  auto second = rig.send_page("[3]");
  CHECK(second.path == "/repositories/7/issues");
  CHECK(second.query == "per_page=100&page=2");
  CHECK(second.display == "repositories/7/issues@per_page=100@page=2.json");
  CHECK(text(more.wait().value()) == "3\n");
  CHECK(content_of(*file) == "1\n2\n3\n");
  CHECK(rig.origin.asked() == 2);
}

TEST_CASE("once whole it is an ordinary file, listed and fresh as its least fresh page") {
  ApiRig rig;
  auto opened = rig.open(kList);
  rig.send_page("[1]", kNext, 60);
  auto file = opened.wait().value();
  CHECK(rig.lookup(kList).kind == Kind::kUnbound);
  auto rest = reading(file, 2);
  rig.send_page("[2]", "", 30);
  REQUIRE(rest.wait());
  auto node = rig.lookup(kList);
  REQUIRE(node.kind == Kind::kFile);
  CHECK(node.file->size() == 4);
  CHECK_FALSE(node.file->direct());
  CHECK(rig.xattr(kList, "user.runnerfs.expires") == "1700000030");
  CHECK(rig.names("repos/o/r") == std::vector<std::string>{"issues.jsonl", "issues@per_page=100.json"});
  auto again = rig.open(kList).wait().value();
  CHECK(content_of(*again) == "1\n2\n");
  CHECK(again->version() == node.file->version());
  CHECK(rig.origin.asked() == 2);
}

TEST_CASE("a list of one page is whole at once, and an empty one is an empty file") {
  ApiRig rig;
  auto opened = rig.open("repos/o/r/actions/runs.jsonl");
  rig.send_page(R"({"total_count": 1, "workflow_runs": [{"id": 5}]})");
  auto file = opened.wait().value();
  CHECK_FALSE(file->direct());
  CHECK(content_of(*file) == "{\"id\":5}\n");
  auto empty = rig.open("repos/o/r/tags.jsonl");
  rig.send_page("[]");
  CHECK(empty.wait().value()->size() == 0);
}

TEST_CASE("readers of one list share its pages") {
  ApiRig rig;
  auto one = rig.open(kList), two = rig.open(kList);
  rig.send_page("[1]", kNext);
  auto a = one.wait().value(), b = two.wait().value();
  auto read_a = reading(a, 2), read_b = reading(b, 2);
  rig.send_page("[2]", kThird);
  CHECK(text(read_a.wait().value()) == "2\n");
  CHECK(text(read_b.wait().value()) == "2\n");
  auto late = rig.open(kList).wait().value();
  CHECK(read_some(*late, 0, 1000).value() == "1\n2\n");
  CHECK(rig.origin.asked() == 2);
}

TEST_CASE("a pass that grew stale is not joined, and its readers go on") {
  ApiRig rig;
  auto opened = rig.open(kList);
  rig.send_page("[1]", kNext, 60);
  auto old = opened.wait().value();
  rig.clock.advance(61);
  auto fresh = rig.open(kList);
  rig.send_page("[9]", "");
  CHECK(content_of(*fresh.wait().value()) == "9\n");
  CHECK(read_some(*old, 0, 1000).value() == "1\n");
}

TEST_CASE("a page that fails fails its reader alone; the next read asks again and nothing is kept meanwhile") {
  ApiRig rig;
  auto opened = rig.open(kList);
  rig.send_page("[1]", kNext);
  auto file = opened.wait().value();
  auto broken = reading(file, 2);
  rig.refuse(Code::kBroken);
  CHECK(broken.wait().error().code == Code::kBroken);
  CHECK(rig.lookup(kList).kind == Kind::kUnbound);
  CHECK(read_some(*file, 0, 1000).value() == "1\n");
  auto again = reading(file, 2);
  rig.send_page("[2]");
  CHECK(text(again.wait().value()) == "2\n");
  CHECK(rig.lookup(kList).kind == Kind::kFile);
}

TEST_CASE("a page that is gone is a broken list, not a missing file") {
  ApiRig rig;
  auto opened = rig.open(kList);
  rig.send_page("[1]", kNext);
  auto read = reading(opened.wait().value(), 2);
  rig.refuse(Code::kNotFound);
  CHECK(read.wait().error().code == Code::kBroken);
}

TEST_CASE("more pages than allowed are too large at the read that needs them") {
  ApiTreeOptions options;
  options.max_pages = 2;
  ApiRig rig(options);
  auto opened = rig.open(kList);
  rig.send_page("[1]", kNext);
  auto file = opened.wait().value();
  auto second = reading(file, 2);
  rig.send_page("[2]", kThird);
  CHECK(text(second.wait().value()) == "2\n");
  CHECK(reading(file, 4).wait().error().code == Code::kTooLarge);
  CHECK(rig.errors.jsonl().find("api.max_pages") != std::string::npos);
  CHECK(rig.origin.asked() == 2);
}

TEST_CASE("a list larger than an object may be is refused") {
  ApiTreeOptions options;
  options.max_object_size = 5;
  ApiRig rig(options);
  auto opened = rig.open(kList);
  rig.send_page("[11, 22]", "");
  CHECK(opened.wait().error().code == Code::kTooLarge);
}

TEST_CASE("a next page elsewhere is not asked for") {
  ApiRig rig;
  auto opened = rig.open(kList);
  rig.send_page("[1]", "https://evil.test/issues?page=2");
  CHECK(opened.wait().error().code == Code::kBroken);
  CHECK(rig.origin.asked() == 1);
}

TEST_CASE("an answer that is no list is invalid, with a hint") {
  ApiRig rig;
  auto opened = rig.open("repos/o/r.jsonl");
  rig.send_page(R"({"id": 1})");
  auto result = opened.wait();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::kInvalid);
  CHECK_FALSE(result.error().hint.empty());
  CHECK(rig.errors.jsonl().find("\"api/repos/o/r.jsonl\"") != std::string::npos);
}

namespace {
// A whole list of two pages that is held and stale.
FilePtr stale_list(ApiRig& rig) {
  auto opened = rig.open(kList);
  rig.send_page("[1]", kNext);
  auto rest = reading(opened.wait().value(), 2);
  rig.send_page("[2]");
  REQUIRE(rest.wait());
  auto held = rig.lookup(kList).file;
  rig.clock.advance(61);
  CHECK(rig.xattr(kList, "user.runnerfs.state") == "stale");
  return held;
}
}  // namespace

TEST_CASE("a stale whole is confirmed page by page and stays the same version") {
  ApiRig rig;
  auto held = stale_list(rig);
  auto opened = rig.open(kList);
  rig.confirm();
  CHECK_FALSE(opened.answered());
  rig.confirm();
  CHECK(opened.wait().value()->version() == held->version());
  CHECK(rig.xattr(kList, "user.runnerfs.state") == "revalidated");
  REQUIRE(rig.open(kList).wait());
  CHECK(rig.origin.asked() == 4);
}

TEST_CASE("a stale whole whose last page changed is a new version") {
  ApiRig rig;
  auto held = stale_list(rig);
  auto opened = rig.open(kList);
  rig.confirm();
  rig.send_page("[2, 3]");
  auto file = opened.wait().value();
  CHECK(file->version() != held->version());
  CHECK(content_of(*file) == "1\n2\n3\n");
  CHECK(content_of(*held) == "1\n2\n");
}

TEST_CASE("after a page that changed the next one is asked for, though what is held of it is fresh") {
  ApiRig rig;
  auto opened = rig.open(kList);
  rig.send_page("[2]", kNext, 10);
  auto rest = reading(opened.wait().value(), 2);
  rig.send_page("[1]", "", 600);
  REQUIRE(rest.wait());
  rig.clock.advance(30);
  auto again = rig.open(kList);
  SECTION("unchanged: the next one stands as it is held") {
    rig.confirm();
    CHECK(content_of(*again.wait().value()) == "2\n1\n");
    CHECK(rig.origin.asked() == 3);
  }
  SECTION("changed: 2 moved to the next page") {
    rig.send_page("[3]", kNext);
    rig.send_page("[2, 1]", "");
    CHECK(content_of(*again.wait().value()) == "3\n2\n1\n");
    CHECK(rig.origin.asked() == 4);
  }
}

TEST_CASE("a stale whole stands in while GitHub does not answer") {
  ApiRig rig;
  auto held = stale_list(rig);
  REQUIRE(rig.chain.invalidate("repositories/7/issues@per_page=100@page=2.json"));
  auto opened = rig.open(kList);
  rig.confirm();
  rig.refuse(Code::kUnreachable);
  CHECK(opened.wait().value()->version() == held->version());
}

TEST_CASE("a list that is gone is not shown again") {
  ApiRig rig;
  stale_list(rig);
  auto opened = rig.open(kList);
  rig.refuse(Code::kNotFound);
  CHECK(opened.wait().error().code == Code::kNotFound);
  CHECK(rig.lookup(kList).kind == Kind::kAbsent);
  rig.clock.advance(11);
  CHECK(rig.lookup(kList).kind == Kind::kUnbound);
}

TEST_CASE(".now asks for every page anew") {
  ApiRig rig;
  auto opened = rig.open(kList);
  rig.send_page("[1]");
  REQUIRE(opened.wait());
  auto now = rig.open(".now/" + kList);
  rig.send_page("[3]", kNext);
  auto file = now.wait().value();
  CHECK(file->direct());
  auto rest = reading(file, 2);
  rig.send_page("[4]");
  CHECK(text(rest.wait().value()) == "4\n");
  CHECK(content_of(*rig.open(kList).wait().value()) == "3\n4\n");
}

TEST_CASE("one list is never put together from two credentials' pages") {
  ApiRig rig;
  auto opened = rig.open(kList);
  rig.send_page("[1]", kNext);
  auto file = opened.wait().value();
  *rig.partition.lock() = "p2";
  auto read = reading(file, 2);
  auto question = rig.origin.next();
  auto made = rig.entry(*question.ask.request, "[2]", 60, "p2");
  question.done(Answer{made, true});
  CHECK(read.wait().error().code == Code::kBroken);
  auto other = rig.open(kList);
  CHECK_FALSE(other.answered());
  auto anew = rig.origin.next();
  anew.done(Answer{rig.entry(*anew.ask.request, "[8]", 60, "p2"), true});
  CHECK(content_of(*other.wait().value()) == "8\n");
}

TEST_CASE("readers that wait when the tree ends are told so") {
  ApiRig rig;
  auto opened = rig.open(kList);
  auto question = rig.origin.next();
  rig.tree.reset();
  question.done(Answer{rig.entry(*question.ask.request, "[1]"), true});
  CHECK(opened.wait().error().code == Code::kAborted);
}
