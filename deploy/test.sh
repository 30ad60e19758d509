#!/usr/bin/env bash
# Brings docker-compose.yml up for real, with a dockerd of its own that nobody else sees, and shows
# what docs/compose.md promises. Nothing of it stays on the machine.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/common.sh"
name=deploy/test
. "$root/deploy/test/show.sh"
. "$root/deploy/test/daemon.sh"
. "$root/deploy/test/images.sh"
. "$root/deploy/test/stack.sh"
. "$root/deploy/test/checks.sh"

usage() {
  cat <<'TEXT'
usage: deploy/test.sh [--no-install]

Makes the images (Debian's by debootstrap, Prometheus' and Alertmanager's from Debian's packages),
then runs docker-compose.yml inside a network namespace: a soak that passes, a specimen that fails,
a server that is killed, and what a user may get wrong. Root is needed, and apt's mirror.

  --no-install   installs nothing, only says what is missing

The exit status is 0 when everything holds, 1 when something does not, 77 where no dockerd can run.
TEXT
}

for argument in "$@"; do
  case "$argument" in
    --no-install) may_install=no ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) die 2 "unknown argument '$argument'; --help lists them" ;;
  esac
done

((EUID == 0)) || skip "a dockerd of its own needs root"
ensure_packages docker.io docker-compose debootstrap prometheus prometheus-alertmanager \
  curl iproute2 iptables jq python3
for tool in dockerd docker-compose debootstrap prometheus prometheus-alertmanager curl ip jq; do
  command -v "$tool" >/dev/null || skip "$tool is not here"
done

before="$(machine_state)"
make_place
# Whatever happens: containers, namespaces and mounts end with dockerd, then the folder goes.
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

start_daemon building
make_images
stop_daemon
start_daemon running
make_project
run_checks
stop_daemon
clean_up
show_machine_as_before "$before"

summary
