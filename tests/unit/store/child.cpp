// A second process on a store, for the tests: store_child COMMAND DIRECTORY …; the key is that of the tests.
//   write COUNT       puts COUNT entries, prints the number of each that is committed
//   put NAME SIZE     one entry, committed
//   remove NAME       committed
//   read NAME         prints the size of the body, or "absent"
//   hold              opens the store and waits for the end of its input
#include <cstdio>
#include <cstdlib>
#include <string>

#include "backends/store/entry_store.h"
#include "tests/contract/samples.h"

using namespace rfs;

namespace {

// Sizes of every kind: inline, rows, file.
std::size_t size_of(int i) { return i % 7 == 0 ? 300'000 : i % 3 == 0 ? 20'000 : 500; }

std::shared_ptr<Entry> numbered(int i) {
  return contract::entry_of(contract::key_of("k" + std::to_string(i)),
                            contract::bytes_of_size(size_of(i), static_cast<unsigned>(i)));
}

int write(EntryStore& store, int count) {
  for (int i = 0; i < count; ++i) {
    // Most are queued, so that a kill finds batches of several.
    auto put = i % 5 == 4 ? store.put_now(numbered(i), false) : store.put(numbered(i));
    if (!put) return 1;
    if (i % 5 == 4) std::printf("%d\n", i);
    std::fflush(stdout);
  }
  return store.flush(false) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || !secret_setup()) return 2;
  std::string command = argv[1];
  FakeClock clock;
  Counters counters;
  ErrorRing errors(clock, counters);
  StoreOptions options;
  options.directory = argv[2];
  RootKey root;
  root.bytes = SecretBytes::copy_of(Bytes(32, 7));  // as test::root_of() has it
  std::string notice;
  auto opened = EntryStore::open(options, root, clock, counters, errors, notice);
  if (!opened) {
    std::printf("%s\n", opened.error().message.c_str());
    return 3;
  }
  EntryStore& store = **opened;
  if (command == "write" && argc == 4) return write(store, std::atoi(argv[3]));
  if (command == "put" && argc == 5) {
    std::string body = contract::bytes_of_size(static_cast<std::size_t>(std::atol(argv[4])), 99);
    return store.put_now(contract::entry_of(contract::key_of(argv[3]), body), false) ? 0 : 1;
  }
  if (command == "remove" && argc == 4) return store.remove(contract::key_of(argv[3])) && store.flush(false) ? 0 : 1;
  if (command == "read" && argc == 4) {
    auto found = store.find(contract::key_of(argv[3]));
    if (!found) return 1;
    std::printf("%s\n", *found ? std::to_string((*found)->body->size()).c_str() : "absent");
    return 0;
  }
  if (command == "hold") {
    std::printf("open\n");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    return 0;
  }
  return 2;
}
