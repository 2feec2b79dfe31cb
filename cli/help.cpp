// help, version, and the hidden commands.
#include <fmt/format.h>

#include <set>

#include "cli/command.h"
#include "cli/message.h"
#include "cli/parse.h"
#include "crypto/keyring_helper.h"

namespace rfs {

int run_version(const Given&) { return print("runnerfs " RFS_VERSION "\n"); }

int run_help(const Given& given) {
  if (!given.arguments.empty()) {
    const Command* command = find_command(given.arguments[0]);
    if (command == nullptr)
      return report({Code::kUsage, fmt::format("there is no command '{}'", given.arguments[0]), ""});
    if (given.arguments.size() > 1) {
      const Command* sub = find_subcommand(*command, given.arguments[1]);
      if (sub == nullptr)
        return report({Code::kUsage, fmt::format("{}: there is no command '{}'", command->name, given.arguments[1]),
                       fmt::format("`runnerfs help {}` lists its commands", command->name)});
      command = sub;
    }
    return print(help_text(*command));
  }
  std::string out = "usage: runnerfs COMMAND [OPTION…]\n\nGitHub's answers as files, for CI runners.\n\n";
  for (const Command& command : command_table())
    if (!command.hidden) out += fmt::format("  {:<10} {}\n", command.name, command.help);
  out += "\n`runnerfs COMMAND --help` describes one. runnerfs(1) is the manual, runnerfs(7) describes the tree.\n";
  return print(out);
}

// What completions and the manual page are compared with.
int run_list_options(const Given&) {
  std::string out;
  for (const Command& command : command_table()) {
    if (command.hidden) continue;
    out += fmt::format("{}\n", command.name);
    for (const Flag& flag : command.flags) out += fmt::format("{} {}\n", command.name, flag.name);
    // Of subcommands each flag once: what is listed are the words that pages and completions must have.
    std::set<std::string_view> of_subcommands;
    for (const Command& sub : command.subcommands)
      for (const Flag& flag : sub.flags) of_subcommands.insert(flag.name);
    for (const std::string_view flag : of_subcommands) out += fmt::format("{} {}\n", command.name, flag);
  }
  for (const Option& option : option_table())
    out += fmt::format("{} {} {}\n", flag_of(option), variable_of(option), option.key);
  return print(out);
}

int run_keyring_helper(const Given& given) {
  std::string program = "runnerfs", name = "keyring-helper", word = given.arguments.empty() ? "" : given.arguments[0];
  char* argv[] = {program.data(), name.data(), word.empty() ? nullptr : word.data(), nullptr};
  return keyring_helper_main(word.empty() ? 2 : 3, argv);
}

}  // namespace rfs
