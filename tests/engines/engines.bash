# Real engines for the tests: dockerd and podman, in network namespaces of their own, beside the lab's world.
# Sourced after lab/lab.bash (or alone by `images`).
#
#   docker   the lab's cage is the machine that dockerd runs on: its bridge is NATed to the world like any other's
#   podman   runs in the same cage, with the store in which `images` has left all images
#
# Their stores are kept in the cache, images and nothing else. All processes, mounts and interfaces live in the tests'
# namespaces and are gone with them. One run at a time: tests/run holds the lock.

ENGINES_SOURCE=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
ROOT=${ENGINES_SOURCE%/*/*}
ENGINES=${XDG_CACHE_HOME:-$HOME/.cache}/secure-init/engines
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
PATH_INSIDE=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The bridge of dockerd and its IPv6 twin; where containers of no other network are.
BRIDGE=172.30.99.1 BRIDGE_NET=172.30.99.0/24 BRIDGE6_NET=fd30:99::/64

# engines_need: fails where the images are not there; where no engine can work, ENGINE_CANNOT is why (bats cannot skip in
# setup_file, so each test does).
engines_need() {
	[ ! -f "$ROOT/build/engines/cannot" ] || { export ENGINE_CANNOT="$(cat "$ROOT/build/engines/cannot")"; return; }
	[ -f "$ROOT/build/engines/done" ] || {
		echo "the images could not be made (tests/engines/images):"
		cat "$ROOT/build/engines/failed" 2> /dev/null
		return 1
	}
}

# --- podman ---------------------------------------------------------------------------------------------------------

# engines_podman_config FOLDER: its configuration, in FOLDER; and its run-time state, in a tmpfs, so that each start is
# like the first one after boot. Where that is is written down in the store, so it has to be the same at each run.
PODMAN_RUN=$ENGINES/podman-run
engines_podman_config() {
	local plugins=/usr/lib/cni
	# outside of the lab no build may make a bridge, should it forget --network=host
	[ -n "${CAGE:-}" ] || plugins=$1/none
	mkdir -p "$1/none" "$PODMAN_RUN"
	mount -t tmpfs podman-run "$PODMAN_RUN"
	# Limits that do not need CAP_SYS_RESOURCE; no systemd, no journal; Debian 12's crun wants another cgroup layout.
	cat > "$1/containers.conf" <<-CONF
		[containers]
		default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
		netns = "none"
		dns_servers = ["172.17.0.1"]
		[network]
		network_backend = "cni"
		network_config_dir = "$1/cni"
		cni_plugin_dirs = ["$plugins"]
		[engine]
		runtime = "runc"
		cgroup_manager = "cgroupfs"
		events_logger = "file"
	CONF
	export CONTAINERS_CONF=$1/containers.conf
}

# podman: in the cage, if there is one: `--network podman` is a bridge there, NATed to the world.
podman() {
	${CAGE:+nsenter --net="/run/netns/$CAGE"} /usr/bin/podman --root "$ENGINES/podman" --runroot "$PODMAN_RUN" --storage-driver overlay --tmpdir "$PODMAN_RUN/tmp" "$@"
}

# podman_up: it has no daemon; only what its bridges' addresses are written to shall not be the machine's.
podman_up() {
	lab_guard
	mkdir -p /var/lib/cni
	mount -t tmpfs cni "/var/lib/cni"
	podman_empty
}

# no container, pod or network that an earlier test left
podman_empty() {
	podman pod rm -a -f -t 0 > /dev/null
	podman rm -a -f -t 0 > /dev/null
}

podman_down() {
	podman_empty
	umount /var/lib/cni
	find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*' -exec rmdir {} + 2> /dev/null
	return 0
}

# --- docker ---------------------------------------------------------------------------------------------------------

# docker: Debian's client, which is of dockerd's age, with no configuration of the user's.
docker() {
	DOCKER_HOST=unix://$LAB/docker.sock DOCKER_CONFIG=$LAB/docker-config DOCKER_BUILDKIT=0 /usr/bin/docker "$@"
}

# docker_up [OPTION...]: dockerd in the cage, with options more.
docker_up() {
	lab_guard
	# a containerd of the machine's own is not for us
	[ ! -d /run/containerd ] || mount -t tmpfs none /run/containerd
	local root=${DOCKER_ROOT:-$ENGINES/docker}
	mkdir -p "$root"
	nsenter --net="/run/netns/$CAGE" dockerd --data-root "$root" --exec-root "$LAB/docker" --pidfile "$LAB/dockerd-pid" \
		-H "unix://$LAB/docker.sock" --cgroup-parent "/${LAB##*/}" --dns "$GATEWAY" --bip "${BRIDGE}/24" --ipv6 --fixed-cidr-v6 "$BRIDGE6_NET" \
		--default-address-pool base=172.31.0.0/16,size=24 --ip6tables=false "$@" > "$LAB/dockerd.log" 2>&1 3>&- &
	echo $! > "$LAB/dockerd.pid"
	# what the bridge's IPv6 has no NAT for
	ip -n "$WORLD" -6 route replace "$BRIDGE6_NET" via fd17::2
	lab_wait_for docker_answers || { tail -n 20 "$LAB/dockerd.log"; return 1; }
	docker version > /dev/null || return 1
	docker_clear
}

# it answers, or has ended and will not
docker_answers() { docker version || lab_ended "$(cat "$LAB/dockerd.pid")"; }

# no container that an earlier test left
docker_empty() {
	local left
	left=$(docker ps -aq)
	[ -z "$left" ] || docker rm -f $left > /dev/null
}

# no container, network or volume
docker_clear() {
	docker_empty
	docker network prune -f > /dev/null
	docker volume prune -f > /dev/null
}

docker_down() {
	docker version > /dev/null 2>&1 || return 0
	docker_clear
	# what tests built; the store keeps what docker_images brought
	docker images --format '{{.Repository}}:{{.Tag}}' | grep -v '^localhost/' | while read -r image; do docker rmi -f "$image"; done > /dev/null 2>&1
	lab_stop dockerd
	find /sys/fs/cgroup -depth -type d -path "*/${LAB##*/}*" -exec rmdir {} + 2> /dev/null
	return 0
}

# docker_images NAME...: brings those that dockerd does not have yet over from podman's store.
docker_images() {
	local name id missing=()
	while read -r id name; do
		[ "$(docker image inspect -f '{{.Id}}' "localhost/$name" 2> /dev/null)" = "$id" ] || missing+=("localhost/$name")
	done < <(paste -d ' ' <(podman image inspect -f '{{.Id}}' "${@/#/localhost/}" | sed 's/^/sha256:/') <(printf '%s\n' "$@"))
	[ ${#missing[@]} -eq 0 ] && return
	podman save -q -m --format docker-archive "${missing[@]}" | docker load -q
	docker image prune -f > /dev/null
}

# --- either ---------------------------------------------------------------------------------------------------------

# engine COMMAND...: the one that the file is about
engine() { ${ENGINE:-docker} "$@"; }

# netns_of CONTAINER: a path to its network namespace, for readers outside of it
netns_of() {
	echo "/proc/$(engine inspect -f '{{.State.Pid}}' "$1")/ns/net"
}

# outside CONTAINER COMMAND...: a reader in its network namespace with all rights, and the machine's own programs
outside() {
	local container=$1
	shift
	nsenter --net="$(netns_of "$container")" -- "$@"
}
