# Real engines for the tests: dockerd and podman, in network namespaces of their own, beside the lab's world.
# Sourced after lab/lab.bash (or alone by `images`).
#
#   docker   the lab's cage is the machine that dockerd runs on: its bridge is NATed to the world like any other's
#   podman   runs in the same cage, with the store in which `images` has left all images
#
# Their stores are kept in the cache, images and nothing else. All processes, mounts and interfaces live in the tests'
# namespaces and are gone with them. One run at a time: tests/run holds the lock.

ENGINES_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$ENGINES_SOURCE/../.." && pwd)
ENGINES=${XDG_CACHE_HOME:-$HOME/.cache}/secure-init/engines
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
PATH_INSIDE=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The bridge of dockerd and its IPv6 twin; where containers of no other network are.
BRIDGE=172.30.99.1 BRIDGE_NET=172.30.99.0/24 BRIDGE6_NET=fd30:99::/64

# --- podman ---------------------------------------------------------------------------------------------------------

# engines_podman_config FOLDER: its configuration and run-time state.
engines_podman_config() {
	mkdir -p "$1"
	# Limits that do not need CAP_SYS_RESOURCE; no systemd, no journal; Debian 12's crun wants another cgroup layout.
	cat > "$1/containers.conf" <<-'CONF'
		[containers]
		default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
		netns = "none"
		[engine]
		runtime = "runc"
		cgroup_manager = "cgroupfs"
		events_logger = "file"
	CONF
	export CONTAINERS_CONF=$1/containers.conf PODMAN_RUN=$1/run
}

podman() {
	command podman --root "$ENGINES/podman" --runroot "$PODMAN_RUN" --storage-driver overlay --tmpdir "$PODMAN_RUN/tmp" "$@"
}
