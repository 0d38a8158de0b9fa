# para's contract, in a real Docker.
bats_require_minimum_version 1.5.0
load common
DOCKER_IMAGES="busybox para-agent"
load engines

@test "first" {
	docker run --rm localhost/busybox ip a
	docker run --rm localhost/busybox nslookup github.com
	docker run --rm -v "$PROBE:/try:ro" localhost/busybox /try tcp $ANTHROPIC 443
	docker run --rm -v "$PROBE:/try:ro" localhost/busybox /try tcp $ANTHROPIC6 443
	docker run --rm -v "$PROBE:/try:ro" --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=github.com localhost/para-agent id || true
	false
}
