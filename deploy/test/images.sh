# The images that docker-compose.yml names, made here: no registry can be reached. Sourced by
# deploy/test.sh.

make_images() {
  local compose="$root/docker-compose.yml"
  base_image="$(sed -n 's/^ARG BASE=//p' "$root/deploy/Dockerfile")"
  prometheus_image="$(sed -nE 's/^ *image: (prom\/prometheus:.*)/\1/p' "$compose")"
  alertmanager_image="$(sed -nE 's/^ *image: (prom\/alertmanager:.*)/\1/p' "$compose")"
  make_base
  make_monitoring
  make_closewait
}

# Where apt of this machine gets Debian 12 from.
mirror() {
  apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/ bookworm$//p' | head -n 1
}

make_base() {
  local from log="$place/debootstrap.log"
  from="$(mirror)"
  [[ -n $from ]] || skip "apt here has no source of Debian 12 (bookworm)"
  say "debootstrap: $base_image"
  # It mounts and starts things, which end with it, whatever happens.
  if ! patiently setpriv --pdeathsig KILL unshare --pid --mount --fork --kill-child --mount-proc \
    debootstrap --variant=minbase bookworm "$place/base" \
    "$from" >"$log" 2>&1; then
    not_ok "Debian's image is made" "$(tail -n 5 "$log")"
    summary
  fi
  rm -rf "$place"/base/var/cache/apt/* "$place"/base/var/lib/apt/lists/*
  # As in Debian's own images: apt leaves no caches in a layer.
  echo 'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";' \
    >"$place/base/etc/apt/apt.conf.d/docker-clean"
  tar -C "$place/base" --numeric-owner -c . | docker import - "$base_image" >/dev/null
  rm -rf "$place/base"
  ok "Debian's image is made" "$(size_of "$base_image")"
}

# What the real ones have and docker-compose.yml relies on: the programs in /bin, a shell and a
# wget, and a folder for data that group 65534 may write to.
make_monitoring() {
  local context="$place/monitoring"
  mkdir "$context"
  cp "$(command -v prometheus)" "$context/prometheus"
  cp "$(command -v prometheus-alertmanager)" "$context/alertmanager"
  cp -rL /usr/share/prometheus/alertmanager "$context/templates" # Debian's does not carry them
  cat >"$context/Dockerfile" <<DOCKERFILE
FROM $base_image
RUN apt-get update && apt-get install -y --no-install-recommends busybox \
 && ln -s busybox /bin/wget && mkdir -m 775 /prometheus && chown 65534:65534 /prometheus
COPY prometheus alertmanager /bin/
COPY templates /usr/share/prometheus/alertmanager
USER 65534
VOLUME /prometheus
ENTRYPOINT ["/bin/prometheus"]
DOCKERFILE
  build_image "$prometheus_image" "$context"
  docker tag "$prometheus_image" "$alertmanager_image"
  ok "Prometheus' and Alertmanager's are made, of Debian's programs" \
    "$(prometheus --version 2>&1 | head -n 1)"
}

make_closewait() {
  say "docker build: closewait (minutes)"
  build_image closewait "$root" --file "$root/deploy/Dockerfile"
  local missing
  missing="$(docker run --rm --network host closewait sh -c 'ldd /usr/local/bin/*' |
    grep 'not found' || true)"
  equal "closewait's is built of deploy/Dockerfile and finds its libraries ($(size_of closewait))" \
    "" "$missing"
}

# build_image TAG CONTEXT ARGUMENT...
build_image() {
  local log status=0
  log="$place/build-$(basename "${1%%:*}").log"
  patiently docker build --network host --tag "$1" "${@:3}" "$2" >"$log" 2>&1 || status=$?
  if ((status != 0)); then
    not_ok "$1 builds" "$(grep -E -A3 'error|FAILED|^E:' "$log" || tail -n 15 "$log")"
    summary
  fi
}

size_of() { docker image inspect --format '{{.Size}}' "$1" | numfmt --to=si --suffix=B; }
