// One record after the other: a letter, the text, a zero byte. Secrets are last and never a std::string.
#include "cli/action_order.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace rfs {
namespace {

void add_record(std::string& out, char kind, std::string_view text) {
  out += kind;
  out.append(text.substr(0, text.find('\0')));
  out += '\0';
}

std::pair<std::string, std::string> split_pair(std::string_view text, char separator) {
  const std::size_t at = std::min(text.find(separator), text.size());
  return {std::string(text.substr(0, at)), std::string(text.substr(std::min(at + 1, text.size())))};
}

// KEY, origin and each text, separated by line ends, which no value of an option holds.
Result<FlagValue> setting_of(std::string_view text) {
  const auto [key, rest] = split_pair(text, '\n');
  const Option* option = find_option(key);
  if (option == nullptr) return fail(Code::kInvalid, "an order names an unknown option");
  auto [origin, values] = split_pair(rest, '\n');
  FlagValue out{option, {}, std::move(origin)};
  for (std::string_view left = values; !left.empty();) {
    auto [one, more] = split_pair(left, '\n');
    out.texts.push_back(std::move(one));
    left.remove_prefix(std::min(out.texts.back().size() + 1, left.size()));
  }
  if (out.texts.empty()) out.texts.emplace_back();
  return out;
}

Result<> take_record(DaemonOrder& order, char kind, std::string_view text) {
  switch (kind) {
    case 'e': {
      auto [name, value] = split_pair(text, '=');
      order.environment.emplace(std::move(name), std::move(value));
      return {};
    }
    case 's': {
      TRY_ASSIGN(FlagValue value, setting_of(text));
      order.settings.push_back(std::move(value));
      return {};
    }
    case 'd':
      order.directory = text;
      return {};
    case 'm':
      order.mountpoint = text;
      return {};
    case 'k':
      order.socket = text;
      return {};
    case 'r':
      order.runner = static_cast<pid_t>(parse_whole(text).value_or(0));
      return {};
    case 't':
      order.token.bytes = SecretBytes::copy_of(text);
      order.token.name = "the input github-token";
      return {};
    case 'f':
      order.token.network = SecretBytes::copy_of(text);
      order.token.network_name = "the input shared-secret";
      return {};
    case 'c':
      order.token.runtime = SecretBytes::copy_of(text);
      return {};
    default:
      return fail(Code::kInvalid, "an order holds an unknown record");
  }
}

}  // namespace

SecretBytes order_text(const DaemonOrder& order) {
  std::string open;
  for (const auto& [name, value] : order.environment) add_record(open, 'e', name + "=" + value);
  for (const FlagValue& setting : order.settings) {
    std::string text = std::string(setting.option->key) + "\n" + setting.origin;
    for (const std::string& one : setting.texts) text += "\n" + one;
    add_record(open, 's', text);
  }
  add_record(open, 'd', order.directory);
  add_record(open, 'm', order.mountpoint);
  add_record(open, 'k', order.socket);
  add_record(open, 'r', std::to_string(order.runner));
  const std::string_view token = order.token.bytes.reveal_text(), fleet = order.token.network.reveal_text(),
                         runtime = order.token.runtime.reveal_text();
  SecretBytes out(open.size() + token.size() + fleet.size() + runtime.size() + 6);
  auto to = std::copy(open.begin(), open.end(), out.reveal_mutable().begin());
  std::size_t size = open.size();
  for (const auto& [kind, text] : {std::pair('t', token), std::pair('f', fleet), std::pair('c', runtime)}) {
    if (text.empty()) continue;
    *to++ = kind;
    to = std::copy(text.begin(), text.end(), to) + 1;  // a zero byte, as the memory is
    size += text.size() + 2;
  }
  return SecretBytes::copy_of(out.reveal().first(size));
}

Result<DaemonOrder> parse_order(const SecretBytes& text) {
  DaemonOrder out;
  std::string_view left = text.reveal_text();
  while (!left.empty()) {
    const std::size_t end = left.find('\0');
    if (end == std::string_view::npos || end == 0) return fail(Code::kInvalid, "an order that is cut off");
    TRY(take_record(out, left[0], left.substr(1, end - 1)));
    left.remove_prefix(end + 1);
  }
  if (out.socket.empty()) return fail(Code::kInvalid, "an order without a socket");
  return out;
}

}  // namespace rfs
