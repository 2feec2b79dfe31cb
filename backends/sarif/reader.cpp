#include "backends/sarif/reader.h"

#include "backends/sarif/reader_impl.h"

namespace rfs::sarif {

bool Walk::refuse(std::string what) {
  const auto at = tokens_->position();
  error_ = Error{Code::kInvalid,
                 "not a result that can be kept: " + what + ", at byte " + std::to_string(at),
                 {},
                 static_cast<std::int64_t>(at)};
  return false;
}

bool Walk::accept(Collector::Wrong wrong) { return !wrong || refuse(std::move(*wrong)); }

std::string Walk::member() const {
  return pending_ && !pending_->name.empty() ? "'" + std::string(pending_->name) + "'" : "an element";
}

// Where an object or array that begins here leads.
bool Walk::enter(bool array) {
  const Frame parent = frames_.back();
  In in;
  if (parent.array) {
    pending_ = nullptr;
    if (!accept(collector_.element(parent.in))) return false;
    in = array ? array_in(parent.in) : object_in(parent.in);
  } else {
    in = array ? pending_->array : pending_->object;
  }
  if (in == In::kNothing)
    return refuse(parent.in == In::kTop
                      ? "a SARIF log is an object"
                      : member() + (array ? " is an array and must not be" : " is an object and must not be"));
  frames_.push_back({in, array});
  // Members that end the reading by being there.
  if (!parent.array && (pending_->field == Field::kIncremental || pending_->field == Field::kExternalResults))
    return accept(collector_.scalar(parent.in, *pending_, {Scalar::Kind::kBoolean, {}, true}));
  if (array) return accept(collector_.begin_array(in));
  return accept(collector_.begin(in, base_name_));
}

bool Walk::begin_object() { return enter(false); }
bool Walk::begin_array() { return enter(true); }

JsonSink::Interest Walk::name(std::string_view text, bool whole) {
  Frame& frame = frames_.back();
  std::uint32_t bit = 0;
  pending_ = whole ? find_field(frame.in, text, bit) : nullptr;
  if (!pending_) return Interest::kNothing;
  if (frame.seen & bit) {
    refuse("the member " + member() + " is there twice");
    return Interest::kRefused;
  }
  frame.seen |= bit;
  if (frame.in == In::kBases) base_name_ = text;
  return Interest::kValue;
}

bool Walk::end_object() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  return accept(collector_.end(frame.in, frame.seen));
}

bool Walk::end_array() {
  frames_.pop_back();
  return true;
}

bool Walk::string(std::string_view text, bool whole) {
  if (!whole && !frames_.back().array && pending_->field != Field::kContainer && pending_->field != Field::kMessageText)
    return refuse(member() + " is longer than " + std::to_string(JsonTokens::kTextMost) + " bytes");
  return scalar({Scalar::Kind::kString, text});
}

bool Walk::number(std::string_view text, bool) { return scalar({Scalar::Kind::kNumber, text}); }

bool Walk::scalar(const Scalar& value) {
  const Frame& frame = frames_.back();
  if (frame.in == In::kTop) return refuse("a SARIF log is an object");
  if (frame.array) {
    // Strings in an array of tags and the like are fine; where objects are read there must be nothing else.
    if (frame.in != In::kInsideList && frame.in != In::kTags) return refuse("an element is no object");
    return accept(collector_.element(frame.in));
  }
  if (pending_->field == Field::kContainer) {
    // Null is as if it were not there; members without a name in the table are only searched.
    if (value.kind == Scalar::Kind::kNull || pending_->name.empty()) return true;
    return refuse(member() + (pending_->array == In::kNothing ? " is no object" : " is no array"));
  }
  return accept(collector_.scalar(frame.in, *pending_, value));
}

Reader::Reader(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<> Reader::push(std::string_view bytes) {
  if (impl_->tokens.position() + bytes.size() > impl_->options.max_size)
    return fail(Code::kTooLarge, "a SARIF file is larger than " + std::to_string(impl_->options.max_size) + " bytes");
  return impl_->tokens.push(bytes);
}

Result<Facts> Reader::finish() {
  TRY(impl_->tokens.finish());
  Facts facts = impl_->walk.take();
  if (impl_->tokens.byte_order_mark())
    facts.warnings.insert(facts.warnings.begin(), "the file begins with a byte order mark, which JSON does not have");
  return facts;
}

bool Reader::complete() const { return impl_->tokens.complete(); }
std::uint64_t Reader::size() const { return impl_->tokens.position(); }

}  // namespace rfs::sarif
