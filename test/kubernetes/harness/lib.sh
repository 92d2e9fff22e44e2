# shellcheck shell=bash
# Shared by the harness's commands: messages, the cache, and processes known by pid and start time.

cache=${TOPOLOGY_BENCH_CACHE:-$HOME/.cache/topology-bench}/kubernetes
# Messages go to stderr, so that a command's standard output holds only its answer.
log() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() { log "$*"; exit 1; }

require_root() { [ "$(id -u)" = 0 ] || die "needs root, because it makes namespaces, mounts and cgroups"; }

# content_hash FILE...: one name for what the files say.
content_hash() { sha256sum -- "$@" | cut -d' ' -f1 | sha256sum | cut -c1-16; }

# keep_newest COUNT PATH...: removes the paths that were used longest ago.
keep_newest() {
  local count=$1; shift
  [ "$#" -gt "$count" ] || return 0
  local path
  while IFS= read -r path; do rm -rf -- "$path"; done < <(ls -1dt -- "$@" | tail -n "+$((count + 1))")
}

# install_missing COMMAND=PACKAGE...: installs the Debian packages whose commands are not here.
install_missing() {
  local pair missing=()
  for pair in "$@"; do command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}"); done
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    die "missing commands; install these Debian packages or their like: ${missing[*]}"
  fi
  log "installing Debian packages: ${missing[*]}"
  mkdir -p "$cache"
  # Two clusters may start at once, and the package lists have a lock that nothing waits for.
  {
    flock 8
    apt-get -o DPkg::Lock::Timeout=600 update -qq &&
      DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${missing[@]}"
  } 8>"$cache/.apt.lock" >&2 || die "apt-get could not install: ${missing[*]}"
}

# A pid may be given to another process, so a process is known by its start time too.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# recorded_pid FILE: the pid in the file, if that very process still runs.
recorded_pid() {
  local pid started
  read -r pid started 2>/dev/null <"$1" || return 1
  [ "$(start_time "$pid")" = "$started" ] && printf '%s\n' "$pid"
}

# pid1_of STATE_DIR: pid, as seen here, of the first process in the cluster's namespaces.
pid1_of() { recorded_pid "$1/run/pid1" || die "no cluster runs in $1"; }
