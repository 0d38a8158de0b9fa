# Random policies, random packets, and three judges that must agree (tests/property/property.py).
bats_require_minimum_version 1.5.0
load common
load guard

setup() { guard_setup; }

teardown() { guard_teardown; }

# one test is all policies
setup_file() {
	guard_lab
	export BATS_TEST_TIMEOUT=1000
}

PROPERTY=$BATS_TEST_DIRNAME/../property/property.py

# take FILE: this policy's variables, and no others.
take() {
	local name value
	say_nothing
	while IFS== read -r name value; do export "$name=$value"; done < "$1"
}

# The policy that stands as it was meant, with the guard beside it or by a set-up that ends.
stand() {
	if [ "${PARA_GUARD:-}" != off ]; then
		start sleep infinity
	else
		SSL_CERT_FILE=$CA/ca.pem run cage "$SECURE_INIT" setup
		assert_status 0
	fi
}

@test "the reference, explain and the kernel agree on every packet of every policy" {
	local seed=${PROPERTY_SEED:-$RANDOM} n=${PROPERTY_POLICIES:-60} file allowed=0 packets=0
	echo "# PROPERTY_SEED=$seed PROPERTY_POLICIES=$n" >&3
	mkdir -p "$LAB/policies"
	python3 "$PROPERTY" generate "$seed" "$n" "$LAB/policies"
	for file in "$LAB"/policies/*; do
		take "$file"
		stand
		run cage python3 "$PROPERTY" judge "$file" "$SECURE_INIT" "$seed$file"
		assert_status 0
		packets=$((packets + $(sed -n 's/^packets \([0-9]*\) .*/\1/p' <<< "$output")))
		allowed=$((allowed + $(sed -n 's/^packets .* allowed //p' <<< "$output")))
		stop
		lab_clean
	done
	echo "# $packets packets, $allowed of them allowed" >&3
	# neither all nor none: else there was nothing to tell apart
	[ $allowed -gt $((packets / 10)) ] && [ $allowed -lt $((packets * 9 / 10)) ]
}
