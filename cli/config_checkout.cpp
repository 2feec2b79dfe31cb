#include "cli/config_checkout.h"

#include <fmt/format.h>

#include "backends/github/routes.h"
#include "base/duration.h"
#include "cli/config_reference.h"
#include "cli/config_yaml.h"
#include "cli/value.h"

namespace rfs {
namespace {

bool from_checkout(const std::string& origin) {
  return origin.find("/.github/cache-config.yml:") != std::string::npos ||
         origin.find("/.github/p2p-config.yml:") != std::string::npos;
}

bool given_by_owner(const Settings& settings, const Option& option) {
  const auto origin = settings.origins.find(option.key);
  return origin != settings.origins.end() && !from_checkout(origin->second);
}

// Each keeps a copy of the settings so that a refused value changes nothing.
class CheckoutFile {
 public:
  CheckoutFile(Configuration& out, std::string path) : out_(out), owner_(out.settings), path_(std::move(path)) {}

  void apply(const YamlEntry& entry) {
    if (entry.values.empty() && !entry.list) return;
    const std::string key = entry.key();
    place_ = fmt::format("{}:{}", path_, entry.line);
    if (entry.path.size() == 2 && entry.path[0] == "operation_ttls") return apply_ttl(entry);
    const Option* option = find_option_by_key(key);
    if (option == nullptr) {
      if (const char* reason = without_effect(key)) return note(fmt::format("{} has no effect: {}", key, reason));
      return warn(fmt::format("unknown key '{}'", key));
    }
    if (option->checkout == Checkout::kNever)
      return note(fmt::format("{} is ignored: only the owner of this machine may set it", key));
    Settings tried = out_.settings;
    if (auto set = set_option(tried, *option, entry.values, place_); !set) return warn(set.error().message);
    if (given_by_owner(owner_, *option)) {
      if (option_text(tried, *option) != option_text(owner_, *option))
        note(fmt::format("{} is ignored: the owner's value counts", key));
      return;
    }
    if (option->checkout == Checkout::kOffOnly && option_text(tried, *option) == "true" &&
        option_text(owner_, *option) == "false")
      return note(fmt::format("{} is ignored: a checkout may only switch it off", key));
    if (option->checkout == Checkout::kTtl) {
      const auto member = std::get<double Settings::*>(option->member);
      if (tried.*member > owner_.*member) {
        note(fmt::format("{} is bounded to the owner's {} s", key, duration_text(owner_.*member)));
        tried.*member = owner_.*member;
      }
    }
    out_.settings = std::move(tried);
  }

 private:
  void apply_ttl(const YamlEntry& entry) {
    const std::string& name = entry.path[1];
    const auto seconds = entry.values.size() == 1 ? parse_duration(entry.values[0]) : std::nullopt;
    if (!seconds) return warn(fmt::format("operation_ttls.{} is no time such as 90, 10s, 5m or 24h", name));
    for (const auto& [known, value] : owner_.operation_ttls)
      if (known == name && given_by_owner(owner_, *find_option_by_key("operation_ttls")))
        return note(fmt::format("operation_ttls.{} is ignored: the owner's value counts", name));
    const int most = owners_ttl(owner_, name);
    if (*seconds > most) note(fmt::format("operation_ttls.{} is bounded to the owner's {} s", name, most));
    const std::string text = fmt::format("{}={}", name, std::min(*seconds, static_cast<double>(most)));
    const Option& option = *find_option_by_key("operation_ttls");
    const std::string origin = given_by_owner(owner_, option) ? out_.settings.origins[option.key] : place_;
    if (auto set = set_option(out_.settings, option, {text}, origin); !set) warn(set.error().message);
  }
  void warn(const std::string& text) { out_.notes.push_back({true, place_ + ": " + text}); }
  void note(const std::string& text) { out_.notes.push_back({false, place_ + ": " + text}); }

  Configuration& out_;
  const Settings owner_;
  const std::string path_;
  std::string place_;
};

}  // namespace

int owners_ttl(const Settings& owner, const std::string& name) {
  // The same table as the daemon's, with what the owner changed in it.
  RouteOptions options;
  options.operation_ttls = owner.operation_ttls;
  const Routes routes(options);
  for (const Route& route : routes.all())
    if (route.pattern == name || route.operation == name) return route.ttl >= 0 ? route.ttl : 60;
  for (const auto& [known, seconds] : owner.operation_ttls)
    if (known == name) return seconds;
  int most = static_cast<int>(owner.cache_default_ttl);
  if (name.find('/') == std::string::npos) return most;
  // A pattern over several routes: what the owner grants the shortest of them.
  for (const Route& route : routes.all())
    if (route_patterns_meet(name, route.pattern)) most = std::min(most, route.ttl >= 0 ? route.ttl : 60);
  for (const auto& [known, seconds] : owner.operation_ttls)
    if (known.find('/') != std::string::npos && route_patterns_meet(name, known)) most = std::min(most, seconds);
  return most;
}

void apply_checkout_file(Configuration& out, const std::string& text, const std::string& path) {
  const auto entries = parse_yaml(text, path);
  if (!entries) {
    out.notes.push_back({true, entries.error().message + ": the file is not used"});
    return;
  }
  CheckoutFile file(out, path);
  for (const YamlEntry& entry : *entries) file.apply(entry);
}

}  // namespace rfs
