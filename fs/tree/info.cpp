#include "fs/tree/info.h"

#include <utility>

#include "fs/tree/readme.h"

namespace rfs {
namespace {

constexpr const char* kControl = "ctl";
constexpr std::size_t kLongestCommand = 64u << 10;
constexpr std::size_t kLongestExchange = 128u << 20;

using Control = std::function<Result<>(const std::string&, const Caller&)>;

// Runs each line when its end is written, so that the command's failure is that write's.
class ControlWriter final : public Writer {
 public:
  ControlWriter(const Control& control, const Caller& caller) : control_(control), caller_(caller) {}

  // The offset says nothing: every write goes on where the last one ended.
  Result<> write(std::uint64_t, BytesView bytes) override {
    line_ += text(bytes);
    std::size_t begin = 0;
    for (auto end = line_.find('\n'); end != std::string::npos; end = line_.find('\n', begin)) {
      std::string command = line_.substr(begin, end - begin);
      begin = end + 1;
      if (auto done = run(command); !done) {
        line_.clear();
        return done;
      }
    }
    line_.erase(0, begin);
    if (line_.size() <= kLongestCommand) return {};
    line_.clear();
    return fail(Code::kTooLarge, "a control command is longer than 64 KiB");
  }
  Result<> truncate(std::uint64_t) override { return {}; }
  std::uint64_t size() const override { return 0; }
  Result<Bytes> read(std::uint64_t, std::size_t) const override {
    return fail(Code::kDenied, "the control file is for writing");
  }
  // A last line without its end.
  void commit(bool, Reply<FilePtr> reply) override {
    std::string command;
    command.swap(line_);
    if (auto done = run(command); !done) return reply(fail(std::move(done.error())));
    reply(FilePtr());
  }

 private:
  Result<> run(std::string& command) {
    while (!command.empty() && (command.back() == '\r' || command.back() == ' ')) command.pop_back();
    if (command.empty()) return {};
    return control_(command, caller_);
  }
  const Control& control_;
  const Caller caller_;
  std::string line_;
};

// Gathers what is written from its beginning on, and hands it over at close.
class ExchangeWriter final : public Writer {
 public:
  explicit ExchangeWriter(const InfoTree::Exchange& exchange) : exchange_(exchange) {}
  Result<> write(std::uint64_t offset, BytesView bytes) override {
    if (offset != content_.size()) return fail(Code::kInvalid, "this file is written in order");
    if (content_.size() + bytes.size() > kLongestExchange) return fail(Code::kTooLarge, "more than 128 MiB at once");
    content_ += text(bytes);
    return {};
  }
  Result<> truncate(std::uint64_t) override { return {}; }
  std::uint64_t size() const override { return content_.size(); }
  Result<Bytes> read(std::uint64_t, std::size_t) const override {
    return fail(Code::kDenied, "it cannot be read while it is written");
  }
  void commit(bool, Reply<FilePtr> reply) override {
    if (content_.empty()) return reply(FilePtr());
    exchange_.take(std::exchange(content_, {}), std::move(reply));
  }

 private:
  const InfoTree::Exchange& exchange_;
  std::string content_;
};

tl::unexpected<Error> no_such_file() { return fail(Code::kNotFound, "there is no such name below .runnerfs"); }

}  // namespace

struct InfoTree::Impl {
  explicit Impl(const Clock& c) : clock(c), started(c.wall()), shown(text_file("", started, true)) {}
  const Clock& clock;
  const double started;
  const FilePtr shown;  // what a node stands for: the content is made at open
  std::map<std::string, std::function<std::string()>> files;
  std::map<std::string, Exchange> exchanges;
  Control control;

  Node node(const std::string& path) const {
    Node out;
    out.timeout = 3600;
    if (path.empty()) {
      out.kind = Node::Kind::kDirectory;
      out.mode = 0700;
    } else if (exchanges.count(path)) {
      out.kind = Node::Kind::kFile;
      out.file = shown;
      out.mode = 0600;
    } else if (files.count(path) || (path == kControl && control)) {
      out.kind = Node::Kind::kFile;
      out.file = shown;
      out.mode = path == kControl ? 0200 : 0400;
    }
    return out;
  }
  Result<const Exchange*> exchange(const std::string& path, const Caller& caller) const {
    const auto at = exchanges.find(path);
    if (at == exchanges.end()) return nullptr;
    if (caller.uid != at->second.owner && caller.uid != 0) return fail(Code::kDenied, "this file is its owner's alone");
    return &at->second;
  }
  void open(const std::string& path, const Caller& caller, Reply<FilePtr>& reply) const {
    if (path.empty()) return reply(fail(Code::kIsDirectory, ".runnerfs is a directory"));
    if (path == kControl && control) return reply(fail(Code::kDenied, "the control file is for writing"));
    auto exchanged = exchange(path, caller);
    if (!exchanged) return reply(fail(std::move(exchanged.error())));
    if (*exchanged) return (*exchanged)->make(std::move(reply));
    auto at = files.find(path);
    if (at == files.end()) return reply(no_such_file());
    reply(text_file(at->second(), clock.wall(), true));
  }
};

InfoTree::InfoTree(const Clock& clock) : impl_(std::make_unique<Impl>(clock)) {
  add(kReadmeName, [] { return std::string(kInfoReadme); });
}
InfoTree::~InfoTree() = default;

void InfoTree::add(const std::string& name, std::function<std::string()> make) { impl_->files[name] = std::move(make); }
void InfoTree::add_exchange(const std::string& name, Exchange exchange) { impl_->exchanges[name] = std::move(exchange); }
void InfoTree::set_control(Control control) { impl_->control = std::move(control); }

Result<Node> InfoTree::lookup(const std::string& path, const Caller&) { return impl_->node(path); }

Result<std::vector<Listing>> InfoTree::list(const std::string& path, const Caller&) {
  auto kind = impl_->node(path).kind;
  if (kind == Node::Kind::kAbsent) return no_such_file();
  if (kind != Node::Kind::kDirectory) return fail(Code::kNotDirectory, "it is a file");
  std::vector<Listing> out;
  if (impl_->control) out.push_back({kControl, false});
  for (const auto& [name, make] : impl_->files) out.push_back({name, false});
  return out;
}

void InfoTree::bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) {
  impl_->open(path, caller, reply);
}
void InfoTree::open(const std::string& path, const Caller& caller, FilePtr, Reply<FilePtr> reply) {
  impl_->open(path, caller, reply);
}

Result<std::unique_ptr<Writer>> InfoTree::write(const std::string& path, const Caller& caller, bool, bool,
                                                bool exclusive) {
  TRY_ASSIGN(const Exchange* exchange, impl_->exchange(path, caller));
  if (exchange) return std::unique_ptr<Writer>(std::make_unique<ExchangeWriter>(*exchange));
  if (path != kControl || !impl_->control) return fail(Code::kReadOnly, "below .runnerfs only ctl can be written");
  if (exclusive) return fail(Code::kExists, "the control file exists");
  return std::unique_ptr<Writer>(std::make_unique<ControlWriter>(impl_->control, caller));
}

}  // namespace rfs
