# The stack as a user has it, in a copy of what docker-compose.yml mounts, and how it is asked.
# Sourced by deploy/test.sh.

user=4242 # nobody's, so that nothing works only because it is root's or 1000's

make_project() {
  project="$place/closewait"
  mkdir -p "$project/dashboards" "$project/results"
  cp -r "$root"/docker-compose*.yml "$root/.env" "$root/deploy" "$root/scenarios" "$project"
  cp -r "$root/dashboards/grafana" "$root/dashboards/prometheus" "$project/dashboards"
  sed -i "s/^UID=.*/UID=$user/" "$project/.env"
  chmod -R a+rX "$project" # a checkout may be its owner's only
  chown "$user:$user" "$project/results"
}

# A set environment goes before .env, so what was said to this script must not reach it.
compose() {
  (
    cd "$project"
    unset SCENARIO RUN ARGS IMAGE COMMAND PORT GRAFANA_PORT PROMETHEUS_PORT ALERT_WEBHOOK
    env COMPOSE_PROJECT_NAME=closewait "${settings[@]}" docker-compose --ansi never "$@" 2>&1
  )
}
settings=()

container() { printf 'closewait_%s_1' "$1"; }
state_of() { docker inspect --format '{{.State.Status}}' "$(container "$1")" 2>/dev/null; }
health_of() { docker inspect --format '{{.State.Health.Status}}' "$(container "$1")" 2>/dev/null; }
is_healthy() { [[ "$(health_of "$1")" == healthy ]]; }
has_exited() { [[ "$(state_of "$1")" == exited ]]; }
status_of() { docker inspect --format '{{.State.ExitCode}}' "$(container "$1")"; }
logs_of() { docker logs "$(container "$1")" 2>&1; }

# "holder running, server exited ..."
states() {
  local service
  for service in "$@"; do printf '%s %s, ' "$service" "$(state_of "$service")"; done |
    sed 's/, $//'
}

# What Prometheus knows: query EXPRESSION prints the value of the first series.
ask_prometheus() { inside curl -sS -G "http://127.0.0.1:9090/api/v1/$1" "${@:2}" 2>&1 || true; }
query() {
  ask_prometheus query --data-urlencode "query=$1" | jq -r '.data.result[0].value[1] // "none"'
}
targets() {
  ask_prometheus targets | jq -r '.data.activeTargets[]? | "\(.labels.job) \(.health)"' | sort
}
target_is_up() { targets | grep -qx "$1 up"; }

# Someone to tell of alerts, on the host's side of the containers' network.
start_webhook() {
  gateway="$(docker network inspect closewait_default \
    --format '{{(index .IPAM.Config 0).Gateway}}')"
  # Among the daemon's processes, so that it ends with them.
  nsenter --net --pid --target "$(daemon_child)" \
    python3 "$root/deploy/test/webhook.py" "$gateway" "$place/port" "$place/posts" &
  disown
  eventually 10 test -s "$place/port" || not_ok "the webhook listens"
  webhook="http://$gateway:$(cat "$place/port")/"
}

# end_of_record RUN: the kind of the record's last line, and the verdict of its sum.
end_of_record() {
  local folder="$project/results/$1"
  printf '%s %s' "$(tail -n 1 "$folder/run.jsonl" | jq -r .type)" \
    "$(jq -r .verdict "$folder/result.json")"
}
