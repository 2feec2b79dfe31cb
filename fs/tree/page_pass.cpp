#include "fs/tree/page_pass.h"

#include <fmt/core.h>

#include <algorithm>

#include "backends/github/path.h"
#include "backends/http/links.h"
#include "fs/tree/json_elements.h"

namespace rfs {

bool PagePass::State::meets(const Need& need) const {
  if (whole) return true;
  switch (need.what) {
    case Need::kFirst:
      return pages > 0;
    case Need::kBeyond:
      return text.size() > need.beyond;
    case Need::kAll:
      return false;
  }
  return false;
}

PagePass::PagePass(const PageContext& context, std::shared_ptr<const ApiRequest> lines, std::string list_field,
                   Chain::Mode mode)
    : context_(context),
      lines_(std::move(lines)),
      list_field_(std::move(list_field)),
      mode_(mode),
      started_(context.clock.wall()) {
  state_.lock()->next = std::make_shared<const ApiRequest>(page_request(*lines_));
}

void PagePass::first(Reply<void> reply) { await({Need::kFirst}, std::move(reply)); }

void PagePass::all(Reply<EntryPtr> reply) {
  await({Need::kAll}, Reply<void>([self = shared_from_this(), reply = std::move(reply).share()](Result<> done) {
          if (!done) return (*reply)(fail(std::move(done.error())));
          (*reply)(self->whole());
        }));
}

void PagePass::read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply) {
  await({Need::kBeyond, offset},
        Reply<void>([self = shared_from_this(), offset, length, reply = std::move(reply).share()](Result<> done) {
          if (!done) return (*reply)(fail(std::move(done.error())));
          Bytes out;
          {
            auto state = self->state_.lock();
            const std::string_view text =
                state->whole ? state->whole->body->in_memory() : std::string_view(state->text);
            if (offset < text.size()) rfs::append(out, text.substr(offset, length));
          }
          (*reply)(std::move(out));
        }));
}

EntryPtr PagePass::whole() { return state_.lock()->whole; }

bool PagePass::joinable() {
  Entry facts;
  {
    auto state = state_.lock();
    if (state->failed) return false;
    if (state->pages == 0) return true;
    facts = state->facts;
  }
  return context_.chain.freshness(facts) != Freshness::kStale;
}

void PagePass::await(Need need, Reply<void> reply) {
  {
    auto state = state_.lock();
    if (!state->meets(need)) {
      state->waiting.push_back({need, std::move(reply)});
      if (state->asking) return;
      state->asking = true;
    }
  }
  if (reply) return reply({});
  // Never on the reader's thread: what is there may be a large document to be taken apart.
  context_.pool.submit([self = shared_from_this()] { self->ask(); });
}

void PagePass::ask() {
  Gate::Inside inside(*context_.gate);
  if (!inside) return fail_all({Code::kAborted, "the filesystem is being unmounted", "", -1}, false);
  std::shared_ptr<const ApiRequest> next;
  unsigned pages;
  double newest;
  {
    auto state = state_.lock();
    next = state->next;
    pages = state->pages;
    newest = state->facts.meta.fetched_at;
  }
  if (pages >= context_.max_pages)
    return fail_all({Code::kTooLarge, fmt::format("the list has more than {} pages", context_.max_pages),
                     "raise api.max_pages, or narrow the list by a query", -1},
                    true);
  const auto mode = pages > 0 && newest >= started_ && older_is_held(*next, newest) ? Chain::Mode::kAlways : mode_;
  context_.chain.fetch(next, mode, Reply<EntryPtr>([self = shared_from_this()](Result<EntryPtr> page) {
                         self->context_.pool.submit([self, page = std::move(page)] { self->take(page); });
                       }));
}

// Where a page came newer than it was held, the next ones as they are held belong to the list as it was: put together,
// elements would be there twice or not at all.
bool PagePass::older_is_held(const ApiRequest& page, double than) {
  auto held = context_.chain.known(page);
  return held && held->meta.validated_at < than;
}

void PagePass::take(Result<EntryPtr> page) {
  Gate::Inside inside(*context_.gate);
  if (!inside) return fail_all({Code::kAborted, "the filesystem is being unmounted", "", -1}, false);
  if (!page) {
    Error error = std::move(page.error());
    // The list is there, as its first page shows.
    if (error.code == Code::kNotFound && state_.lock()->pages > 0) error.code = Code::kBroken;
    return fail_all(std::move(error), false);
  }
  if (auto added = add(**page); !added) return fail_all(std::move(added.error()), true);
  settle();
}

