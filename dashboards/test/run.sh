#!/usr/bin/env bash
# What can be checked of dashboards and rules without our programs and without a Prometheus.
# Grafana itself is not run: its published types stand in for it. The exit status is 0 or 1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

log="$(mktemp)"
trap 'rm -f "$log"' EXIT

# step WHAT COMMAND...: its output is shown only when it fails.
failed=no
step() {
  local what="$1"
  shift
  if "$@" >"$log" 2>&1; then
    echo "dashboards: $what"
  else
    echo "dashboards: FAILED: $what ($*)" >&2
    sed 's/^/  /' "$log" >&2
    failed=yes
  fi
}

for program in node npm promtool; do
  command -v "$program" >/dev/null || {
    echo "dashboards: $program is needed and not here (apt-get install nodejs npm prometheus)" >&2
    exit 1
  }
done

if [[ ! node_modules/.package-lock.json -nt package-lock.json ]]; then
  step "packages installed as package-lock.json has them" npm ci --no-progress
fi
[[ $failed == no ]] || exit 1
step "rules are right for promtool" promtool check rules ../prometheus/*.yml
step "rules tested, every alert firing and not" promtool test rules rules/*.yml
step "dashboards, rules, provisioning and docs/METRICS.md say the same" node check_consistency.mjs
step "dashboards are of Grafana's types" node check_types.mjs
step "the checks themselves tested" node --test ./*_test.mjs
[[ $failed == no ]]
