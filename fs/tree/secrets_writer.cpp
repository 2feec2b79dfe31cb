#include "fs/tree/secrets_writer.h"

#include <algorithm>

#include "base/duration.h"
#include "fs/tree/secret_file.h"

namespace rfs {
namespace {

constexpr std::size_t kFirst = 4096;

void copy(BytesView from, MutableBytes to) { std::copy(from.begin(), from.end(), to.begin()); }

Error too_large() {
  return {Code::kTooLarge, "a credential's value is larger than 1 MiB", "store a key that opens it instead", -1};
}

}  // namespace

// What commits, which end on the pool, leave for the next one.
struct SecretsWriter::Commits {
  Sync<bool> failed{false};
};

SecretsWriter::SecretsWriter(const SecretsWriting& to, SecretsTarget target, Present present, std::uint64_t size)
    : to_(to),
      target_(std::make_shared<const SecretsTarget>(std::move(target))),
      commits_(std::make_shared<Commits>()),
      present_(std::move(present)),
      size_(present_ ? size : 0),
      changed_(!present_) {}

SecretsWriter::~SecretsWriter() = default;

Result<> SecretsWriter::fits(std::uint64_t size) {
  if (size <= Vault::kMaxValue) return {};
  Error error = too_large();
  to_.errors.add("secrets/" + target_->path, error);
  return fail(std::move(error));
}

// The present value, when something of it is kept.
Result<> SecretsWriter::load() {
  if (!present_) return {};
  TRY_ASSIGN(const CredentialPtr credential, present_());
  present_ = nullptr;
  size_ = credential->value.size();
  reserve(size_);
  copy(credential->value.reveal(), value_.reveal_mutable());
  return {};
}

void SecretsWriter::reserve(std::size_t size) {
  if (size <= value_.size()) return;
  SecretBytes larger(std::min<std::size_t>(std::max({size, 2 * value_.size(), kFirst}), Vault::kMaxValue));
  copy(value_.reveal().first(std::min<std::size_t>(size_, value_.size())), larger.reveal_mutable());
  value_ = std::move(larger);
}

Result<> SecretsWriter::write(std::uint64_t offset, BytesView bytes) {
  const std::uint64_t end = offset > Vault::kMaxValue ? offset : offset + bytes.size();
  cut_short_ |= end > Vault::kMaxValue;
  TRY(fits(end));
  TRY(load());
  reserve(end);
  copy(bytes, value_.reveal_mutable().subspan(offset));
  size_ = std::max(size_, end);
  changed_ = true;
  return {};
}

Result<> SecretsWriter::truncate(std::uint64_t size) {
  TRY(fits(size));
  if (size == 0) cut_short_ = false;
  if (size == 0 && present_) {  // what is there need not be read to be dropped
    present_ = nullptr;
    size_ = 0;
  }
  TRY(load());
  reserve(size);
  // What is cut off must not come back when the file grows again.
  if (size < size_) {
    auto rest = value_.reveal_mutable().subspan(size, size_ - size);
    std::fill(rest.begin(), rest.end(), std::uint8_t{0});
  }
  size_ = size;
  changed_ = true;
  return {};
}

Result<Bytes> SecretsWriter::read(std::uint64_t offset, std::size_t length) const {
  if (present_) {
    TRY_ASSIGN(const CredentialPtr credential, present_());
    const SecretFile file(to_.vault, credential, target_->who);
    TRY_ASSIGN(const BytesView part, file.reveal(offset, length));
    return Bytes(part.begin(), part.end());
  }
  const BytesView value = value_.reveal().first(size_);
  if (offset >= value.size()) return Bytes();
  const BytesView rest = value.subspan(offset);
  const BytesView part = rest.first(std::min(rest.size(), length));
  return Bytes(part.begin(), part.end());
}

Result<> set_put(Vault::Put& how, const std::string& name, std::string_view value) {
  if (name == "user.runnerfs.ttl") {
    TRY_ASSIGN(how.ttl, parse_ttl(value));
    return {};
  }
  const bool yes = value == "1";
  if (!yes && value != "0") return fail(Code::kInvalid, "the attribute is neither 1 nor 0");
  if (name == "user.runnerfs.allow-untrusted") return how.allow_untrusted = yes, Result<>();
  if (name == "user.runnerfs.must-exist") return how.must_exist = yes, Result<>();
  return fail(Code::kUnsupported, "a credential takes no such attribute");
}

void SecretsWriter::commit(bool, Reply<FilePtr> reply) {
  if (cut_short_) return reply(fail(too_large()));  // many a program ignores what write() said
  if (!changed_ && !*commits_->failed.lock()) return reply(FilePtr());
  if (auto loaded = load(); !loaded) return reply(fail(std::move(loaded.error())));
  changed_ = false;
  auto value = std::make_shared<SecretBytes>(SecretBytes::copy_of(value_.reveal().first(size_)));
  auto job = [to = to_, target = target_, commits = commits_, how = how_, value = std::move(value),
              reply = std::move(reply).share()] {
    Gate::Inside inside(*to.gate);
    if (!inside) return (*reply)(fail(Code::kAborted, "the filesystem is being unmounted"));
    auto stored = to.vault.put(target->scope, target->name, *value, how, target->who);
    *commits->failed.lock() = !stored;
    if (!stored) {
      to.errors.add("secrets/" + target->path, stored.error());
      return (*reply)(fail(std::move(stored.error())));
    }
    (*reply)(FilePtr(std::make_shared<SecretFace>(*stored)));
  };
  to_.pool.submit(std::move(job));
}

Result<double> parse_ttl(std::string_view text) {
  const auto seconds = parse_duration(text);
  if (!seconds || *seconds <= 0)
    return fail(Code::kInvalid, "the TTL is not a duration above zero", "seconds, or with a unit: 10s, 5m, 24h, 7d");
  if (*seconds > Vault::kLongestTtl)
    return fail(Code::kInvalid, "the TTL is over ten years", "leave it out for a credential without an end");
  return *seconds;
}

}  // namespace rfs
