// Counters, the error ring, times, the pool and the log.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "base/counters.h"
#include "base/error_ring.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/reply.h"
#include "base/time.h"
#include "tests/catch.h"
#include "tests/unit/base/scratch.h"

using namespace rfs;

TEST_CASE("counters have the reference's names, each its own") {
  std::set<std::string_view> names;
  for (int i = 0; i < static_cast<int>(Counter::kCount); ++i) names.insert(counter_name(static_cast<Counter>(i)));
  CHECK(names.size() == static_cast<std::size_t>(Counter::kCount));
  CHECK(counter_name(Counter::kHits) == "hits");
  CHECK(counter_name(Counter::kApiCallsMade) == "api_calls_made");
  CHECK(counter_name(Counter::kApiCallsSaved) == "api_calls_saved");
  CHECK(counter_name(Counter::kErrors) == "errors");
  Counters counters;
  counters.add(Counter::kHits);
  counters.add(Counter::kHits, 4);
  CHECK(counters.get(Counter::kHits) == 5);
  CHECK(counters.get(Counter::kMisses) == 0);
  counters.zero();
  CHECK(counters.get(Counter::kHits) == 0);
}

TEST_CASE("a failure's line has its whole story") {
  FakeClock clock;
  Counters counters;
  ErrorRing ring(clock, counters);
  ring.add("cache/a \"b\"", Error{Code::kInvalid, "not valid JSON", "send JSON", 17}, {{"request_id", "AB:12"}});
  ring.add("", Error{Code::kNoSpace, "cannot write", ""});
  std::istringstream lines(ring.jsonl());
  std::string line;
  REQUIRE(std::getline(lines, line));
  auto first = parse_json(line);
  REQUIRE(first);
  CHECK((*first)["time"] == "2023-11-14T22:13:20.000Z");
  CHECK((*first)["path"] == "cache/a \"b\"");
  CHECK((*first)["errno"] == EINVAL);
  CHECK((*first)["code"] == "EINVAL");
  CHECK((*first)["message"] == "not valid JSON");
  CHECK((*first)["hint"] == "send JSON");
  CHECK((*first)["position"] == 17);
  CHECK((*first)["request_id"] == "AB:12");
  REQUIRE(std::getline(lines, line));
  auto second = parse_json(line);
  REQUIRE(second);
  CHECK((*second)["code"] == "ENOSPC");
  CHECK_FALSE(second->contains("position"));
  CHECK(counters.get(Counter::kErrors) == 2);
}

