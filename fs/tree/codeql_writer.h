// CodeqlWriter: a SARIF while it is written. A small one is gathered in memory; a larger one is checked and sealed while
// it comes, so that memory stays bounded whatever its size. Stored whole at commit, or not at all.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backends/results/results.h"
#include "base/error_ring.h"
#include "base/pool.h"
#include "fs/tree/gate.h"
#include "fs/tree/namespace.h"

namespace rfs {

struct CodeqlWriting {
  results::Results& results;
  Pool& pool;
  ErrorRing& errors;
  std::shared_ptr<Gate> gate;
};

class CodeqlWriter final : public Writer {
 public:
  // path: below codeql/, for errors.jsonl.
  CodeqlWriter(const CodeqlWriting& to, std::string path, results::ResultName name);
  ~CodeqlWriter() override;
  // Anywhere up to 4 MiB; beyond, only where it ends: kUnsupported.
  Result<> write(std::uint64_t offset, BytesView bytes) override;
  Result<> truncate(std::uint64_t size) override;
  std::uint64_t size() const override;
  Result<Bytes> read(std::uint64_t offset, std::size_t length) const override;
  Result<> accept_empty() const override;
  // user.runnerfs.manifest (JSON of the scan's manifest), user.runnerfs.scan_duration (seconds).
  Result<> set(const std::string& name, std::string_view value) override;
  void commit(bool sync, Reply<FilePtr> reply) override;

 private:
  struct State;
  Result<> told(Error error) const;
  Result<> stream(BytesView bytes);

  const CodeqlWriting to_;
  const std::shared_ptr<State> state_;
};

}  // namespace rfs
