#!/usr/bin/env bash
# One command: installs what is missing, builds, runs the soak on this machine.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$root/scripts/common.sh"

usage() {
  cat <<'TEXT'
usage: ./soak.sh [--no-install] [SCENARIO] [ARGUMENT...]

Installs what is missing (through apt), builds closewait, and runs scenarios/soak.yaml, or the
SCENARIO file that is named first. Every other argument goes on to `closewait run`:

  ./soak.sh --set repeat=8h
  ./soak.sh scenarios/smoke.yaml --seed 7

  --no-install   installs nothing, only says what is missing

Results go to ./results. The exit status is closewait's: 0 pass, 1 findings, 2 bad input,
3 inconclusive or not possible here. `closewait run --help` lists its arguments.
TEXT
}

arguments=()
for argument in "$@"; do
  case "$argument" in
    --no-install) may_install=no ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) arguments+=("$argument") ;;
  esac
done

scenario="$root/scenarios/soak.yaml"
if ((${#arguments[@]} > 0)) && [[ -f ${arguments[0]} ]]; then
  scenario="${arguments[0]}"
  arguments=("${arguments[@]:1}")
fi

ensure_packages "${build_packages[@]}"
build release closewait closewait-server closewait-specimen || exit 3

# The scenario starts closewait-server by its name.
export PATH="$root/build/release/bin:$PATH"
say "running closewait run ${scenario#"$root"/}${arguments[*]:+ ${arguments[*]}}"
exec closewait run "$scenario" "${arguments[@]}"
