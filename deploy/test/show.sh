# How deploy/test.sh says what it found. Sourced by bash, never run.

shown=0
not_shown=0

# ok WHAT [EVIDENCE], not_ok WHAT [EVIDENCE]: a line each, and the evidence below it.
ok() {
  shown=$((shown + 1))
  printf 'ok      %s\n' "$1"
  evidence "${2:-}"
}

not_ok() {
  not_shown=$((not_shown + 1))
  printf 'not ok  %s\n' "$1"
  evidence "${2:-}"
}

evidence() { if [[ -n $1 ]]; then printf '%s\n' "$1" | tail -n 25 | sed 's/^/          /'; fi; }

# expect WHAT PATTERN TEXT: the text has a line that matches, which is the evidence.
expect() {
  local found
  if found="$(grep -m 1 -E -e "$2" <<<"$3")"; then
    ok "$1" "$found"
  else
    not_ok "$1" "expected a line like: $2"$'\n'"$3"
  fi
}

# equal WHAT EXPECTED ACTUAL
equal() {
  if [[ $2 == "$3" ]]; then ok "$1" "$3"; else not_ok "$1" "expected $2, got: $3"; fi
}

# eventually SECONDS COMMAND...: until it succeeds; fails when the time is over.
eventually() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.3
  done
}

# Runs what takes long so that a signal is obeyed at once, not when it is done.
patiently() {
  local status=0
  "$@" &
  step=$!
  wait "$step" || status=$?
  step=
  return "$status"
}

skip() {
  say "SKIPPED: $*"
  exit 77
}

summary() {
  if ((not_shown > 0)); then
    say "FAILED after ${SECONDS}s: $not_shown of $((shown + not_shown)) did not hold"
    exit 1
  fi
  say "passed in ${SECONDS}s: $shown shown; not shown: Grafana, whose image cannot be made here"
}
