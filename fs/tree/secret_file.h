// The two faces of a credential as a file: what stat shows of it, and the value that an open descriptor holds.
#pragma once

#include "backends/secrets/vault.h"
#include "fs/tree/file.h"

namespace rfs {

// Size and time, no bytes. Shown without touching the value and without an audit line.
class SecretFace final : public File {
 public:
  SecretFace(std::uint64_t size, double mtime) : size_(size), mtime_(mtime) {}
  explicit SecretFace(const CredentialInfo& info) : SecretFace(info.size, info.created) {}
  std::uint64_t size() const override { return size_; }
  double mtime() const override { return mtime_; }
  std::string version() const override { return kDirectVersion; }
  bool direct() const override { return true; }
  void read(std::uint64_t, std::size_t, Reply<Bytes> reply) const override {
    reply(fail(Code::kDenied, "the value of a credential is read by opening it"));
  }

 private:
  const std::uint64_t size_;
  const double mtime_;
};

// One value, kept through rotation and removal, but not through its time: asked at every read.
class SecretFile final : public File {
 public:
  // `vault` outlives every front.
  SecretFile(Vault& vault, CredentialPtr credential, Accessor who)
      : vault_(vault), credential_(std::move(credential)), who_(std::move(who)) {}
  std::uint64_t size() const override { return credential_->value.size(); }
  double mtime() const override { return credential_->info.created; }
  std::string version() const override { return kDirectVersion; }
  bool direct() const override { return true; }
  bool secret() const override { return true; }
  Result<BytesView> reveal(std::uint64_t offset, std::size_t length) const override;
  void read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply) const override;

 private:
  Vault& vault_;
  const CredentialPtr credential_;
  const Accessor who_;
};

}  // namespace rfs
