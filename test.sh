#!/usr/bin/env bash
# One command: installs what is missing, builds, passes every test.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$root/scripts/common.sh"

usage() {
  cat <<'TEXT'
usage: ./test.sh [--no-install] [--quick]

Installs what is missing (through apt), then builds and runs every test three times: as it is
(dev: warnings are errors, the rules of the sources are held), under AddressSanitizer and
UndefinedBehaviorSanitizer (asan), and what has threads under ThreadSanitizer (tsan, clang 14).
Then the dashboards and rules, what they ask of a real Prometheus, the fuzzers for some seconds each
(fuzz, clang 14), and docker-compose.yml with a dockerd of its own (skipped where none can run).

  --no-install   installs nothing, only says what is missing
  --quick        dev, dashboards and queries only

The exit status is 0 when everything passed, 1 when something failed, 2 for a wrong argument,
3 when it could not be installed.
TEXT
}

presets=(dev asan tsan)
packages=("${build_packages[@]}" "${test_packages[@]}" "${tsan_packages[@]}")
quick=no
install_option=()
for argument in "$@"; do
  case "$argument" in
    --no-install)
      may_install=no
      install_option=(--no-install)
      ;;
    --quick)
      quick=yes
      presets=(dev)
      packages=("${build_packages[@]}" "${test_packages[@]}")
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) die 2 "unknown argument '$argument'; --help lists them" ;;
  esac
done

# What has threads: all that ThreadSanitizer could find something in.
threaded=(faults loadgen observe rig server end_to_end)

# Only these tests are built and run in a preset; nothing means all.
tests_of() { if [[ $1 == tsan ]]; then printf '%s\n' "${threaded[@]}"; fi; }

# The sanitizers of these compilers know fewer address layouts than a kernel may choose. Where
# turning that choice off is not allowed (some containers), they do as they can.
fixed_addresses=()
if setarch --addr-no-randomize true 2>/dev/null; then
  fixed_addresses=(setarch --addr-no-randomize)
fi

# Runs the tests of one preset, leaves the whole output in test.log and shows what failed.
run_tests() {
  local directory="$root/build/$1" status=0 only=() names
  mapfile -t names < <(tests_of "$1")
  if ((${#names[@]} > 0)); then only=(--tests-regex "^($(IFS='|' && echo "${names[*]}"))\\."); fi
  "${fixed_addresses[@]}" ctest --test-dir "$directory" --output-on-failure --no-tests=error \
    --parallel "$(nproc)" "${only[@]}" >"$directory/test.log" 2>&1 || status=$?
  if ((status != 0)); then
    grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test +#.* Passed )' "$directory/test.log" |
      tail -n 200 >&2 || true
    say "the whole output is in ${directory#"$root"/}/test.log"
  fi
  return "$status"
}

# "312 passed", "3 of 312 failed", each with the number of those skipped.
counted() {
  local log="$root/build/$1/test.log" failed all skipped
  read -r failed all < <(
    sed -nE 's/^.*, ([0-9]+) tests? failed out of ([0-9]+).*$/\1 \2/p' "$log" | tail -n 1
    echo "? ?" # no such line: ctest itself did not get so far
  )
  skipped="$(grep -cE '\*\*\*Skipped' "$log" || true)"
  if [[ $failed == 0 ]]; then
    printf '%s passed' "$((all - skipped))"
  else
    printf '%s of %s failed' "$failed" "$all"
  fi
  if ((skipped > 0)); then printf ', %s skipped' "$skipped"; fi
}

# beside NAME COMMAND...: what is tested without CTest. 77 is a test that cannot be made here; it
# has said why.
beside() {
  local what="$1" status=0
  shift
  say "$what: testing"
  "$@" || status=$?
  case $status in
    0) summary+=("$what passed") ;;
    77) summary+=("$what skipped") ;;
    *)
      summary+=("$what failed")
      failed=yes
      ;;
  esac
}

# The preset is of these programs.
run_fuzzers() {
  build fuzz fuzzers || return
  (cd "$root" && quietly "$root/build/fuzz/test.log" "${fixed_addresses[@]}" ctest --preset fuzz)
}

# Another Node.js than Debian's does as well.
if ! command -v node >/dev/null; then packages+=(nodejs); fi
if ! command -v npm >/dev/null; then packages+=(npm); fi
ensure_packages "${packages[@]}"

failed=no
summary=()
for preset in "${presets[@]}"; do
  say "$preset: building"
  mapfile -t targets < <(tests_of "$preset" | sed 's/$/_test/')
  if ! build "$preset" "${targets[@]}"; then
    summary+=("$preset does not build")
    failed=yes
    continue
  fi
  say "$preset: testing"
  run_tests "$preset" || failed=yes
  summary+=("$preset $(counted "$preset")")
done

beside dashboards "$root/dashboards/test/run.sh"
beside queries env CLOSEWAIT_BIN="$root/build/dev/bin" node "$root/dashboards/test/run_queries.mjs"
if [[ $quick == no ]]; then
  beside fuzz run_fuzzers
  beside deploy "$root/deploy/test.sh" "${install_option[@]}"
fi

printf -v line '%s; ' "${summary[@]}"
if [[ $failed == yes ]]; then
  say "FAILED after $((SECONDS / 60))m$((SECONDS % 60))s: ${line%; }"
  exit 1
fi
say "passed in $((SECONDS / 60))m$((SECONDS % 60))s: ${line%; }"
