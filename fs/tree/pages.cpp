#include "fs/tree/pages.h"

#include "fs/tree/entry_file.h"

namespace rfs {
namespace {

// A list whose last page is not there yet.
class StreamFile final : public File {
 public:
  explicit StreamFile(std::shared_ptr<PagePass> pass) : pass_(std::move(pass)) {}
  std::uint64_t size() const override { return 0; }
  double mtime() const override { return pass_->started(); }
  std::string version() const override { return kDirectVersion; }
  bool direct() const override { return true; }
  void read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply) const override {
    pass_->read(offset, length, std::move(reply));
  }

 private:
  const std::shared_ptr<PagePass> pass_;
};

}  // namespace

void Pages::open(std::shared_ptr<const ApiRequest> lines, const std::string& list_field, Chain::Mode mode,
                 Reply<FilePtr> reply) {
  Chain& chain = context_.chain;
  if (mode == Chain::Mode::kAlways)
    return stream(std::make_shared<PagePass>(context_, std::move(lines), list_field, mode), true, std::move(reply));
  auto partition = chain.partition();
  if (!partition) return reply(fail(std::move(partition.error())));
  EntryPtr held = chain.known(*lines);
  if (held && chain.freshness(*held) != Freshness::kStale) {
    return reply(FilePtr(std::make_shared<EntryFile>(chain.give(held))));
  }
  auto pass = join(lines, *partition, list_field);
  if (held) return confirm(held, *pass, std::move(lines), std::move(reply));
  stream(std::move(pass), false, std::move(reply));
}

std::shared_ptr<PagePass> Pages::join(const std::shared_ptr<const ApiRequest>& lines, const std::string& partition,
                                      const std::string& list_field) {
  const std::string key = partition + '/' + lines->display;
  auto passes = passes_.lock();
  if (auto at = passes->find(key); at != passes->end())
    if (auto pass = at->second.lock(); pass && pass->joinable()) return pass;
  std::erase_if(*passes, [](const auto& one) { return one.second.expired(); });
  auto pass = std::make_shared<PagePass>(context_, lines, list_field, Chain::Mode::kIfStale);
  (*passes)[key] = pass;
  return pass;
}

void Pages::confirm(const EntryPtr& held, PagePass& pass, std::shared_ptr<const ApiRequest> lines,
                    Reply<FilePtr> reply) {
  pass.all(Reply<EntryPtr>([context = context_, held, lines, reply = std::move(reply).share()](Result<EntryPtr> whole) {
    if (whole) return (*reply)(FilePtr(std::make_shared<EntryFile>(*whole)));
    Error error = std::move(whole.error());
    Gate::Inside inside(*context.gate);
    if (inside && context.chain.may_stand_in(*held, error.code)) {
      context.counters.add(Counter::kStaleServed);
      return (*reply)(FilePtr(std::make_shared<EntryFile>(context.chain.give(held))));
    }
    if (inside && (error.code == Code::kNotFound || error.code == Code::kDenied)) context.chain.forget(*lines);
    (*reply)(fail(std::move(error)));
  }));
}

void Pages::stream(std::shared_ptr<PagePass> pass, bool now, Reply<FilePtr> reply) {
  pass->first(Reply<void>([pass, now, reply = std::move(reply).share()](Result<> there) {
    if (!there) return (*reply)(fail(std::move(there.error())));
    if (auto whole = pass->whole()) return (*reply)(FilePtr(std::make_shared<EntryFile>(whole, now)));
    (*reply)(FilePtr(std::make_shared<StreamFile>(pass)));
  }));
}

}  // namespace rfs
