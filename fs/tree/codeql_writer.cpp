#include "fs/tree/codeql_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "fs/tree/entry_file.h"

namespace rfs {
namespace {

constexpr std::size_t kGatherMost = 4u << 20;

Result<double> scan_seconds(std::string_view text) {
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(out) || out < 0)
    return fail(Code::kInvalid, "the duration of a scan is a number of seconds");
  return out;
}

}  // namespace

// Shared with the job that commits it. Calls of a writer do not overlap.
struct CodeqlWriter::State {
  std::string path;
  results::NewResult what;
  std::string content;  // all of it, until it is streamed
  bool written = false, changed = false;
  std::unique_ptr<results::Results::Incoming> incoming;  // of what is streamed
  std::uint64_t streamed = 0;
  bool stored = false;
  std::optional<Error> failed;  // of what was streamed: it cannot go on

  bool streams() const { return incoming != nullptr || failed.has_value() || streamed > 0; }
};

CodeqlWriter::CodeqlWriter(const CodeqlWriting& to, std::string path, results::ResultName name)
    : to_(to), state_(std::make_shared<State>()) {
  state_->path = std::move(path);
  state_->what.name = std::move(name);
}
CodeqlWriter::~CodeqlWriter() = default;

Result<> CodeqlWriter::told(Error error) const {
  to_.errors.add("codeql/" + state_->path, error);
  return fail(std::move(error));
}

std::uint64_t CodeqlWriter::size() const { return state_->streams() ? state_->streamed : state_->content.size(); }

Result<> CodeqlWriter::stream(BytesView bytes) {
  State& state = *state_;
  if (state.failed) return fail(*state.failed);
  if (!state.incoming) {
    auto begun = to_.results.begin();
    if (!begun) return told(std::move(begun.error()));
    state.incoming = std::move(*begun);
  }
  if (auto appended = state.incoming->append(bytes); !appended) {
    state.failed = appended.error();
    state.incoming.reset();
    return told(*state.failed);
  }
  state.streamed += bytes.size();
  return {};
}

Result<> CodeqlWriter::write(std::uint64_t offset, BytesView bytes) {
  State& state = *state_;
  state.written = state.changed = true;
  if (!state.streams() && offset <= kGatherMost && offset + bytes.size() <= kGatherMost) {
    const std::size_t end = static_cast<std::size_t>(offset) + bytes.size();
    if (end > state.content.size()) state.content.resize(end);
    std::copy(bytes.begin(), bytes.end(), state.content.begin() + static_cast<std::ptrdiff_t>(offset));
    return {};
  }
  if (state.failed) return fail(*state.failed);
  if (offset != size() || state.stored)
    return told({Code::kUnsupported, "a large result is written once, from its beginning to its end", "cp does so", -1});
  if (!state.incoming) {
    const std::string early = std::exchange(state.content, {});
    TRY(stream(view(early)));
  }
  return stream(bytes);
}

Result<> CodeqlWriter::truncate(std::uint64_t size) {
  State& state = *state_;
  if (size == this->size()) return {};
  if (state.streams() || size > kGatherMost)
    return told({Code::kUnsupported, "a large result is written once, from its beginning to its end", "cp does so", -1});
  state.content.resize(static_cast<std::size_t>(size));
  state.changed = true;
  return {};
}

Result<Bytes> CodeqlWriter::read(std::uint64_t offset, std::size_t length) const {
  if (state_->streams()) return fail(Code::kUnsupported, "a large result can be read once it is stored");
  const BytesView content = view(state_->content);
  if (offset >= content.size()) return Bytes();
  BytesView part = content.subspan(static_cast<std::size_t>(offset));
  part = part.first(std::min(part.size(), length));
  return Bytes(part.begin(), part.end());
}

Result<> CodeqlWriter::accept_empty() const {
  return fail(Code::kInvalid, "an empty file is no SARIF", "copy a whole result", 0);
}

Result<> CodeqlWriter::set(const std::string& name, std::string_view value) {
  State& state = *state_;
  if (name == "user.runnerfs.scan_duration") {
    TRY_ASSIGN(state.what.scan_duration, scan_seconds(value));
    return {};
  }
  if (name != "user.runnerfs.manifest") return fail(Code::kUnsupported, "a result takes no such attribute");
  TRY_ASSIGN(state.what.manifest, codeql::parse_manifest(value));
  const results::ResultName& own = state.what.name;
  const results::ResultName its{state.what.manifest->repository, state.what.manifest->commit, own.config, own.language};
  if (!results::same_scan(own, its)) return fail(Code::kInvalid, "the manifest is of another repository or commit");
  return {};
}

void CodeqlWriter::commit(bool sync, Reply<FilePtr> reply) {
  State& now = *state_;
  if (now.failed) return reply(fail(*now.failed));
  if (size() == 0 && !now.written) {
    Error empty = std::move(accept_empty().error());
    (void)told(empty);
    return reply(fail(std::move(empty)));
  }
  if (!now.changed) return reply(FilePtr());
  now.changed = false;
  auto job = [to = to_, state = state_, sync, kept = std::move(reply).share()] {
    Gate::Inside inside(*to.gate);
    if (!inside) return (*kept)(fail(Code::kAborted, "the filesystem is being unmounted"));
    const auto stored = [&]() -> Result<FilePtr> {
      if (!state->incoming) {
        TRY_ASSIGN(state->incoming, to.results.begin());
        TRY(state->incoming->append(view(state->content)));
      }
      const auto incoming = std::move(state->incoming);
      TRY_ASSIGN(const results::ResultInfo info, incoming->commit(state->what, sync));
      TRY_ASSIGN(const EntryPtr entry, to.results.entry(info));
      if (!entry) return fail(Code::kBroken, "the result is not there after it was stored");
      return FilePtr(std::make_shared<EntryFile>(entry));
    }();
    state->incoming.reset();
    if (!stored) {
      // A small one is whole in memory: it can be mended and committed again.
      if (state->streamed > 0) state->failed = stored.error();
      to.errors.add("codeql/" + state->path, stored.error());
      return (*kept)(fail(stored.error()));
    }
    state->stored = state->streamed > 0;
    (*kept)(*stored);
  };
  to_.pool.submit(std::move(job));
}

}  // namespace rfs
