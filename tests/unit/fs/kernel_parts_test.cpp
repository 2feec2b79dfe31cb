// The parts of the kernel front that need no kernel.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "fs/kernel/interrupt.h"
#include "fs/kernel/mountinfo.h"
#include "fs/kernel/node_table.h"
#include "fs/kernel/overhear.h"
#include "fs/kernel/strand.h"
#include "fs/kernel/told.h"
#include "fs/kernel/write_handle.h"
#include "kernel_tree.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

std::string status(const char* thread, const char* process, const char* blocked) {
  return std::string("Name:\tcat\nState:\tS (sleeping)\nSigQ:\t1/100\nSigPnd:\t") + thread + "\nShdPnd:\t" + process +
         "\nSigBlk:\t" + blocked + "\nSigIgn:\t0000000000000000\n";
}
constexpr const char* kNone = "0000000000000000";

Node held(const FilePtr& file) { return {Node::Kind::kFile, file, 0444, 3600}; }
const Node kUnbound{Node::Kind::kUnbound, nullptr, 0444, 0};
const Node kDirectory{Node::Kind::kDirectory, nullptr, 0755, 3600};

}  // namespace

TEST_CASE("a signal that ends the reader counts, wherever it is pending") {
  CHECK(fatal_signal_in(status("0000000000000100", kNone, kNone)));  // KILL
  CHECK(fatal_signal_in(status(kNone, "0000000000004000", kNone)));  // TERM, for the process
  CHECK(fatal_signal_in(status(kNone, "0000000000000002", kNone)));  // INT
}

TEST_CASE("a signal that programs handle and go on after does not count") {
  CHECK_FALSE(fatal_signal_in(status("0000000000400000", kNone, kNone)));  // URG: Go
  CHECK_FALSE(fatal_signal_in(status(kNone, "0000000000002000", kNone)));  // ALRM: git
  CHECK_FALSE(fatal_signal_in(status(kNone, kNone, kNone)));
  CHECK_FALSE(fatal_signal_in(status("0000000000004000", kNone, "0000000000004000")));  // TERM, blocked
  CHECK_FALSE(fatal_signal_in("no such lines"));
  CHECK_FALSE(fatal_signal_pending(0));  // of a foreign pid namespace
}

TEST_CASE("what a helper says is heard, and all else goes on to standard error") {
  Fd before(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)), shown(::memfd_create("shown", MFD_CLOEXEC));
  REQUIRE(::dup2(shown.get(), STDERR_FILENO) == STDERR_FILENO);
  std::string named, silent;
  {
    Overhear overhear;
    (void)!std::system("{ echo helper3: one; echo another word; echo helper3: two; printf 'no end'; } >&2");
    named = overhear.end("helper3");
    silent = overhear.end("helper3");
    Overhear unasked;
    (void)!std::system("echo helper3: three >&2");
  }
  ::dup2(before.get(), STDERR_FILENO);
  char text[200] = {};
  CHECK(::pread(shown.get(), text, sizeof text - 1, 0) > 0);
  CHECK(std::string(text) == "another word\nno end\nhelper3: three\n");
  CHECK(named == "helper3: one; helper3: two");
  CHECK(silent.empty());
}

TEST_CASE("mountinfo is read with its escapes and optional fields") {
  auto mounts = parse_mountinfo(
      "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n"
      "broken line\n"
      "40 35 0:42 / /tmp/a\\040b\\134c rw - fuse.runnerfs run\\011ner rw,user_id=1000,group_id=1000\n");
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[0].point == "/mnt2");
  CHECK(mounts[0].type == "ext3");
  CHECK_FALSE(mounts[0].owner());
  CHECK(mounts[1].point == "/tmp/a b\\c");
  CHECK(mounts[1].source == "run\tner");
  CHECK(mounts[1].device == "0:42");
  CHECK(mounts[1].runnerfs());
  CHECK(mounts[1].owner() == uid_t{1000});
}

TEST_CASE("a node is one version: another one gets another id, the same one the same") {
  NodeTable table(0755);
  auto one = text_file("one", 1, false), two = text_file("two", 2, false);
  auto first = table.enter("ro/x", held(one));
  CHECK(table.enter("ro/x", held(text_file("one", 9, false)))->id == first->id);
  auto second = table.enter("ro/x", held(two));
  CHECK(second->id != first->id);
  CHECK(first->size() == 3);
  CHECK(table.find(first->id) == first);  // the kernel still knows it
  CHECK(table.id_of("ro/x") == second->id);
  CHECK(path_inode("ro/x") == path_inode("ro/x"));
  CHECK(path_inode("ro/x") != path_inode("ro/y"));
}

TEST_CASE("an unbound node is bound once") {
  NodeTable table(0755);
  auto node = table.enter("ro/x", kUnbound);
  CHECK(table.enter("ro/x", kUnbound)->id == node->id);
  CHECK(node->size() == 0);
  CHECK(table.bind(node, text_file("one", 1, false)));
  CHECK(node->size() == 3);
  CHECK(table.bind(node, text_file("one", 5, false)));
  CHECK_FALSE(table.bind(node, text_file("other", 1, false)));
  CHECK(node->size() == 3);
  CHECK(table.enter("ro/x", kUnbound)->id != node->id);  // the version is not held any more
}

