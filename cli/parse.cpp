#include "cli/parse.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <deque>

#include "cli/mount_options.h"
#include "cli/option_table.h"

namespace rfs {
namespace {

// What CLI11 calls an error, in our words: lower case, no full stop.
std::string reworded(std::string text) {
  while (text.ends_with('\n') || text.ends_with('.')) text.pop_back();
  if (const std::size_t end = text.find('\n'); end != std::string::npos) text.resize(end);
  if (const std::size_t end = text.find(": 1 required TEXT missing"); end != std::string::npos)
    text = text.substr(0, end) + " needs a value";
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

// A command may use the name of an option for something of its own: there the option is for files and the environment.
bool takes(const Command& command, const Option& option) {
  const std::string flag = flag_of(option);
  return command.settings && std::none_of(command.flags.begin(), command.flags.end(),
                                          [&](const Flag& own) { return own.name == flag; });
}

}  // namespace

bool wants_help(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return false;
    if (argument == "--help" || argument == "-h") return true;
  }
  return false;
}

Result<Given> parse_arguments(const Command& command, const std::vector<std::string>& arguments) {
  const auto usage = [&](const std::string& why) {
    return fail(Code::kUsage, fmt::format("{}: {}", command.name, why),
                fmt::format("`runnerfs {} --help` shows how", command.name));
  };
  CLI::App app;
  app.set_help_flag();
  Given given;
  std::deque<std::vector<std::string>> texts;  // stable addresses for CLI11
  std::vector<std::pair<const Flag*, CLI::Option*>> own;
  std::vector<std::pair<const Option*, CLI::Option*>> settings;
  std::vector<std::string> mount_options;

  for (const Flag& flag : command.flags) {
    const std::string names = *flag.letter != '\0' ? fmt::format("{},{}", flag.letter, flag.name) : flag.name;
    CLI::Option* option = *flag.argument != '\0'
                              ? app.add_option(names, texts.emplace_back())->expected(1)->allow_extra_args(false)
                              : app.add_flag(names);
    own.emplace_back(&flag, option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
  }
  for (const Option& option : option_table())
    if (takes(command, option)) {
      const std::string flag = flag_of(option);
      CLI::Option* added = *option.argument != '\0'
                               ? app.add_option(flag, texts.emplace_back())->expected(1)->allow_extra_args(false)
                               : app.add_flag(fmt::format("{},!--no-{}", flag, flag.substr(2)));
      settings.emplace_back(&option, added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
    }
  if (command.mount_options)
    app.add_option("-o", mount_options)
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  // Arguments are no option of CLI11, which would take "[a,b]" for a list and "{}" for an empty one.
  app.allow_extras();
  if (command.takes_command) app.prefix_command();
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");

  try {
    std::vector<std::string> reversed(std::make_reverse_iterator(dashes), arguments.rend());
    app.parse(reversed);
    given.arguments = app.remaining();
  } catch (const CLI::Error& error) {
    return usage(reworded(error.what()));
  } catch (const std::exception& error) {
    return usage(error.what());
  }

  for (const std::string& argument : given.arguments) {
    if (argument.size() > 1 && argument.starts_with("-")) return usage("unknown option: " + argument);
    if (command.takes_command) break;
  }
  if (dashes != arguments.end()) given.arguments.insert(given.arguments.end(), dashes + 1, arguments.end());
  for (const auto& [flag, option] : own)
    if (option->count() > 0 && (*flag->argument != '\0' || option->results().back() != "false")) {
      given.flags[flag->name] = *flag->argument != '\0' ? option->results().back() : "";
      if (*flag->argument != '\0') given.all[flag->name] = option->results();
    }
  for (const auto& [option, added] : settings) {
    if (added->count() == 0) continue;
    FlagValue value{option, added->results(), "flag " + flag_of(*option)};
    const bool several = option->kind == ValueKind::kList || option->kind == ValueKind::kTtls;
    if (!several) {
      for (const std::string& text : value.texts)
        if (text != value.texts[0])
          return usage(fmt::format("{} is given twice with different values", flag_of(*option)));
      value.texts.resize(1);
    }
    given.settings.push_back(std::move(value));
  }
  TRY_ASSIGN(MountWords words, parse_mount_options(mount_options));
  given.mount_options = std::move(words.passed);
  for (const FlagValue& flag : given.settings)
    if (words.rw && std::string_view(flag.option->key) == "ro" && flag.texts[0] == "true")
      return usage("flag --ro and -o rw contradict each other");
  for (FlagValue& value : words.settings) {
    for (const FlagValue& flag : given.settings)
      if (flag.option == value.option && flag.texts != value.texts)
        return usage(fmt::format("{} and {} contradict each other", flag.origin, value.origin));
    given.settings.push_back(std::move(value));
  }
  if (given.arguments.size() < command.least)
    return usage(fmt::format("{} is missing", given.arguments.empty() ? "an argument" : "another argument"));
  if (given.arguments.size() > command.most)
    return usage(fmt::format("unexpected argument '{}'", given.arguments[command.most]));
  return given;
}

std::string help_text(const Command& command) {
  std::string out = fmt::format("usage: runnerfs {} {}\n\n{}\n", command.name, command.synopsis, command.description);
  const auto line = [&](const std::string& left, std::string_view right) {
    out += fmt::format("  {:<42} {}\n", left, right);
  };
  const auto own = [&](std::span<const Flag> flags) {
    for (const Flag& flag : flags)
      line(fmt::format("{}{}{}{}{}", flag.letter, *flag.letter != '\0' ? ", " : "", flag.name,
                       *flag.argument != '\0' ? " " : "", flag.argument),
           flag.help);
  };
  for (const Command& sub : command.subcommands) {
    out += fmt::format("\nrunnerfs {} {}\n  {}\n", sub.name, sub.synopsis, sub.help);
    own(sub.flags);
  }
  if (!command.flags.empty() || command.mount_options) out += "\noptions:\n";
  own(command.flags);
  if (command.mount_options)
    line("-o opt[,opt…]", "mount options: any option below as x_y=value, and those of mount(8)");
  if (command.settings) {
    out += "\nsettings (also as x.y in the configuration file and as RUNNERFS_X_Y):\n";
    for (const Option& option : option_table())
      if (takes(command, option)) line(fmt::format("{}{}{}", flag_of(option), *option.argument != '\0' ? " " : "", option.argument), option.help);
  }
  if (*command.examples != '\0') out += fmt::format("\nexamples:\n{}\n", command.examples);
  return out;
}

}  // namespace rfs
