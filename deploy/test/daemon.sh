# A dockerd that nobody else sees: in process, mount and (to run) network namespaces of its own, so
# that its end is the end of every container, bridge, firewall rule and mount it made. Sourced by
# deploy/test.sh.

daemon_flags=(--storage-driver overlay2 --exec-opt native.cgroupdriver=cgroupfs)

make_place() {
  place="$(mktemp -d /var/tmp/closewait-deploy.XXXXXX)"
  cgroup="closewait-${place##*.}"
  export DOCKER_HOST="unix://$place/docker.sock"
  export DOCKER_CONFIG="$place/client"
}

# start_daemon building|running: to build it needs the machine's network, for apt, and then it must
# make no bridge; to run it has a network of its own, with a loopback and nothing else.
start_daemon() {
  local namespaces=(--pid --mount --fork --kill-child --mount-proc)
  local flags=("${daemon_flags[@]}")
  if [[ $1 == building ]]; then
    flags+=(--bridge=none --iptables=false --ip-forward=false --ip-masq=false)
  else
    namespaces+=(--net)
  fi
  daemon_log="$place/dockerd-$1.log"
  rm -f "$place/docker.sock" "$place/dockerd.pid"
  # Should this script be killed, it goes too, and the namespaces with it.
  setpriv --pdeathsig KILL unshare "${namespaces[@]}" \
    sh -c 'ip link set lo up && exec dockerd "$@"' sh \
    --host "$DOCKER_HOST" --data-root "$place/data" --exec-root "$place/exec" \
    --pidfile "$place/dockerd.pid" --cgroup-parent "/$cgroup" "${flags[@]}" \
    >"$daemon_log" 2>&1 &
  daemon=$!
  eventually 30 daemon_answers_or_ended || true
  if ! docker info >/dev/null 2>&1; then
    skip "no dockerd can run here: $(grep -E 'level=(fatal|error)|failed|denied' "$daemon_log" |
      tail -n 1 || tail -n 1 "$daemon_log")"
  fi
}

daemon_answers_or_ended() { docker info >/dev/null 2>&1 || daemon_ended; }
daemon_ended() { ! kill -0 "$daemon" 2>/dev/null; }

# As the daemon's network sees it: the ports it publishes are on this loopback.
inside() { nsenter --net --target "$(daemon_child)" "$@"; }
daemon_child() { cut -d ' ' -f 1 "/proc/$daemon/task/$daemon/children" 2>/dev/null; }

stop_daemon() {
  [[ -n ${daemon:-} ]] || return 0
  kill -TERM "$(daemon_child)" 2>/dev/null || true
  # Killed, its namespaces take whatever is left with them.
  eventually 20 daemon_ended || kill -KILL "$daemon" 2>/dev/null || true
  wait "$daemon" 2>/dev/null || true
  daemon=
}

clean_up() {
  trap '' INT TERM HUP
  if [[ -n ${step:-} ]]; then
    kill -KILL "$step" 2>/dev/null || true
    wait "$step" 2>/dev/null || true
  fi
  stop_daemon
  if [[ -n ${place:-} && -d $place ]]; then
    find /sys/fs/cgroup -depth -type d -path "*/$cgroup*" -exec rmdir {} + 2>/dev/null || true
    rm -rf "$place"
  fi
}

# What a dockerd changes on a machine, in an order that does not depend on chance.
machine_state() {
  ip -o link | sed -E 's/^[0-9]+: ([^:@]+).*/link \1/' | sort
  ip netns list | sed 's/^/namespace /' | sort
  if command -v iptables-save >/dev/null; then
    { iptables-save && ip6tables-save; } 2>/dev/null | sed -e '/^#/d' -e 's/\[[0-9:]*\]//' \
      -e 's/^/rule /'
  fi
  if command -v nft >/dev/null; then nft list ruleset 2>/dev/null | sed 's/^/nft /'; fi
  cut -d ' ' -f 5 /proc/self/mountinfo | sed 's/^/mount /' | sort
  find /sys/fs/cgroup -type d -path "*/closewait-*" 2>/dev/null | sort
}

# Others may make and remove things meanwhile, so it has a moment to become as it was.
show_machine_as_before() {
  is_as_before() { [[ "$(machine_state)" == "$1" ]]; }
  if eventually 20 is_as_before "$1"; then
    ok "the machine is as before: links, namespaces, firewall rules, mounts, cgroups"
  else
    not_ok "the machine is as before" "$(diff <(echo "$1") <(machine_state))"
  fi
}