Result<> PagePass::add(const Entry& page) {
  TRY_ASSIGN(auto bytes, read_all(*page.body));
  TRY_ASSIGN(auto elements, json_elements(bytes, list_field_));
  std::string lines;
  for (auto element : elements) append_json_line(lines, element);
  TRY_ASSIGN(auto next, next_of(page, *state_.lock()->next));
  {
    auto state = state_.lock();
    if (state->pages > 0 && state->facts.key.partition != page.key.partition)
      return fail(Code::kBroken, "the credential changed while the list was read", "read it again");
    if (state->text.size() + lines.size() > context_.max_bytes)
      return fail(Code::kTooLarge, fmt::format("the list is larger than {} bytes", context_.max_bytes),
                  "max_object_size bounds it; narrow the list by a query");
    state->text += lines;
    fold(state->facts, page, state->pages == 0);
    ++state->pages;
    state->next = next;
  }
  if (!next) finish();
  return {};
}

Result<std::shared_ptr<const ApiRequest>> PagePass::next_of(const Entry& page, const ApiRequest& asked) {
  auto url = link_target(page.meta.link, "next");
  if (url.empty()) return nullptr;
  auto target = target_of_link(url, asked, context_.api_base);
  if (!target) return fail(Code::kBroken, "the next page lies elsewhere: " + target.error().message);
  TRY_ASSIGN(auto request, json_request(target->path, target->query));
  request.store = lines_->store;
  return std::make_shared<const ApiRequest>(std::move(request));
}

// The whole is as fresh as the least fresh of its pages.
void PagePass::fold(Entry& facts, const Entry& page, bool first) {
  const Meta& meta = page.meta;
  if (first) {
    facts.key.partition = page.key.partition;
    facts.meta.accept = lines_->accept;
    facts.meta.api_version = meta.api_version;
    facts.meta.fetched_at = meta.fetched_at;
    facts.meta.validated_at = meta.validated_at;
    facts.meta.expires_at = meta.expires_at;
    facts.meta.proof = meta.proof;
    facts.meta.source = meta.source;
    facts.meta.immutable = meta.immutable;
    return;
  }
  facts.meta.fetched_at = std::max(facts.meta.fetched_at, meta.fetched_at);
  facts.meta.validated_at = std::min(facts.meta.validated_at, meta.validated_at);
  facts.meta.expires_at = std::min(facts.meta.expires_at, meta.expires_at);
  facts.meta.immutable = facts.meta.immutable && meta.immutable;
  if (meta.proof != Proof::kOrigin) facts.meta.proof = meta.proof;
  if (meta.source == Source::kPeer) facts.meta.source = meta.source;
}

void PagePass::finish() {
  std::string text;
  Entry facts;
  {
    auto state = state_.lock();
    text = state->text;  // readers go on with it meanwhile
    facts = state->facts;
  }
  auto whole = context_.chain.keep_derived(*lines_, facts.key.partition, std::move(text), std::move(facts.meta));
  auto state = state_.lock();
  state->whole = std::move(whole);
  state->text = std::string();
}

void PagePass::settle() {
  std::vector<Waiter> met;
  bool more;
  {
    auto state = state_.lock();
    auto rest = std::stable_partition(state->waiting.begin(), state->waiting.end(),
                                      [&](const Waiter& waiter) { return !state->meets(waiter.need); });
    met.assign(std::make_move_iterator(rest), std::make_move_iterator(state->waiting.end()));
    state->waiting.erase(rest, state->waiting.end());
    more = state->asking = !state->waiting.empty();
  }
  for (Waiter& waiter : met) waiter.reply({});
  if (more) context_.pool.submit([self = shared_from_this()] { self->ask(); });
}

void PagePass::fail_all(Error error, bool ours) {
  // What Chain failed with is in errors.jsonl already.
  if (ours) context_.errors.add("api/" + lines_->display, error);
  std::vector<Waiter> waiting;
  {
    auto state = state_.lock();
    state->asking = false;
    state->failed = state->pages == 0;
    waiting.swap(state->waiting);
  }
  for (Waiter& waiter : waiting) waiter.reply(fail(error));
}

}  // namespace rfs
