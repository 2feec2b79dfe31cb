#!/bin/bash
# The keyring as a key source, against a real gnome-keyring on a bus of its own:
#   run.sh KEYRING_TOOL
# Exit 77: skipped, with the reason.
set -u
tool=$1
for needed in dbus-run-session dbus-daemon gnome-keyring-daemon; do
  command -v "$needed" >/dev/null || { echo "SKIP: $needed is not installed"; exit 77; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# is WHAT EXPECTED GOT
is() {
  if [ "$2" = "$3" ]; then
    echo "ok: $1"
  else
    echo "FAILED: $1: expected '$2', got '$3'"
    failures=$((failures + 1))
  fi
}

# A home and a bus without any service to start: what is on it was started here.
fresh_home() {
  home=$work/$1
  mkdir -p "$home/run" && chmod 700 "$home/run"
}
cat >"$work/bus.conf" <<'XML'
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
XML
# in_session SCRIPT: runs it with $tool and $home, and a bus. The daemon that it starts is ended with it, by its pid.
in_session() {
  env -i PATH="$PATH" HOME="$home" XDG_RUNTIME_DIR="$home/run" XDG_DATA_HOME="$home/data" tool="$tool" home="$home" \
    dbus-run-session --config-file="$work/bus.conf" -- bash -c '
      exec 2>&1
      daemon() {  # daemon [OPTIONS]: waits until it is on the bus
        coproc KEYRING { exec gnome-keyring-daemon --foreground --components=secrets "$@" 2>/dev/null; }
        keyring_pid=$KEYRING_PID
        trap "kill -9 $keyring_pid 2>/dev/null" EXIT
        [ "$#" = 0 ] || printf %s "$password" >&"${KEYRING[1]}"
        exec {to}>&"${KEYRING[1]}" {KEYRING[1]}>&- {to}>&-
        for _ in $(seq 100); do
          dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
            string:org.freedesktop.secrets 2>/dev/null | grep -q "boolean true" && return
          sleep 0.05
        done
        echo "the keyring did not start"
      }
      '"$1" 2>"$work/bus.log"
}

fresh_home first
is "a session without a keyring daemon has no service" "no service" "$(in_session '$tool probe keyring $home/state')"
is "loading says so" "no_key: no secret service answers on the session bus" "$(in_session '$tool load keyring $home/state')"
is "a daemon without a default keyring is not asked to make one" "no keyring" \
  "$(in_session 'daemon; $tool probe keyring $home/state')"

out=$(in_session 'password=secret; daemon --unlock
  $tool probe keyring $home/state
  $tool load keyring $home/state
  $tool decide $home/state
  $tool create keyring $home/state
  $tool load keyring $home/state
  $tool probe keyring $home/state
  cat $home/state/key-source
  $tool create keyring $home/state
  $tool establish keyring $home/other')
mapfile -t line <<<"$out"
is "an unlocked keyring is available" "available, usable" "${line[0]:-}"
is "an empty one has no key, which is said as such" "no_key: the keyring has no key of runnerfs" "${line[1]:-}"
is "a first mount takes it" "keyring" "${line[2]:-}"
key=${line[3]:-}
is "a key is made in it" "key " "${key:0:4}"
is "the same key comes back" "$key" "${line[4]:-}"
is "the key is seen" "available, usable, has a key" "${line[5]:-}"
is "the decision is recorded" "keyring" "${line[6]:-}"
is "a second one is not made" "exists: the keyring has a key of runnerfs already" "${line[7]:-}"
is "another store of the user shares it" "$key" "${line[8]:-}"

is "the next session finds it" "$key" "$(in_session 'password=secret; daemon --unlock; $tool load keyring $home/state')"

out=$(in_session 'daemon
  $tool probe keyring $home/state
  $tool load keyring $home/state
  $tool create keyring $home/state
  $tool establish keyring $home/state
  $tool decide $home/state')
mapfile -t line <<<"$out"
is "a locked keyring is locked" "locked" "${line[0]:-}"
is "a locked keyring is an error and not an empty one" "no_key: the keyring is locked" "${line[1]:-}"
is "no key is made in it" "no_key: the keyring is locked" "${line[2]:-}"
is "a first mount makes none either" "no_key: the keyring is locked" "${line[3]:-}"
is "a first mount does not choose it" "file" "${line[4]:-}"
is "a wrong password leaves it locked" "locked" "$(in_session 'password=wrong; daemon --unlock; $tool probe keyring $home/state')"
is "the key is still there" "$key" "$(in_session 'password=secret; daemon --unlock; $tool load keyring $home/state')"

out=$(in_session 'password=secret; daemon --unlock; $tool replace keyring $home/state; $tool load keyring $home/state')
mapfile -t line <<<"$out"
is "another key takes its place" "key " "${line[0]:0:4}"
[ "${line[0]:-}" != "$key" ]; is "it is another one" 0 $?
is "and is what the keyring answers with" "${line[0]:-}" "${line[1]:-}"
is "a locked keyring keeps its key" "no_key: the keyring is locked" "$(in_session 'daemon; $tool replace keyring $home/state')"
is "that key is still there" "${line[0]:-}" "$(in_session 'password=secret; daemon --unlock; $tool load keyring $home/state')"

out=$(in_session 'password=secret; daemon --unlock; kill -STOP $keyring_pid; $tool load keyring $home/state')
is "a keyring that hangs is given up" "no_key: the keyring did not answer within 5 s" "$out"

no_bus() { env -i PATH="$PATH" HOME="$home" "$@"; }
is "no bus at all" "no session bus" "$(no_bus "$tool" probe keyring "$home/state")"
is "no bus, though there is a display" "no session bus" "$(no_bus DISPLAY=:99 "$tool" probe keyring "$home/state")"
is "a bus that is not there" "no session bus" \
  "$(no_bus DBUS_SESSION_BUS_ADDRESS=unix:path="$work/none" "$tool" probe keyring "$home/state")"
is "without a bus a first mount takes a file" "file" "$(no_bus "$tool" decide "$home/state")"

[ "$failures" = 0 ] || { echo "$failures failed"; exit 1; }
