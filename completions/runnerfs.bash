# bash completion for runnerfs(1). Asks nobody: paths are what is held (runnerfs ls), files are the shell's.
_runnerfs() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
  local commands="mount serve umount init keygen status peers path why cat ls put rm stat stats secret codeql snapshot mask audit action config env doctor version help"
  local settings="--config --repo --workflow --runner --token-file --ca-file --api-url --api-allow --api-deny
    --api-max-pages --api-etag-proof --no-api-etag-proof --api-gh-token --no-api-gh-token --api-stale-limit
    --max-object-size --origin-timeout --origin-connections --origin-in-flight --cache-enabled --no-cache-enabled
    --cache-persistence --no-cache-persistence --cache-directory --cache-max-size --cache-max-bytes --cache-default-ttl
    --operation-ttls --memory-max-bytes --memory-max-entries --rate-limiting-warning-threshold
    --snapshot-interval --rate-limiting-aggressive-threshold --rate-limiting-cache-first-mode --no-rate-limiting-cache-first-mode
    --key-source --isolation --credentials-directory --audit-sync --audit-owner --codeql-directory --codeql-max-bytes --codeql-writers --codeql-cache-ttl --require-mlock --no-require-mlock
    --p2p-enabled --no-p2p-enabled --p2p-listen-port --p2p-port-first --p2p-port-last
    --p2p-listen --p2p-network-id --p2p-secret-file --p2p-verify --p2p-deadline
    --p2p-peer-discovery --no-p2p-peer-discovery --p2p-bootstrap-peers --p2p-allow --p2p-block
    --p2p-registry --no-p2p-registry --p2p-registry-repository --p2p-registry-title --p2p-registry-ttl-minutes
    --p2p-registry-interval --p2p-registry-max-peers
    --p2p-beacons --no-p2p-beacons --p2p-max-peers --p2p-compat --no-p2p-compat --p2p-ephemeral --no-p2p-ephemeral
    --socket --source --for --allow-other --no-allow-other --ro --no-ro --nonempty --no-nonempty
    --log-level --log-file --log-stats --no-log-stats"
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "$commands --help --version" -- "$cur"))
    return
  fi
  [[ $command == codeql && ( $prev == --config || $prev == --source ) ]] || case $prev in
    --config | --token-file | --ca-file | --log-file | --p2p-secret-file | --key | --key-file | --socket)
      COMPREPLY=($(compgen -f -- "$cur"))
      return
      ;;
    --cache-directory | --codeql-directory | --credentials-directory | --dir | --directory | --from-dir | --mount)
      COMPREPLY=($(compgen -d -- "$cur"))
      return
      ;;
    --key-source)
      COMPREPLY=($(compgen -W "keyring systemd file memory" -- "$cur"))
      return
      ;;
    --isolation)
      COMPREPLY=($(compgen -W "auto job user" -- "$cur"))
      return
      ;;
    --audit-sync)
      COMPREPLY=($(compgen -W "grouped always" -- "$cur"))
      return
      ;;
    --p2p-verify)
      COMPREPLY=($(compgen -W "etag member" -- "$cur"))
      return
      ;;
    --scope)
      COMPREPLY=($(compgen -W "global repo workflow runner" -- "$cur"))
      return
      ;;
    --log-level)
      COMPREPLY=($(compgen -W "debug info warning error off" -- "$cur"))
      return
      ;;
    --for)
      COMPREPLY=($(compgen -u -- "$cur"))
      return
      ;;
  esac
  local own=
  local languages="actions c-cpp csharp go java-kotlin javascript-typescript python ruby rust swift"
  if [[ $command == codeql ]]; then
    case $prev in
      --language) COMPREPLY=($(compgen -W "$languages" -- "$cur")) ;;
      --config) COMPREPLY=($(compgen -W "default security-extended security-and-quality" -- "$cur")) ;;
      --mode) COMPREPLY=($(compgen -W "auto tree inert commit" -- "$cur")) ;;
      --build-mode) COMPREPLY=($(compgen -W "none autobuild manual" -- "$cur")) ;;
      --source) COMPREPLY=($(compgen -W "local github local,github" -- "$cur")) ;;
      -C) COMPREPLY=($(compgen -d -- "$cur")) ;;
      -o | --output | --changed-files) COMPREPLY=($(compgen -f -- "$cur")) ;;
      *) prev= ;;
    esac
    [[ -n $prev ]] && return
  fi
  case $command in
    mount) own="-f --foreground -o" ;;
    serve) own="-b --background -f --foreground --stop -o" ;;
    umount) own="-l --lazy" ;;
    status) own="-w --watch --interval --json --mount" ;;
    why | rm) own="--mount" ;;
    peers) own="--json --mount" ;;
    doctor) own="--peers" ;;
    cat) own="--fresh --mount" ;;
    ls) own="-l --long --json --mount" ;;
    put) own="--ttl --mount" ;;
    stat) own="--no-fetch --json --mount" ;;
    stats) own="--total -z --zero --json --mount" ;;
    mask) own="--show --mount" ;;
    secret)
      if ((COMP_CWORD == 2)); then
        COMPREPLY=($(compgen -W "put rotate get ls rm cleanup rekey import export run --help" -- "$cur"))
        return
      fi
      case ${COMP_WORDS[2]} in
        put | rotate) own="--scope --filter --ttl --strip --allow-empty --fd --allow-untrusted --from-command --refresh -f --foreground --mount" ;;
        get | export) own="--scope --filter --show --mount" ;;
        ls) own="--scope --filter --all --json --mount" ;;
        rm) own="--scope --filter --mount" ;;
        import) own="--scope --filter --ttl --from-dir --key-file --mount" ;;
        run) own="--secret --env --mount" ;;
        rekey) own="--root --show --mount" ;;
        *) own="--mount" ;;
      esac
      ;;
    codeql)
      if ((COMP_CWORD == 2)); then
        COMPREPLY=($(compgen -W "check put get ls invalidate key keygen explain prepare-upload --help" -- "$cur"))
        return
      fi
      own="--language --config --tool-version --build-mode --mode --category --commit --source -C --directory"
      case ${COMP_WORDS[2]} in
        check) own+=" --changed-files -o --output --github-output --exit-code --json --mount" ;;
        put) own+=" --manifest --sign --scan-duration --json --mount" ;;
        get) own+=" -o --output --mount" ;;
        ls) own="--json --mount" ;;
        invalidate) own="--language --config --commit --all --mount" ;;
        key) own+=" --json" ;;
        keygen) own= ;;
        explain) own+=" --json --mount" ;;
        prepare-upload) own+=" -o --output --mount" ;;
      esac
      ;;
    config) own="--json" ;;
    snapshot)
      if ((COMP_CWORD == 2)); then
        COMPREPLY=($(compgen -W "save restore import --help" -- "$cur"))
        return
      fi
      case ${COMP_WORDS[2]} in
        save) own="--dir --force --exit-code --json --mount" ;;
        restore) own="--dir --exit-code --json --mount" ;;
        import) own="--json --mount" ;;
      esac
      ;;
    action)
      if ((COMP_CWORD == 2)); then
        COMPREPLY=($(compgen -W "main post --help" -- "$cur"))
      else
        COMPREPLY=($(compgen -W "setup-github-cache setup-codeql-cache inject-credentials" -- "$cur"))
      fi
      return
      ;;
    audit)
      if ((COMP_CWORD == 2)); then
        COMPREPLY=($(compgen -W "verify tail export head keygen --help" -- "$cur"))
        return
      fi
      settings=
      case ${COMP_WORDS[2]} in
        verify) own="--key --anchor --json --directory" ;;
        tail) own="-n --lines -f --follow --directory" ;;
        export) own="--since --until --action --credential --head --directory" ;;
        head) own="--directory" ;;
      esac
      ;;
    help)
      COMPREPLY=($(compgen -W "$commands" -- "$cur"))
      return
      ;;
    keygen | version) settings= ;;
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$own $settings --help" -- "$cur"))
    return
  fi
  case $command in
    mount | umount | snapshot)
      COMPREPLY=($(compgen -d -- "$cur"))
      ;;
    cat | ls | put | rm | stat | why)
      if ((COMP_CWORD > 2)) && [[ $command == put ]]; then
        COMPREPLY=($(compgen -f -- "$cur"))
        return
      fi
      # A name is data: compgen -W would expand a $(…) in it. The shell splits words at ':', so what it has already is
      # taken off what is offered.
      local word=${COMP_LINE:0:COMP_POINT}
      word=${word##* }
      [[ -z ${COMP_LINE-} || $word != *"$cur" ]] && word=$cur
      local directory= name before=${word%"$cur"}
      [[ $word == */* ]] && directory=${word%/*}/
      while IFS= read -r name; do
        name=$directory$name
        [[ $name == "$word"* ]] || continue
        name=${name#"$before"}
        if [[ $name =~ ^[a-zA-Z0-9_./:@=%,+-]*$ ]]; then
          COMPREPLY+=("$name")
        else
          COMPREPLY+=("$(printf %q "$name")")
        fi
      done < <("${COMP_WORDS[0]}" ls "$directory" 2>/dev/null)
      compopt -o nospace 2>/dev/null
      ;;
  esac
}
complete -F _runnerfs runnerfs
