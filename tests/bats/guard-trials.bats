# The guard under load, for some seconds; `make trials` does the same for some minutes, and tunnels.
bats_require_minimum_version 1.5.0
load common

setup_file() { :; }
setup() { unset PARA_NETWORK_ISOLATION PARA_ALLOWED_DOMAINS; }
teardown_file() { :; }

@test "records that change every second: no connection is refused, and nothing blocked gets out" {
	LASTS=4 CONNECTIONS=500 run "$ROOT/tests/guard/trials" rotate
	echo "$output"
	assert_says "trials: 0 failed"
}

@test "a process of the guard that is killed under load: nothing blocked gets out" {
	ROUNDS=2 run "$ROOT/tests/guard/trials" kill
	echo "$output"
	assert_says "trials: 0 failed"
}

@test "mutated packets from both sides: it lives, does not grow, and answers" {
	PACKETS=10000 PARTS=3 run "$ROOT/tests/guard/trials" mutate
	echo "$output"
	assert_says "trials: 0 failed"
}