TEST_CASE("a node goes when the kernel has forgotten each lookup, and its id never comes back") {
  NodeTable table(0755);
  auto file = text_file("one", 1, false);
  auto node = table.enter("ro/x", held(file));
  table.enter("ro/x", held(file));
  table.enter("ro", kDirectory);
  CHECK(table.size() == 2);
  table.forget(node->id, 1);
  CHECK(table.find(node->id) != nullptr);
  table.forget(node->id, 1);
  CHECK(table.find(node->id) == nullptr);
  CHECK(table.id_of("ro/x") == 0);
  CHECK(table.enter("ro/x", held(file))->id > node->id);
  table.forget(NodeTable::kRoot, 100);
  CHECK(table.find(NodeTable::kRoot) != nullptr);
}

TEST_CASE("a node does not keep the bytes of its version") {
  NodeTable table(0755);
  auto file = text_file("one", 1, false);
  auto node = table.enter("ro/x", held(file));
  CHECK(node->file() == file);
  file.reset();
  CHECK(node->file() == nullptr);
  CHECK(node->size() == 3);
  CHECK(node->stands_for(*text_file("one", 1, false)));
}

TEST_CASE("a thread that was told ESTALE is known once, and for ten seconds") {
  FakeClock clock;
  Told told(clock);
  told.tell(7, "ro/x", nullptr);
  CHECK_FALSE(told.take(8, "ro/x").told);
  CHECK_FALSE(told.take(7, "ro/y").told);
  auto file = text_file("found", 1, false);
  told.found(7, "ro/x", file);
  auto taken = told.take(7, "ro/x");
  CHECK(taken.told);
  CHECK(taken.file == file);
  CHECK_FALSE(told.take(7, "ro/x").told);
  told.tell(7, "ro/x", nullptr);
  clock.advance(11);
  CHECK_FALSE(told.take(7, "ro/x").told);
}

TEST_CASE("a strand lives as long as its step, which may hold the last reference to its owner") {
  struct Owner {
    std::shared_ptr<Strand> strand = std::make_shared<Strand>();
  };
  auto owner = std::make_shared<Owner>();
  std::weak_ptr<Strand> strand = owner->strand;
  bool ran = false;
  Strand& runs = *owner->strand;
  runs.run([&ran, owner = std::move(owner)](const Strand::Done& done) {
    ran = true;
    done();
  });
  CHECK(ran);
  CHECK(strand.expired());
}

TEST_CASE("steps of a strand follow each other, also when one takes its time") {
  auto strand = std::make_shared<Strand>();
  std::vector<int> order;
  Strand::Done slow;
  strand->run([&](Strand::Done done) {
    order.push_back(1);
    slow = std::move(done);
  });
  CHECK_FALSE(strand->enter());
  for (int i = 2; i < 100'000; ++i)  // no recursion, or the stack would overflow
    strand->run([&order, i](const Strand::Done& done) {
      order.push_back(i);
      done();
    });
  CHECK(order.size() == 1);
  slow();
  CHECK(order.size() == 99'999);
  CHECK(order.back() == 99'999);
  CHECK(strand->enter());
  strand->leave();
}

TEST_CASE("a close before the first byte stores nothing; the last one stores what was only emptied") {
  testing::KernelTree tree;
  tree.put("rw/x", "old");
  auto writer = std::make_shared<WriteHandle>(*tree.write("rw/x", {}, false, true, false), true);
  int stored = 0, empty = 0;
  auto reply = [&] {
    return Reply<FilePtr>([&](Result<FilePtr> result) { result && !*result ? ++empty : ++stored; });
  };
  writer->flush(reply());
  CHECK((empty == 1 && tree.count("commits") == 0));
  writer->write(0, false, view("new"), Reply<std::size_t>([](Result<std::size_t>) {}));
  writer->flush(reply());
  CHECK(tree.content("rw/x") == "new");
  writer->flush(reply());
  writer->close(reply());
  CHECK(tree.count("commits") == 1);

  auto emptied = std::make_shared<WriteHandle>(*tree.write("rw/x", {}, false, true, false), true);
  emptied->close(Reply<FilePtr>([](Result<FilePtr> result) { CHECK(result.error().code == Code::kInvalid); }));
  CHECK(tree.count("commits") == 2);
}

TEST_CASE("a failed commit fails again at the next close, without being tried again") {
  testing::KernelTree tree;
  auto writer = std::make_shared<WriteHandle>(*tree.write("rw/x", {}, true, true, false), true);
  writer->write(0, false, view("bad"), Reply<std::size_t>([](Result<std::size_t>) {}));
  int failures = 0;
  auto failing = [&] { return Reply<FilePtr>([&](Result<FilePtr> result) { failures += !result; }); };
  writer->flush(failing());
  writer->flush(failing());
  CHECK(failures == 2);
  CHECK(tree.count("commits") == 1);
  writer->write(0, false, view("good"), Reply<std::size_t>([](Result<std::size_t>) {}));
  writer->flush(failing());
  CHECK(failures == 2);
  CHECK(tree.content("rw/x") == "good");
}
