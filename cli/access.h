// How a command reaches the tree: through the socket of a daemon that serves it, else by the same objects in this
// process.
//
// Which daemon: the one named by --socket; the one mounted at --mount DIR; the one whose mountpoint an absolute path
// lies below. Else flags on the command line that say how to work (--token-file, --api-url, …) ask for a process of
// their own; without them it is the daemon of RUNNERFS_SOCKET or the configuration, if it answers, else one of this
// user that keeps the same store.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/daemon.h"

namespace rfs {

class Reach {
 public:
  // `given.arguments` may be paths; the first absolute one below a mount decides. kUnreachable: the daemon that was
  // named does not answer. kUsage: the configuration is wrong.
  static Result<std::unique_ptr<Reach>> open(const Given& given);
  // Only a daemon: kNotFound when there is none.
  static Result<std::unique_ptr<Reach>> open_daemon(const Given& given);
  // In two steps, for a command that may not need the tree at all: reads the configuration and takes the token out of
  // the environment, then, once, reaches the tree as open() does. access() is there after the second.
  static Result<std::unique_ptr<Reach>> prepare(const Given& given);
  Result<> attach(const Given& given);
  // Only to a daemon, for a command that must not make stores where there are none. False: none answers; attach() may
  // follow.
  Result<bool> attach_daemon(const Given& given);
  ~Reach();

  Access& access() { return *access_; }
  const Settings& settings() const { return configuration_.settings; }
  const Environment& environment() const { return environment_; }  // without secrets
  // The objects of a daemon in this process, beside the one that serves the tree if there is one: for what works on the
  // store itself. Not to be called twice.
  Result<Daemon*> build_here();
  Daemon* here() { return daemon_.get(); }
  // True without a daemon: the tree is built here, and ends with the command.
  bool in_this_process() const { return daemon_ != nullptr; }
  // Why what is written to cache/ would end with this command, and to codeql/; nullopt when a daemon or a store on disk
  // keeps it.
  std::optional<Error> not_kept() const { return daemon_ ? daemon_->not_kept() : std::nullopt; }
  std::optional<Error> scans_not_kept() const { return daemon_ ? daemon_->scans().not_kept() : std::nullopt; }
  // Why what the store on disk holds was not looked at, here or by the daemon; nullopt when it was.
  std::optional<Error> unread();
  // `error`, said of `path`. What a store that could not be read may hold is not called absent.
  Error explain(const std::string& path, Error error);
  // An argument as a path of the tree: "api/…", an absolute path below a mount, a full URL or /repos/… of the API,
  // {owner} and {repo} filled in, from the daemon's context where this process has none. `fresh`: below api/.now/.
  Result<std::string> tree_path(const std::string& argument, bool fresh = false);

 private:
  Reach() = default;
  Result<bool> connect(const Given& given);

  Configuration configuration_;
  Environment environment_;
  EnvironmentToken token_;
  std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<Access> access_;
  std::optional<Error> silent_;  // a daemon that was found and does not answer
};

// All of a file of the tree, at most `limit` bytes: stats.json and the like.
Result<std::string> read_tree(Access& access, const std::string& path, std::size_t limit = 16u << 20);

}  // namespace rfs
