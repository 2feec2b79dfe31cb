#include "backends/codeql/tree.h"

#include <algorithm>
#include <array>

#include "base/encode.h"

namespace rfs::codeql {
namespace {

// Not: .txt, .svg, .mdx, .json, files without an extension, dotfiles. Upper case counts as something else.
constexpr std::array<std::string_view, 4> kDocuments{"adoc", "markdown", "md", "rst"};
constexpr std::array<std::string_view, 12> kPictures{"eot", "gif", "ico", "jpeg", "jpg",  "mp4",
                                                     "pdf", "png", "ttf", "webp", "woff", "woff2"};

std::string_view name_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view{} : name.substr(dot + 1);
}

template <std::size_t N>
bool among(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// "mode SP oid TAB path NUL", as git ls-tree writes it without the type.
void feed(Sha256& digest, const TreeEntry& entry, bool inert) {
  std::string line(entry.mode);
  line.append(" ").append(inert ? std::string_view("-") : entry.id).append("\t").append(entry.path).push_back('\0');
  digest.update(view(line));
}

}  // namespace

Result<> list_tree(const Git& git, const std::string& commit, const std::function<bool(const TreeEntry&)>& visit) {
  bool sound = true;
  TRY(git.records({"ls-tree", "-r", "-z", "--full-tree", commit}, {}, [&](std::string_view record) {
    // mode SP type SP oid TAB path
    const std::size_t one = record.find(' '), two = record.find(' ', one + 1), tab = record.find('\t', two + 1);
    sound = one == 6 && two != std::string_view::npos && tab != std::string_view::npos && tab + 1 < record.size();
    if (!sound) return false;
    return visit({record.substr(0, one), record.substr(two + 1, tab - two - 1), record.substr(tab + 1)});
  }));
  if (!sound) return fail(Code::kBroken, "git ls-tree wrote a line that makes no sense");
  return {};
}

void TreeSummary::add(const TreeEntry& entry) {
  ++entries_;
  const std::string_view name = name_of(entry.path), extension = extension_of(name);
  const bool document = entry.file() && among(kDocuments, extension);
  const bool picture = entry.file() && among(kPictures, extension);
  feed(digest_, entry, document || picture);
  feed(with_documents_, entry, picture);
  queries_ = queries_ || extension == "ql" || extension == "qls" || name == "qlpack.yml" || name == "codeql-pack.yml";
  if (entry.submodule()) submodules_.emplace_back(entry.path);
  if (name == ".gitattributes") attributes_.emplace(entry.path, entry.id);
  if (entry.file() && entry.path.starts_with(".github/workflows/")) workflows_.emplace(entry.path, entry.id);
}

std::string TreeSummary::inert_digest() { return hex(queries_ ? with_documents_.finish() : digest_.finish()); }

}  // namespace rfs::codeql
