// PagePass: one pass over the pages of a list, shared by everybody who reads it meanwhile. Pages are asked for one
// after another by Link's rel="next", and only as far as somebody reads. Once the last one is there, the whole is kept
// as an entry. A page that fails fails those who wait for it; what is there stays, and the next reader asks again. Any
// thread. It holds itself while it asks, and may outlive its maker: see Gate.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/chain.h"
#include "fs/tree/gate.h"

namespace rfs {

struct PageContext {
  Chain& chain;
  Pool& pool;
  const Clock& clock;
  Counters& counters;
  ErrorRing& errors;
  std::string api_base;  // Link may not lead elsewhere
  unsigned max_pages;
  std::uint64_t max_bytes;
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
};

class PagePass : public std::enable_shared_from_this<PagePass> {
 public:
  // lines: the request of the .jsonl (ApiName::lines).
  PagePass(const PageContext& context, std::shared_ptr<const ApiRequest> lines, std::string list_field,
           Chain::Mode mode);

  // Answers once the first page is there.
  void first(Reply<void> reply);
  // Asks for what is missing; answers the whole.
  void all(Reply<EntryPtr> reply);
  // As File::read of a streamed file.
  void read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply);
  // The whole, once the last page is there; else null.
  EntryPtr whole();
  // False: a page is stale by now, or the first one failed; begin another pass.
  bool joinable();
  double started() const { return started_; }

 private:
  struct Need {
    enum What { kFirst, kBeyond, kAll } what;
    std::uint64_t beyond = 0;
  };
  struct Waiter {
    Need need;
    Reply<void> reply;
  };
  struct State {
    std::string text;  // until whole
    EntryPtr whole;
    unsigned pages = 0;
    bool asking = false;
    bool failed = false;  // no page came
    std::shared_ptr<const ApiRequest> next;
    Entry facts;  // what the whole will say: the partition, and the meta of the pages put together
    std::vector<Waiter> waiting;
    bool meets(const Need& need) const;
  };
  void await(Need need, Reply<void> reply);
  void ask();
  bool older_is_held(const ApiRequest& page, double than);
  void take(Result<EntryPtr> page);
  Result<> add(const Entry& page);
  Result<std::shared_ptr<const ApiRequest>> next_of(const Entry& page, const ApiRequest& asked);
  void fold(Entry& facts, const Entry& page, bool first);
  void finish();
  void settle();
  void fail_all(Error error, bool ours);

  const PageContext context_;
  const std::shared_ptr<const ApiRequest> lines_;
  const std::string list_field_;
  const Chain::Mode mode_;
  const double started_;
  Sync<State> state_;
};

}  // namespace rfs
