#include "backends/github/path.h"

#include "backends/github/path_text.h"

namespace rfs {
namespace {

using namespace api_text;

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestPath = 16'384;  // three times that, escaped, still fits the u16 lengths of a key

// The last component of a name, taken apart.
struct Leaf {
  const Suffix* suffix = nullptr;  // null: a directory, if anything
  std::string_view name;           // raw, before parameters and suffix
  bool question = false;           // a '?' without a suffix before it: nothing
  Parameters parameters;
};

Result<Leaf> take_apart(std::string_view component) {
  Leaf leaf;
  auto question = component.find('?');
  auto stem = component.substr(0, question);
  leaf.suffix = suffix_of(stem);
  leaf.name = stem;
  leaf.question = question != std::string_view::npos;
  if (!leaf.suffix) return leaf;
  stem.remove_suffix(leaf.suffix->text.size());
  auto at = parameter_at(stem);
  leaf.name = stem.substr(0, at);
  if (at != std::string_view::npos) TRY(add_at_parameters(stem.substr(at), leaf.parameters));
  if (leaf.question) TRY(add_url_parameters(component.substr(question + 1), leaf.parameters));
  return leaf;
}

std::string rest_path(const std::vector<std::string>& segments) {
  std::string out;
  for (const auto& segment : segments) out += "/" + segment;
  return out;
}

std::string display_directory(const std::vector<std::string>& segments, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i) out += '/';
    out += display_segment(segments[i], below_contents(segments, i), false);
  }
  return out;
}

std::string display_file(const std::vector<std::string>& segments, const Parameters& parameters, const Suffix& suffix) {
  std::size_t last = segments.size() - 1;
  std::string out = display_directory(segments, last);
  if (last > 0) out += '/';
  out += display_segment(segments[last], below_contents(segments, last), true);
  return out + display_of(parameters) + std::string(suffix.text);
}

// A list is asked for in pages of 100 unless the name says otherwise; then 100 is the same name as none.
void default_page_size(Parameters& shown, Parameters& sent) {
  std::erase_if(shown,
                [](const auto& parameter) { return parameter.first == "per_page" && parameter.second == "100"; });
  sent = shown;
  for (const auto& parameter : shown)
    if (parameter.first == "per_page") return;
  sent.emplace_back("per_page", "100");
}

Result<ApiName> file_name(const Leaf& leaf, const std::vector<std::string>& segments, const Routes& routes) {
  ApiName out;
  ApiRequest request;
  request.path = rest_path(segments);
  out.route = routes.find(request.path);
  if (!out.route) return out;
  if (!routes.permitted(request.path))
    return fail(Code::kDenied, "api.allow or api.deny forbids " + request.path,
                "see `runnerfs config` for these lists");
  Parameters shown = leaf.parameters, sent = leaf.parameters;
  if (leaf.suffix->lines) default_page_size(shown, sent);
  request.query = query_of(sent);
  request.accept = leaf.suffix->accept;
  request.store = out.route->store;
  request.display = display_file(segments, shown, *leaf.suffix);
  out.what = ApiName::What::kFile;
  out.lines = leaf.suffix->lines;
  out.display = request.display;
  out.request = std::make_shared<const ApiRequest>(std::move(request));
  return out;
}

Result<std::vector<std::string_view>> split(std::string_view path) {
  if (path.size() > kLongestPath) return fail(Code::kNameTooLong, "the path is longer than 16384 bytes");
  std::vector<std::string_view> out;
  while (!path.empty()) {
    auto slash = path.find('/');
    auto component = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (component.size() > kLongestName)
      return fail(Code::kNameTooLong, "a component is longer than 255 bytes",
                  "`runnerfs cat` has the same limit; shorten the query");
    if (!component.empty()) out.push_back(component);
  }
  return out;
}

bool hidden(std::string_view raw, bool contents) { return raw[0] == '.' && (!contents || raw == ".git"); }

}  // namespace

Result<ApiName> parse_api_path(std::string_view path, const Routes& routes) {
  ApiName out;
  TRY_ASSIGN(auto components, split(path));
  if (!components.empty() && components[0] == ".now") {
    out.now = true;
    components.erase(components.begin());
  }
  if (components.empty()) {
    out.what = ApiName::What::kDirectory;
    return out;
  }
  const std::size_t last = components.size() - 1;
  TRY_ASSIGN(auto leaf, take_apart(components[last]));

  // Bad characters first, anywhere: they are EINVAL whether or not the name could exist.
  std::vector<std::string> segments;
  for (std::size_t i = 0; i <= last; ++i) {
    auto raw = i == last ? leaf.name : components[i];
    TRY_ASSIGN(auto segment, canonical_segment(raw));
    segments.push_back(std::move(segment));
  }

  for (std::size_t i = 0; i < last; ++i) {
    const bool contents = below_contents(segments, i);
    if (hidden(components[i], contents)) return out;
    TRY_ASSIGN(auto part, take_apart(components[i]));
    if (!part.suffix && !part.question) continue;
    if (contents && !part.question) continue;
    // Named like a file: is it one?
    std::vector<std::string> above(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(i));
    TRY_ASSIGN(auto segment, canonical_segment(part.name));
    above.push_back(std::move(segment));
    if (part.suffix && !hidden(part.name, contents) && routes.find(rest_path(above)))
      return fail(Code::kNotDirectory, "a component before the last is the name of a file",
                  "a '/' inside a query is %2F; a '.' that begins no suffix is %2E");
    return out;
  }

  if (!leaf.suffix && leaf.question) return out;
  if (hidden(leaf.name, below_contents(segments, last))) return out;
  if (leaf.suffix) {
    TRY_ASSIGN(auto file, file_name(leaf, segments, routes));
    file.now = out.now;
    return file;
  }
  auto rest = rest_path(segments);
  if (!routes.is_prefix(rest) && !routes.find(rest)) return out;
  out.what = ApiName::What::kDirectory;
  out.display = display_directory(segments, segments.size());
  return out;
}

Result<ApiRequest> json_request(std::string_view path, std::string_view query) {
  if (path.size() + query.size() > kLongestPath) return fail(Code::kNameTooLong, "the URL is longer than 16384 bytes");
  std::vector<std::string> segments;
  while (!path.empty()) {
    auto slash = path.find('/');
    if (slash != 0) {
      TRY_ASSIGN(auto segment, canonical_segment(path.substr(0, slash)));
      segments.push_back(std::move(segment));
    }
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  if (segments.empty())
    return fail(Code::kInvalid, "the URL has no path", "name a resource, such as /repos/octo/hello");
  segments.back() = escape_parameters(std::move(segments.back()));
  Parameters parameters;
  TRY(add_url_parameters(query, parameters));
  ApiRequest request;
  request.path = rest_path(segments);
  request.query = query_of(parameters);
  request.accept = json_suffix().accept;
  request.display = display_file(segments, parameters, json_suffix());
  return request;
}

ApiRequest page_request(const ApiRequest& lines) {
  // Canonical text stays as it is, so this cannot fail.
  return *json_request(lines.path, lines.query);
}

}  // namespace rfs
