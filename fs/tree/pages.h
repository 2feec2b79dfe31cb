// Pages: the .jsonl files of api/. A list that is held whole and fresh is an ordinary file; else its pages are asked
// for. Nothing held: the file is streamed, page by page as it is read. A stale whole held: the pages are confirmed
// first, and the answer is the same version or the new one. Any thread.
#pragma once

#include <unordered_map>

#include "fs/tree/file.h"
#include "fs/tree/page_pass.h"

namespace rfs {

class Pages {
 public:
  explicit Pages(PageContext context) : context_(std::move(context)) {}
  // Waits for what runs of its passes; those who wait for a page are answered kAborted.
  ~Pages() { context_.gate->close(); }
  // lines, list_field: ApiName::request and Route::list_field. kAlways (.now/): a pass of its own.
  void open(std::shared_ptr<const ApiRequest> lines, const std::string& list_field, Chain::Mode mode,
            Reply<FilePtr> reply);

 private:
  std::shared_ptr<PagePass> join(const std::shared_ptr<const ApiRequest>& lines, const std::string& partition,
                                 const std::string& list_field);
  void confirm(const EntryPtr& held, PagePass& pass, std::shared_ptr<const ApiRequest> lines, Reply<FilePtr> reply);
  void stream(std::shared_ptr<PagePass> pass, bool now, Reply<FilePtr> reply);

  const PageContext context_;
  Sync<std::unordered_map<std::string, std::weak_ptr<PagePass>>> passes_;
};

}  // namespace rfs