TEST_CASE("the ring keeps the last thousand") {
  FakeClock clock;
  Counters counters;
  ErrorRing ring(clock, counters);
  for (int i = 0; i < 1'500; ++i) ring.add("p" + std::to_string(i), Error{Code::kBroken, "x", ""});
  CHECK(ring.size() == 1'000);
  CHECK(ring.jsonl().find("\"p500\"") != std::string::npos);
  CHECK(ring.jsonl().find("\"p499\"") == std::string::npos);
}

TEST_CASE("times are RFC 3339 in UTC to the millisecond") {
  CHECK(rfc3339(0) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339(1769860800.123) == "2026-01-31T12:00:00.123Z");
  CHECK(rfc3339(951782400) == "2000-02-29T00:00:00.000Z");
  CHECK(rfc3339(-0.5) == "1969-12-31T23:59:59.500Z");
  CHECK(rfc3339(1e300) == "9999-12-31T23:59:59.000Z");
  CHECK(rfc3339(-1e300) == "0000-01-01T00:00:00.000Z");
  CHECK(rfc3339(std::numeric_limits<double>::quiet_NaN()) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("a fake clock stands still until it is told") {
  FakeClock clock;
  auto steady = clock.steady();
  double wall = clock.wall();
  clock.advance(1.5);
  CHECK(clock.wall() == wall + 1.5);
  CHECK(clock.steady() - steady == std::chrono::milliseconds(1'500));
  clock.set_wall(5);
  CHECK(clock.wall() == 5);
  CHECK(clock.steady() - steady == std::chrono::milliseconds(1'500));
}

TEST_CASE("one thread of a pool runs jobs in their order, and stopping runs what is queued") {
  std::vector<int> order;
  std::mutex gate;
  gate.lock();
  Pool pool(1, "a name longer than fifteen");
  pool.submit([&] { std::lock_guard wait(gate); });
  for (int i = 0; i < 100; ++i) pool.submit([&, i] { order.push_back(i); });
  gate.unlock();
  pool.stop();
  REQUIRE(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
  std::thread::id runner;
  pool.submit([&] { runner = std::this_thread::get_id(); });
  CHECK(runner == std::this_thread::get_id());
  pool.stop();
}

TEST_CASE("a pool works on as many jobs at once as it has threads") {
  std::mutex mutex;
  std::condition_variable all_here;
  int here = 0;
  Pool pool(4, "pool");
  for (int i = 0; i < 4; ++i)
    pool.submit([&] {  // none of the four ends before all have begun
      std::unique_lock lock(mutex);
      ++here;
      all_here.notify_all();
      all_here.wait(lock, [&] { return here == 4; });
    });
  pool.stop();
  CHECK(here == 4);
}

TEST_CASE("a reply that is dropped is answered as broken, and one that is given is given once") {
  int answers = 0;
  Code code{};
  {
    Reply<int> reply([&](Result<int> result) { ++answers, code = result.error().code; });
  }
  CHECK(answers == 1);
  CHECK(code == Code::kBroken);
  {
    Reply<int> reply([&](Result<int> result) { answers += *result; });
    Reply<int> moved = std::move(reply);
    moved(10);
  }
  CHECK(answers == 11);
}

TEST_CASE("the log has a line an event, at its level, with nothing from outside breaking it") {
  test::Scratch scratch;
  log_setup({.level = Level::kInfo, .file = scratch.path("log")});
  log(Level::kDebug, "not this");
  log(Level::kWarning, "one {} {}", 1, "two\nforged: line\x1b[31m");
  CHECK_FALSE(log_enabled(Level::kDebug));
  log_level(Level::kDebug);
  log(Level::kDebug, "now this {{}}");
  log_level(Level::kOff);
  log(Level::kError, "nor this");
  log_setup({.level = Level::kWarning});
  struct stat info {};
  REQUIRE(::stat(scratch.path("log").c_str(), &info) == 0);
  CHECK((info.st_mode & 077) == 0);
  auto content = read_file(scratch.path("log"));
  REQUIRE(content);
  std::istringstream lines(*content);
  std::string first, second, third;
  std::getline(lines, first);
  std::getline(lines, second);
  CHECK_FALSE(std::getline(lines, third));
  CHECK(first.ends_with("Z warning: one 1 two\\x0aforged: line\\x1b[31m"));
  CHECK(second.ends_with("Z debug: now this {}"));
  CHECK(first.find('T') == 10);
}

TEST_CASE("a log file that cannot be opened is said on stderr and does not stop the program") {
  test::Scratch scratch;
  Fd saved(::dup(2)), caught(::open(scratch.path("stderr").c_str(), O_CREAT | O_RDWR, 0600));
  ::dup2(caught.get(), 2);
  log_setup({.level = Level::kInfo, .file = scratch.path("")});
  ::dup2(saved.get(), 2);
  log_setup({.level = Level::kWarning});
  auto said = read_file(scratch.path("stderr"));
  REQUIRE(said);
  CHECK(said->find("cannot open the log file") != std::string::npos);
}

TEST_CASE("levels are words") {
  Level level = Level::kOff;
  CHECK(parse_level("debug", level));
  CHECK(level == Level::kDebug);
  CHECK(parse_level("warning", level));
  CHECK(level == Level::kWarning);
  CHECK_FALSE(parse_level("WARN", level));
  CHECK(level == Level::kWarning);
}
