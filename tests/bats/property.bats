# Random policies, random packets, and three judges that must agree (tests/property/property.py).
bats_require_minimum_version 1.5.0
load common

setup() {
	common_setup
	lab_clean
	say_nothing
}

PROPERTY=$BATS_TEST_DIRNAME/../property/property.py

# with FILE COMMAND...: in a cage of this policy's variables
with() {
	local file=$1
	shift
	env -i PATH="$PATH" SSL_CERT_FILE="$CA/ca.pem" bash -c 'set -a; while IFS== read -r name value; do printf -v "$name" %s "$value"; done < "$1"; shift; exec "$@"' \
		with "$file" bash -c "$(declare -f cage); CAGE=$CAGE LAB=$LAB DOCKER_CAPS=$DOCKER_CAPS; cage \"\$@\"" cage "$@"
}

@test "the reference, explain and the kernel agree on every packet of every policy" {
	local seed=${PROPERTY_SEED:-$RANDOM} n=${PROPERTY_POLICIES:-60} file allowed=0 packets=0
	echo "# PROPERTY_SEED=$seed PROPERTY_POLICIES=$n" >&3
	mkdir -p "$LAB/policies"
	python3 "$PROPERTY" generate "$seed" "$n" "$LAB/policies"
	for file in "$LAB"/policies/*; do
		run with "$file" "$SECURE_INIT" setup
		assert_status 0
		run with "$file" python3 "$PROPERTY" judge "$file" "$SECURE_INIT" "$seed$file"
		assert_status 0
		packets=$((packets + $(sed -n 's/^packets \([0-9]*\) .*/\1/p' <<< "$output")))
		allowed=$((allowed + $(sed -n 's/^packets .* allowed //p' <<< "$output")))
		lab_clean
	done
	echo "# $packets packets, $allowed of them allowed" >&3
	# neither all nor none: else there was nothing to tell apart
	[ $allowed -gt $((packets / 10)) ] && [ $allowed -lt $((packets * 9 / 10)) ]
}
