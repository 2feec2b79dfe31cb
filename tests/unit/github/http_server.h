// A small HTTP/1.1 server on 127.0.0.1 that says what a test tells it and remembers what it was asked. Plain sockets,
// one thread a connection; ends with its object.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/sync.h"

namespace rfs {

struct Seen {
  std::string target;                          // "/repos/o/r?per_page=3"
  std::map<std::string, std::string> headers;  // names in lower case
  bool has(const std::string& name) const { return headers.contains(name); }
  std::string get(const std::string& name) const { return has(name) ? headers.at(name) : ""; }
};

struct Say {
  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  enum class How {
    kWhole,     // with Content-Length
    kCut,       // Content-Length says more than comes
    kChunkCut,  // chunked, without the last chunk
    kNoLength,  // ends with the connection
    kStallMid,  // half of the body, then nothing until the server ends
    kStall,     // nothing at all until the server ends
    kClose,     // the connection is closed without a byte
    kReset,     // RST after half of the body
    kNot,       // bytes that are no HTTP
  } how = How::kWhole;
};

class HttpServer {
 public:
  using Script = std::function<Say(const Seen&)>;
  explicit HttpServer(Script script);
  ~HttpServer();
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  std::vector<Seen> seen() { return *seen_.lock(); }
  std::size_t count() { return seen_.lock()->size(); }
  int connections() const { return connections_.load(); }

 private:
  void accept_all();
  void serve(Fd fd);
  bool wait_readable(int fd) const;  // false: the server ends
  void wait_for_end() const;
  const Script script_;
  Fd listen_, end_;
  int port_ = 0;
  std::atomic<int> connections_{0};
  Sync<std::vector<Seen>> seen_;
  Sync<std::vector<std::thread>> threads_;
  std::thread accepting_;
};

}  // namespace rfs
