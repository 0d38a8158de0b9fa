# Shared by the tests in real engines: one dockerd a file, and what they assert of containers.
source "$BATS_TEST_DIRNAME/../engines/engines.bash"

setup_file() {
	engines_need
	engines_probe
	set -a
	lab_up
	chmod 755 "$LAB"
	engines_podman_config "$LAB/podman"
	set +a
	docker_up $DOCKER_OPTIONS
	# shellcheck disable=SC2086
	docker_images $DOCKER_IMAGES
}

teardown_file() {
	[ -n "${LAB:-}" ] || return 0
	docker_down
	umount "$PODMAN_RUN"
	lab_down
}
