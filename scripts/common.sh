# Shared by soak.sh and test.sh: what has to be installed, how it is installed, how it is built.
# Sourced by bash, never run. The caller has set `root` to the top of the repository.

# By the names of Debian 12: what a build needs, what the tests need besides, and what
# ThreadSanitizer needs besides (GCC 12's warns on Asio, clang 14's does not).
# shellcheck disable=SC2034 # used by the scripts that source this
build_packages=(
  g++ cmake ninja-build
  libboost1.81-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev libfmt-dev
  prometheus-cpp-dev libcivetweb-dev libssl-dev
  libgtest-dev libgmock-dev # the top CMakeLists.txt asks for them in every preset
)
# shellcheck disable=SC2034
test_packages=(
  apache2-utils  # ab, a client of HTTP/1.0 that is not ours
  ccache         # what has not changed since the last time is not compiled again, in any clone
  curl           # a client that is not ours, for the end-to-end tests
  haproxy        # a server that is not ours
  iproute2       # ip, for tests in a network of their own
  memcached      # another
  nftables       # nft, for the same
  nghttp2-client # h2load, one that asks ahead of its answers
  lighttpd       # another
  nginx-light    # another
  openssl        # certificates for the server
  patch          # makes the changes that docs/add-a-behaviour.md tells of
  prometheus     # with promtool, for the dashboards' queries and rules
  python3-jsonschema python3-yaml # validate scenarios against scenario.schema.json
  redis-server   # another
  slowhttptest   # attacks the server by being slow
  strace         # shows the server's system calls to a test
)
# shellcheck disable=SC2034
tsan_packages=(clang-14 libclang-rt-14-dev)
# What bench-server drives servers with. No test needs it, and nothing installs it unasked.
# shellcheck disable=SC2034
bench_packages=(wrk)

name="$(basename "$0")"
may_install=yes

# To standard error: standard output belongs to the program that is run (closewait run --json).
say() { printf '%s: %s\n' "$name" "$*" >&2; }

# die STATUS LINE...: each further argument is a line of its own.
die() {
  local status="$1"
  shift
  printf '%s\n' "$name: $1" "${@:2}" >&2
  exit "$status"
}

# Those of the packages named that are not installed, one a line. Nothing on a machine without
# dpkg: there CMake finds out.
missing_packages() {
  command -v dpkg-query >/dev/null || return 0
  local installed
  # dpkg-query fails when one of them is unknown to it, which is a part of the answer.
  installed="$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "$@" \
    2>/dev/null || true)"
  local package
  for package in "$@"; do
    grep -qxF "installed $package" <<<"$installed" || printf '%s\n' "$package"
  done
}

# Runs a command as root: directly, or through sudo (ensure_packages has looked for it).
as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# as_root_quietly WHAT COMMAND...: its output is shown only when it fails.
as_root_quietly() {
  local what="$1" log status=0
  shift
  log="$(mktemp)"
  as_root "$@" >"$log" 2>&1 || status=$?
  if ((status != 0)); then tail -n 15 "$log" >&2; fi
  rm -f "$log"
  ((status == 0)) || die 3 "$what failed (above); the command was" "  $*"
}

# ensure_packages PACKAGE...: installs what is missing, or says exactly why it cannot.
ensure_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ensure_by_hand "$@"
  ((${#missing[@]} > 0)) || return 0
  if [[ $may_install == no ]]; then
    say "not installed, and --no-install was given: ${missing[*]}"
    say "going on with what is here; to have them: apt-get install --no-install-recommends" \
      "${missing[*]}"
    return 0
  fi
  command -v apt-get >/dev/null || die 3 "missing, and there is no apt-get here: ${missing[*]}" \
    "install them another way and call again with --no-install"
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    die 3 "missing: ${missing[*]}; installing needs root, and there is no sudo here; as root run" \
      "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" \
      "and call again"
  fi
  install_with_apt "${missing[@]}"
}

# On another system than Debian's kind nothing is looked up; the build has to find its parts.
ensure_by_hand() {
  ! command -v dpkg-query >/dev/null || return 0
  [[ $may_install == yes ]] || return 0
  die 3 "this machine has no dpkg and apt, so nothing can be installed here" \
    "needed, by their names in Debian 12: $*" \
    "install what your distribution calls them (a C++20 compiler, CMake 3.25, Ninja, Boost 1.81)," \
    "then call again with --no-install"
}

install_with_apt() {
  say "installing through apt: $*"
  as_root_quietly "apt-get update" apt-get update -q
  local package unknown=()
  for package in "$@"; do
    apt-cache show --no-all-versions "$package" >/dev/null 2>&1 || unknown+=("$package")
  done
  if ((${#unknown[@]} > 0)); then
    die 3 "apt does not have here: ${unknown[*]}" \
      "the names are those of Debian 12 (bookworm); this is $(distribution)" \
      "install what gives the same here (clang 14, Boost 1.81 or later, ...) by hand, then call" \
      "again with --no-install; or use a debian:12 container"
  fi
  # --no-remove: a conflict (another version of Boost) is for its owner to decide.
  as_root_quietly "apt-get install" bash -c "$without_services" bash \
    env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends --no-remove "$@"
}

# Runs a command while Debian's packages start no services (invoke-rc.d asks policy-rc.d): nginx and
# redis are here to be started by tests. A policy that is there already stays as it is.
# shellcheck disable=SC2016 # expanded by the shell that runs it
without_services='
  policy=/usr/sbin/policy-rc.d
  if [[ -d /usr/sbin && ! -e $policy ]]; then
    trap "rm -f $policy" EXIT
    printf "#!/bin/sh\nexit 101\n" >"$policy" && chmod 755 "$policy"
  fi
  "$@"'

distribution() {
  (. /etc/os-release 2>/dev/null && printf '%s' "${PRETTY_NAME:-}") || printf 'unknown'
}

# quietly LOG COMMAND...: output goes to LOG, and its end is shown when the command fails.
quietly() {
  local log="$1" status=0
  shift
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 || status=$?
  if ((status != 0)); then
    grep -v '^\[[0-9/]*\] ' "$log" | tail -n 60 >&2 || true
    say "the whole output is in ${log#"$root"/}"
  fi
  return "$status"
}

# Where there is a ccache, compilers run through it; paths are told to it relative to this clone,
# so that another clone finds what this one compiled.
use_compiler_cache() {
  command -v ccache >/dev/null || return 0
  export CMAKE_CXX_COMPILER_LAUNCHER="${CMAKE_CXX_COMPILER_LAUNCHER-ccache}"
  export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1
}

# build PRESET [TARGET...]: configures once (Ninja sees to it later), then builds what changed.
build() {
  local preset="$1" directory="$root/build/$1" target=()
  shift
  if (($# > 0)); then target=(--target "$@"); fi
  local tool
  for tool in cmake ninja; do
    command -v "$tool" >/dev/null || die 3 "$tool is needed and not here"
  done
  use_compiler_cache
  if [[ ! -f $directory/build.ninja ]]; then
    say "configuring $preset (a first build takes minutes)"
    (cd "$root" && quietly "$directory/configure.log" cmake --preset "$preset") || {
      rm -f "$directory/CMakeCache.txt" # else the next call would believe what was not found
      say "configuring $preset failed"
      return 1
    }
  fi
  quietly "$directory/build.log" cmake --build "$directory" "${target[@]}" || {
    say "building $preset failed"
    return 1
  }
}
