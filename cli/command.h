// A command: its row in the table of main.cpp, and what was given to it on the command line.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/config.h"

namespace rfs {

struct Flag {
  const char* name;      // "--json"
  const char* letter;    // "-l", or ""
  const char* argument;  // "TIME", or "" for a switch
  const char* help;
};

struct Given {
  std::vector<std::string> arguments;                   // in their order
  std::map<std::string, std::string> flags;             // name → text ("" for a switch)
  std::map<std::string, std::vector<std::string>> all;  // name → every text, for a flag that may be repeated
  std::vector<FlagValue> settings;                      // flags of option_table.h, and -o
  std::vector<std::string> mount_options;               // -o, split at commas

  bool has(const char* name) const { return flags.contains(name); }
  std::string get(const char* name) const {
    const auto found = flags.find(name);
    return found == flags.end() ? "" : found->second;
  }
  std::vector<std::string> every(const char* name) const {
    const auto found = all.find(name);
    return found == all.end() ? std::vector<std::string>() : found->second;
  }
};

struct Command {
  const char* name;
  int (*run)(const Given& given);
  const char* help;         // one line, for the list
  const char* synopsis;     // "[OPTION…] PATH…"
  std::size_t least, most;  // arguments
  std::span<const Flag> flags;
  bool settings;            // takes the options of option_table.h
  bool mount_options;       // takes -o
  const char* description;  // a few lines
  const char* examples;     // one a line
  bool hidden = false;
  // Not empty: the next word names one of these, whose own name is both words ("secret put"); `run` is null.
  std::span<const Command> subcommands = {};
  bool takes_command = false;  // the first argument begins another command line, which is left as it is
};

std::span<const Command> command_table();
const Command* find_command(std::string_view name);
// `word` as a subcommand; null when there is none.
const Command* find_subcommand(const Command& command, std::string_view word);

// One function a command, each in the file of its name.
int run_mount(const Given& given);
int run_serve(const Given& given);
int run_umount(const Given& given);
int run_init(const Given& given);
int run_keygen(const Given& given);
int run_status(const Given& given);
int run_path(const Given& given);
int run_peers(const Given& given);
int run_why(const Given& given);
int run_cat(const Given& given);
int run_ls(const Given& given);
int run_put(const Given& given);
int run_rm(const Given& given);
int run_stat(const Given& given);
int run_stats(const Given& given);
int run_config(const Given& given);
int run_mask(const Given& given);
int run_doctor(const Given& given);
int run_env(const Given& given);
int run_version(const Given& given);
int run_help(const Given& given);
int run_keyring_helper(const Given& given);
int run_list_options(const Given& given);

}  // namespace rfs
