// The parts of Reader: Walk knows where in the document it is, and what it must not find there; Collector, below it,
// what the members mean. Private to reader*.cpp.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "backends/sarif/fields.h"
#include "backends/sarif/paths.h"
#include "backends/sarif/reader.h"
#include "backends/sarif/rules.h"
#include "base/json_tokens.h"

namespace rfs::sarif {

// A value that is no object and no array.
struct Scalar {
  enum class Kind : std::uint8_t { kString, kNumber, kBoolean, kNull };
  Kind kind;
  std::string_view text;  // kString, kNumber
  bool truth = false;     // kBoolean
};

// The run that is being read.
struct RunState {
  Run run;
  Rules rules;
  Paths paths;
  bool results = false;
  std::int64_t invocations = 0;
};

class Collector {
 public:
  explicit Collector(const Options& options) : options_(options) {}

  // Null: fine. Else what is wrong, without the place.
  using Wrong = std::optional<std::string>;
  Wrong begin(In in, std::string_view name);  // an object; name: that of its member
  Wrong end(In in, std::uint32_t seen);       // an object; seen: the bits of its members that were there
  Wrong element(In array);                    // of any kind, before its begin()
  Wrong begin_array(In array);
  Wrong scalar(In in, const FieldRule& rule, const Scalar& value);
  Facts take();

 private:
  Wrong end_result();
  Wrong end_run(std::uint32_t seen);
  Wrong end_rule();
  Wrong end_invocation();
  void warn(std::string text);
  void warn_over(std::uint64_t count, std::uint64_t most, const char* what);
  RuleRef& ref(In in);
  Component& component();

  const Options& options_;
  Facts facts_;
  std::set<std::string> paths_;
  std::set<std::string> warned_;

  std::optional<RunState> run_;
  bool in_driver_ = false;
  Rule rule_;
  std::uint64_t tags_ = 0;
  struct {
    RuleRef ref;
    Saying saying;
    bool message = false;
    std::uint64_t locations = 0, flow_locations = 0;
  } result_;
  std::string suppression_;
  bool version_ = false;
  std::optional<bool> successful_;
  std::string notification_;
  RuleRef override_;
  Level override_level_ = Level::kUnsaid;
  Place place_;
  std::string base_name_;
};

class Walk final : public JsonSink {
 public:
  explicit Walk(const Options& options) : collector_(options) {}
  void set_tokens(const JsonTokens& tokens) { tokens_ = &tokens; }
  Facts take() { return collector_.take(); }

  Error reason() const override { return error_; }
  bool begin_object() override;
  Interest name(std::string_view text, bool whole) override;
  bool end_object() override;
  bool begin_array() override;
  bool end_array() override;
  bool string(std::string_view text, bool whole) override;
  bool number(std::string_view text, bool whole) override;
  bool boolean(bool value) override { return scalar({Scalar::Kind::kBoolean, {}, value}); }
  bool null() override { return scalar({Scalar::Kind::kNull, {}}); }

 private:
  struct Frame {
    In in;
    bool array;
    std::uint32_t seen = 0;
  };
  bool enter(bool array);
  bool scalar(const Scalar& value);
  bool refuse(std::string what);
  bool accept(Collector::Wrong wrong);  // true when nothing is
  std::string member() const;

  Collector collector_;
  const JsonTokens* tokens_ = nullptr;
  Error error_{};
  std::vector<Frame> frames_{{In::kTop, true}};
  const FieldRule* pending_ = nullptr;  // of the member whose value comes next, in an object
  std::string base_name_;
};

struct Reader::Impl {
  explicit Impl(Options given) : options(std::move(given)), walk(options), tokens(walk) { walk.set_tokens(tokens); }
  const Options options;
  Walk walk;
  JsonTokens tokens;
};

}  // namespace rfs::sarif
