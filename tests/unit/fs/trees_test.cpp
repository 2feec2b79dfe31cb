// The root, .runnerfs/ and files of text.
#include "fs/tree/info.h"
#include "fs/tree/root.h"
#include "tests/catch.h"
#include "tests/unit/fs/asked.h"

using namespace rfs;
using namespace rfs::test;
using Kind = Node::Kind;

namespace {

std::vector<std::string> names(Namespace& space, const std::string& path) {
  std::vector<std::string> out;
  auto listed = space.list(path, {}).value();
  for (const auto& one : listed) out.push_back(one.name);
  return out;
}
Result<FilePtr> open(Namespace& space, const std::string& path) {
  Asked<FilePtr> asked;
  space.open(path, {}, nullptr, asked.reply());
  return asked.wait();
}

struct TreesRig {
  TreesRig() {
    info.add("stats.json", [this] { return "{\"n\":" + std::to_string(++made) + "}"; });
    info.set_control([this](const std::string& command, const Caller&) -> Result<> {
      if (command == "bad") return fail(Code::kInvalid, "no such command");
      commands.push_back(command);
      return {};
    });
    root.add(".runnerfs", info);
  }
  std::unique_ptr<Writer> control() { return root.write(".runnerfs/ctl", {}, false, false, false).value(); }
  FakeClock clock;
  int made = 0;
  std::vector<std::string> commands;
  InfoTree info{clock};
  Root root;
};

}  // namespace

TEST_CASE("the root passes on by the first component") {
  TreesRig rig;
  CHECK(names(rig.root, "") == std::vector<std::string>{".runnerfs"});
  CHECK(rig.root.lookup("", {})->kind == Kind::kDirectory);
  CHECK(rig.root.lookup(".runnerfs", {})->kind == Kind::kDirectory);
  CHECK(rig.root.lookup(".runnerfs/stats.json", {})->kind == Kind::kFile);
  CHECK(rig.root.lookup("nosuch", {})->kind == Kind::kAbsent);
  CHECK(rig.root.lookup("nosuch/x", {})->kind == Kind::kAbsent);
  CHECK(open(rig.root, "nosuch").error().code == Code::kNotFound);
  CHECK(open(rig.root, "").error().code == Code::kIsDirectory);
  CHECK(rig.root.list("nosuch", {}).error().code == Code::kNotFound);
}

TEST_CASE("the root itself cannot be changed") {
  TreesRig rig;
  CHECK(rig.root.write("x", {}, true, true, false).error().code == Code::kReadOnly);
  CHECK(rig.root.remove("x", {}).error().code == Code::kReadOnly);
  CHECK(rig.root.remove(".runnerfs", {}).error().code == Code::kReadOnly);
  CHECK(rig.root.make_directory("x", {}).error().code == Code::kReadOnly);
  CHECK(rig.root.make_directory(".runnerfs", {}).error().code == Code::kExists);
  CHECK(rig.root.make_directory(".runnerfs/x", {}).error().code == Code::kReadOnly);
  CHECK(rig.root.set_xattr("x", "user.a", "1", {}).error().code == Code::kReadOnly);
}

TEST_CASE("files of .runnerfs are made at each open") {
  TreesRig rig;
  CHECK(names(rig.root, ".runnerfs") == std::vector<std::string>{"ctl", "README", "stats.json"});
  auto node = *rig.root.lookup(".runnerfs/stats.json", {});
  CHECK(node.file->direct());
  CHECK(node.file->size() == 0);
  CHECK(node.mode == 0400);
  CHECK(rig.made == 0);
  auto first = open(rig.root, ".runnerfs/stats.json").value();
  auto second = open(rig.root, ".runnerfs/stats.json").value();
  CHECK(content_of(*first) == "{\"n\":1}");
  CHECK(content_of(*second) == "{\"n\":2}");
  CHECK(first->version() == node.file->version());
  CHECK(open(rig.root, ".runnerfs/none").error().code == Code::kNotFound);
  CHECK(open(rig.root, ".runnerfs/ctl").error().code == Code::kDenied);
  CHECK(rig.root.list(".runnerfs/stats.json", {}).error().code == Code::kNotDirectory);
}

TEST_CASE("ctl runs each line when its end is written, and the last one at close") {
  TreesRig rig;
  auto control = rig.control();
  REQUIRE(control->write(0, view("one\n\ntw")));
  CHECK(rig.commands == std::vector<std::string>{"one"});
  REQUIRE(control->write(7, view("o\r\nthree")));
  CHECK(rig.commands == std::vector<std::string>{"one", "two"});
  Asked<FilePtr> closed;
  control->commit(false, closed.reply());
  REQUIRE(closed.wait());
  CHECK(rig.commands == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("a command that fails fails its write, and what follows it in that write is dropped") {
  TreesRig rig;
  auto control = rig.control();
  CHECK(control->write(0, view("one\nbad\ntwo\n")).error().code == Code::kInvalid);
  CHECK(rig.commands == std::vector<std::string>{"one"});
  REQUIRE(control->write(0, view("three\n")));
  CHECK(rig.commands.back() == "three");
  CHECK(control->write(0, view(std::string(70'000, 'x'))).error().code == Code::kTooLarge);
}

TEST_CASE("below .runnerfs only ctl is written") {
  TreesRig rig;
  CHECK(rig.root.write(".runnerfs/stats.json", {}, true, true, false).error().code == Code::kReadOnly);
  CHECK(rig.root.write(".runnerfs/new", {}, true, true, false).error().code == Code::kReadOnly);
  CHECK(rig.root.remove(".runnerfs/stats.json", {}).error().code == Code::kReadOnly);
}

TEST_CASE("equal texts are equal versions unless they are made anew") {
  CHECK(text_file("a", 1, false)->version() == text_file("a", 2, false)->version());
  CHECK(text_file("a", 1, false)->version() != text_file("b", 1, false)->version());
  CHECK(text_file("a", 1, true)->version() == text_file("b", 1, true)->version());
  CHECK(read_some(*text_file("hello", 1, false), 1, 3).value() == "ell");
  CHECK(read_some(*text_file("hello", 1, false), 5, 3).value().empty());
}
