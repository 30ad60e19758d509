# What docs/compose.md promises, one function a promise, in the order of a user's day. Sourced by
# deploy/test.sh.

# A load that a busy machine delivers too; how fast it can be is not the question here.
gentle='--set cycle.storm.rate=100/s'

run_checks() {
  check_all_come_up
  check_rights
  check_published_ports
  check_soak_passes
  check_specimen_fails
  check_killed_server
  check_alerts_arrive
  check_missing_scenario
  check_results_of_another_user
  check_server_that_exits
  check_port_in_use
  settings=()
  compose --profile alerts down --volumes >/dev/null
}

check_all_come_up() {
  say "Grafana's image cannot be made here: everything else is brought up"
  settings=(SCENARIO=smoke RUN=first "ARGS=$gentle")
  compose up -d holder >/dev/null # makes the network, where the webhook has to listen
  start_webhook
  settings+=("ALERT_WEBHOOK=$webhook")
  compose --profile alerts up -d holder server loadgen prometheus alertmanager >"$place/up.log" ||
    not_ok "docker-compose up" "$(cat "$place/up.log")"
  local each
  for each in rig server prometheus; do
    eventually 30 target_is_up "$each" || true
    equal "Prometheus' target $each is up" "$each up" "$(targets | grep "^$each ")"
  done
  for each in server prometheus alertmanager; do
    eventually 60 is_healthy "$each" || true
    equal "$each is healthy" healthy "$(health_of "$each")"
  done
}

# The ids and rights of every process, as the kernel has them.
check_rights() {
  local status='grep -hE "^(Uid|CapEff|CapBnd|NoNewPrivs)" /proc/[0-9]*/status | tr -s "\t" " "'
  local service seen expected
  expected="$(printf '%s\n' "CapBnd: 0000000000000000" "CapEff: 0000000000000000" \
    "NoNewPrivs: 1" "Uid: $user $user $user $user")"
  for service in holder prometheus alertmanager; do # holder's /proc is server's and loadgen's too
    seen="$(docker exec "$(container "$service")" sh -c "$status" 2>&1 | sort -u)"
    equal "every process of $service is uid $user without rights" "$expected" "$seen"
  done
  for service in holder server loadgen prometheus alertmanager; do
    expect "the root of $service is read-only" true \
      "$(docker inspect --format '{{.HostConfig.ReadonlyRootfs}}' "$(container "$service")")"
  done
}

check_published_ports() {
  local listening
  listening="$(inside ss -ltnH | awk '{print $4}' | grep -vF "$gateway:" | sort)"
  equal "what is published is on 127.0.0.1 only" 127.0.0.1:9090 "$listening"
}

check_soak_passes() {
  eventually 120 has_exited loadgen || true
  equal "a soak of closewait-server ends with 0" 0 "$(status_of loadgen)"
  expect "and says PASS" '^PASS: ' "$(logs_of loadgen)"
  local delivered
  delivered="$(query 'sum(closewait_clients_ended_total{run="first",outcome="delivered"})')"
  expect "Prometheus has its delivered clients" '^[5-9][0-9][0-9]$' "$delivered"
  equal "and its end" 1 "$(query 'last_over_time(closewait_run_finished{run="first"}[5m])')"
  equal "results/latest is this run" first "$(readlink "$project/results/latest")"
  equal "its files belong to the user" "$user" "$(stat -c %u "$project/results/first/result.json")"
  equal "its record is whole" "end pass" "$(end_of_record first)"
  equal "the others stay" "holder running, server running, prometheus running" \
    "$(states holder server prometheus)"
}

check_specimen_fails() {
  settings=(SCENARIO=smoke RUN=specimen "ARGS=$gentle"
    "COMMAND=closewait-specimen fd-leak-on-reset --listen 127.0.0.1:7000")
  compose up -d server >/dev/null
  local output status=0
  output="$(compose run --rm -T regression)" || status=$?
  equal "docker-compose run --rm regression with a specimen ends with 1" 1 "$status"
  expect "and names the leak" '^FAIL: fd-leak, 1.00 descriptors' "$output"
}

check_killed_server() {
  settings=(SCENARIO=smoke RUN=killed "ARGS=$gentle --set cycle.storm.for=60s")
  compose up -d server loadgen >/dev/null
  in_the_storm() { grep -q '"name":"storm"' "$project/results/killed/run.jsonl"; }
  eventually 60 in_the_storm 2>/dev/null || not_ok "the storm begins" "$(logs_of loadgen)"
  compose kill -s KILL server >/dev/null
  eventually 60 has_exited loadgen || true
  equal "the server killed in mid-soak: the rig ends with 1" 1 "$(status_of loadgen)"
  expect "and says so" '^(FAIL|finding): crash' "$(logs_of loadgen)"
  equal "its record is whole" "end fail" "$(end_of_record killed)"
  equal "with the crash in it" crash \
    "$(jq -r '.findings[0].kind' "$project/results/killed/result.json")"
  equal "the others stay" "holder running, prometheus running" "$(states holder prometheus)"
}

# That of the specimen's leak, through Prometheus' rules and Alertmanager.
check_alerts_arrive() {
  leak_is_posted() { grep -q '"alertname":"ClosewaitLeak".*"run":"specimen"' "$place/posts"; }
  eventually 60 leak_is_posted 2>/dev/null || true
  expect "the alert of its leak is posted to ALERT_WEBHOOK" '^specimen: .* connections leaked by ' \
    "$(jq -r '.alerts[].annotations.summary' "$place/posts" 2>&1)"
}

check_missing_scenario() {
  settings=(SCENARIO=no-such)
  compose up -d server loadgen >/dev/null
  eventually 30 has_exited loadgen || true
  equal "a scenario that is not there: 2" 2 "$(status_of loadgen)"
  expect "in the rig's words" 'scenarios/no-such.yaml' "$(logs_of loadgen)"
  equal "the others stay" "holder running, server running, prometheus running" \
    "$(states holder server prometheus)"
}

check_results_of_another_user() {
  local output status=0
  settings=(SCENARIO=smoke RUN=refused)
  chown 0:0 "$project/results"
  output="$(compose run --rm -T regression)" || status=$?
  chown "$user:$user" "$project/results"
  equal "results/ is another user's: 2" 2 "$status"
  expect "in the rig's words" "results/refused: Permission denied \(uid $user\)" "$output"
}

check_server_that_exits() {
  settings=(SCENARIO=smoke RUN=nobody
    "COMMAND=closewait-server --service no-such --listen 127.0.0.1:7000")
  compose up -d server loadgen >/dev/null
  eventually 60 has_exited loadgen || true
  expect "a server that exits at once says why" 'no-such' "$(logs_of server)"
  equal "and the rig, that nobody listens: 3" 3 "$(status_of loadgen)"
  expect "in its words" 'nothing listens at 127.0.0.1:7000' "$(logs_of loadgen)"
  equal "the others stay" "holder running, prometheus running" "$(states holder prometheus)"
}

# Another program has Prometheus' port, here that of the first stack.
check_port_in_use() {
  local output status=0
  settings=(SCENARIO=smoke RUN=in-use COMPOSE_PROJECT_NAME=second)
  output="$(compose up -d holder server loadgen prometheus)" || status=$?
  equal "a port that is in use on the host: docker-compose ends with 1" 1 "$status"
  expect "and names it" '127.0.0.1:9090.*(already allocated|address already in use)' "$output"
  equal "the others stay" "running running" \
    "$(docker inspect --format '{{.State.Status}}' second_holder_1 second_server_1 | paste -sd ' ')"
  compose down --volumes >/dev/null
}
