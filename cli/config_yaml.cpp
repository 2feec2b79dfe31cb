#include "cli/config_yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <set>
#include <sstream>

namespace rfs {
namespace {

constexpr std::size_t kDeepest = 16;
constexpr std::size_t kMostValues = 10'000;
constexpr std::size_t kMostBytes = 1u << 20;

// Thrown through yaml-cpp to end the parse, caught in parse_yaml.
struct Refused {
  int line;
  std::string why;
};

// Events rather than a document: nothing is built from an alias, and each value is seen with its line.
class Flatten final : public YAML::EventHandler {
 public:
  std::vector<YamlEntry> entries;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw Refused{mark.line + 1, "a second document begins here"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { value(mark, anchor, nullptr); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, const std::string& text) override {
    value(mark, anchor, &text);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{mark.line + 1, "aliases are not accepted"};
  }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    throw Refused{mark.line + 1, "anchors are not accepted"};
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check(mark, anchor);
    if (levels_.empty()) throw Refused{mark.line + 1, "expected keys, found a list"};
    if (!levels_.back().map) throw Refused{mark.line + 1, "a list within a list is not accepted"};
    if (!levels_.back().has_key) throw Refused{mark.line + 1, "a key must be text"};
    begin_entry(mark)->list = true;
    levels_.push_back({false, false});
  }
  void OnSequenceEnd() override { end_level(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check(mark, anchor);
    if (!levels_.empty() && !levels_.back().map) throw Refused{mark.line + 1, "a list of mappings is not accepted"};
    if (!levels_.empty() && !levels_.back().has_key) throw Refused{mark.line + 1, "a key must be text"};
    levels_.push_back({true, false});
  }
  void OnMapEnd() override { end_level(); }

 private:
  struct Level {
    bool map;
    bool has_key;
  };

  void check(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) throw Refused{mark.line + 1, "anchors are not accepted"};
    if (levels_.size() >= kDeepest) throw Refused{mark.line + 1, "nested too deeply"};
    if (++count_ > kMostValues) throw Refused{mark.line + 1, "too many values"};
  }

  // Every key is pushed onto path_ and taken off when its value is complete.
  void value(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string* text) {
    check(mark, anchor);
    if (levels_.empty()) {
      if (text == nullptr) return;  // an empty file
      throw Refused{mark.line + 1, "expected keys, found text"};
    }
    Level& level = levels_.back();
    if (!level.map) {
      if (text == nullptr) throw Refused{mark.line + 1, "an empty value in a list"};
      entries.back().values.push_back(*text);
      return;
    }
    if (!level.has_key) {
      if (text == nullptr) throw Refused{mark.line + 1, "a key must be text"};
      path_.push_back(*text);
      level.has_key = true;
      return;
    }
    YamlEntry* entry = begin_entry(mark);
    if (text != nullptr) entry->values.push_back(*text);
    end_value();
  }

  YamlEntry* begin_entry(const YAML::Mark& mark) {
    if (!seen_.insert(path_).second) throw Refused{mark.line + 1, fmt::format("'{}' is given twice", join(path_))};
    entries.push_back({path_, {}, false, mark.line + 1});
    return &entries.back();
  }
  void end_level() {
    levels_.pop_back();
    if (!levels_.empty() && levels_.back().map) end_value();
  }
  void end_value() {
    levels_.back().has_key = false;
    path_.pop_back();
  }
  static std::string join(const std::vector<std::string>& path) {
    std::string out;
    for (const std::string& part : path) out += (out.empty() ? "" : ".") + part;
    return out;
  }

  std::vector<Level> levels_;
  std::vector<std::string> path_;
  std::set<std::vector<std::string>> seen_;
  std::size_t count_ = 0;
  int documents_ = 0;
};

}  // namespace

std::string YamlEntry::key() const {
  std::string out;
  for (const std::string& part : path) out += (out.empty() ? "" : ".") + part;
  return out;
}

Result<std::vector<YamlEntry>> parse_yaml(const std::string& text, const std::string& name) {
  const auto refuse = [&](int line, const std::string& why) {
    return fail(Code::kUsage, fmt::format("{}:{}: {}", name, line, why), "correct that line, or move the file away");
  };
  if (text.size() > kMostBytes) return refuse(1, "the file is larger than 1 MiB");
  if (text.find('\0') != std::string::npos) return refuse(1, "the file holds a zero byte");
  Flatten flatten;
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(flatten)) {
    }
  } catch (const Refused& refused) {
    return refuse(refused.line, refused.why);
  } catch (const YAML::Exception& exception) {
    return refuse(exception.mark.line + 1, exception.msg);
  } catch (const std::exception& exception) {
    return refuse(1, exception.what());
  }
  return std::move(flatten.entries);
}

}  // namespace rfs
