# GitHub's ranges: only if one of its names is allowed; any doubt is fatal (step 4).
load common

setup() {
	common_setup
	lab_clean
	lab_certificate server
	lab_github ok
	export PARA_ALLOWED_DOMAINS=github.com PARA_SETUP_TIMEOUT=60
}

# refused WORDS [TIMES]: and asked for so many times, or more often. What may pass is asked for as long as there is time: little of
# it, and more where the machine was too slow.
refused() {
	asked() { grep -c 'GET /meta' "$LAB/nginx/access.log" || true; }
	for PARA_SETUP_TIMEOUT in 4 15 60; do
		: > "$LAB/nginx/access.log"
		run caged echo AGENT-RAN
		[[ $status -eq 109 || ($status -eq 106 && ($output == *tim*out* || $(asked) -lt ${2:-0})) ]] || break
	done
	PARA_SETUP_TIMEOUT=60
	assert_refused 106
	assert_says "GitHub"
	assert_says "$1"
	[ "$(asked)" -ge "${2:-0}" ]
}

# an answer of GitHub's form with these lists
meta() { # WEB API GIT
	printf '{"web": %s, "api": %s, "git": %s}' "$1" "$2" "$3"
}

@test "the ranges are in the set, aggregated, and open" {
	run caged "$TRY" -w 20 tcp "$GITHUB_RANGE" 443
	assert_status 0
	assert_says "GitHub's published ranges for web, api and git (9 networks)"
	diff <(members allowed-domains) <(printf '%s\n' 20.201.28.148 20.201.28.151 20.201.28.152 192.30.252.0/22 \
		185.199.108.0/22 140.82.112.0/20 143.55.64.0/20 | sort)
	diff <(members allowed-domains6) <(printf '%s\n' 2606:50c0::/32 2a0a:a440::/29)
	# "actions" holds 4.148.0.0/16 and even 10.0.0.0/8; nobody asked for it
	refute_says "4.148"
}

@test "with ports in the entry, the ranges are open on these alone" {
	PARA_ALLOWED_DOMAINS=github.com:443 run caged sh -c \
		"'$TRY' -w 20 tcp $GITHUB_RANGE 443; '$TRY' -w 20 tcp $GITHUB_RANGE 8443"
	assert_says "open"
	assert_says "EHOSTUNREACH"
}

@test "nothing is fetched where no name of GitHub is allowed" {
	lab_github 500
	: > "$LAB/nginx/access.log"
	PARA_ALLOWED_DOMAINS=api.anthropic.com,notgithub.com.lab,github.com.example.org run caged true
	PARA_ALLOWED_DOMAINS=api.anthropic.com run caged true
	assert_status 0
	[ ! -s "$LAB/nginx/access.log" ]
}

@test "the way to GitHub's API is open only while it is needed" {
	# another allowed name of GitHub's, with a port: the API's address must not stay open on 443
	lab_github json "$(meta '["192.30.252.0/22"]' '["192.30.252.0/22"]' '["192.30.252.0/22"]')"
	PARA_ALLOWED_DOMAINS=github.com:22 run caged "$TRY" -w 20 tcp "$GITHUB_API" 443
	assert_says EHOSTUNREACH
}

@test "GitHub is down: fatal" {
	lab_stop nginx
	refused "Failed to connect"
	lab_nginx
}

@test "GitHub answers with 403, 429, 500, 404: fatal; what may pass is tried again" {
	lab_github 403
	refused "status 403 (the limit for your address may be used up; set GITHUB_TOKEN)" 2
	lab_github 429
	refused "status 429"
	lab_github 503
	refused "status 503"
	lab_github 404
	refused "status 404"
	[ "$(asked)" -eq 1 ]
}

@test "a passing 503 does not matter" {
	lab_github 503
	: > "$LAB/nginx/access.log"
	(lab_wait_for grep -q '"GET /meta.* 503 ' "$LAB/nginx/access.log"; lab_github ok) 3>&- &
	local healer=$!
	run caged echo AGENT-RAN
	assert_status 0
	assert_says AGENT-RAN
	wait $healer
}

@test "GITHUB_TOKEN and GH_TOKEN are used, and never shown" {
	lab_github token
	refused "status 403"
	local variable
	for variable in GITHUB_TOKEN GH_TOKEN; do
		PARA_LOG_LEVEL=debug run env $variable=lab-token bash -c 'source "$1"; caged echo AGENT-RAN' - "$LAB_SOURCE/lab.bash"
		assert_status 0
		assert_says AGENT-RAN
		refute_says lab-token
	done
	GITHUB_TOKEN=wrong-secret refused "status 403"
	refute_says wrong-secret
}

@test "HTML, no JSON, cut-off JSON, another form: fatal" {
	lab_github html
	refused "the answer is not JSON"
	assert_says "<html>hello"
	lab_github json '{"web": ["192.30.252.0/22"'
	refused "the answer is not JSON"
	lab_github json '["192.30.252.0/22"]'
	refused 'no list of ranges named "web"'
	lab_github json ''
	refused "the answer is not JSON"
}

@test "a missing, empty or mistyped field: fatal, and named" {
	local good='["192.30.252.0/22"]'
	lab_github json '{"web": ["192.30.252.0/22"], "api": ["192.30.252.0/22"]}'
	refused 'no list of ranges named "git"'
	lab_github json "$(meta "$good" '[]' "$good")"
	refused 'no list of ranges named "api"'
	lab_github json "$(meta '"192.30.252.0/22"' "$good" "$good")"
	refused 'no list of ranges named "web"'
	lab_github json "$(meta "$good" "$good" '[7]')"
	refused 'item 1 of "git" is not a network'
	lab_github json "$(meta "$good" "$good" '["192.30.252.0/22", "192.30.252.1/22"]')"
	refused 'item 2 of "git" is not a network'
	lab_github json "$(meta "$good" "$good" '["github.com"]')"
	refused 'item 1 of "git" is not a network'
}

@test "everything, too much, private, metadata: fatal, and nothing is believed" {
	local good='["192.30.252.0/22"]' range
	for range in 0.0.0.0/0 ::/0 0.0.0.0/1 128.0.0.0/1 4.0.0.0/7 2000::/3 2600::/15; do
		lab_github json "$(meta "$good" "[\"$range\"]" "$good")"
		refused "$range alone is wider than"
	done
	# two halves that are each narrow enough
	lab_github json "$(meta "$good" '["4.0.0.0/8"]' '["5.0.0.0/8"]')"
	refused "4.0.0.0/7 alone is wider than"
	# most of the internet, in pieces that are
	lab_github json "$(meta "$good" '["3.0.0.0/8", "5.0.0.0/8", "7.0.0.0/8", "9.0.0.0/8"]' "$good")"
	refused "together they hold far more addresses than GitHub has"
	lab_github json "$(meta "$good" '["2600::/20", "2610::/20"]' "$good")"
	refused "together they hold far more addresses than GitHub has"
	for range in 10.1.0.0/16 192.168.1.1/32 127.0.0.1/32 169.254.169.254/32 100.64.0.0/10 224.0.0.0/9 fd00::/16 fe80::/64 ::1/128 \
		::ffff:10.0.0.0/104 172.0.0.0/8; do
		lab_github json "$(meta "$good" "[\"$range\"]" "$good")"
		range=${range%/32}
		refused "cannot be right: ${range%/128} holds"
	done
	[ -z "$(members allowed-domains)" ]
}

@test "a certificate of another authority: fatal, and not tried again" {
	lab_certificate foreign
	refused "its certificate is not to be trusted"
	lab_certificate server
}

@test "the image's own certificates, a variable's, then the embedded ones; one that cannot be read is an error" {
	# a bundle that is not the lab's: the lab's certificate is not trusted
	run cage "$SECURE_INIT" -- echo AGENT-RAN
	assert_refused 106
	assert_says "its certificate is not to be trusted"
	# the lab's CA as the image's own
	CAGE_SETUP="mount --bind '$CA/ca.pem' /etc/ssl/certs/ca-certificates.crt" run cage "$SECURE_INIT" -- echo AGENT-RAN
	assert_status 0
	# no certificates in the image: those embedded at build time are used, and do not know the lab
	CAGE_SETUP="mount -t tmpfs none /etc/ssl" run cage "$SECURE_INIT" -- echo AGENT-RAN
	assert_refused 106
	assert_says "its certificate is not to be trusted"
	SSL_CERT_FILE=/no/such/file run cage "$SECURE_INIT" -- echo AGENT-RAN
	assert_refused 106
	assert_says "the certificates that SSL_CERT_FILE names, '/no/such/file', cannot be read"
	CURL_CA_BUNDLE=$CA/ca.pem run cage "$SECURE_INIT" -- echo AGENT-RAN
	assert_status 0
}

@test "redirects: to the same place a few times, elsewhere never" {
	lab_github redirect-here
	run caged echo AGENT-RAN
	assert_status 0
	lab_github redirect
	refused "it redirects elsewhere, to 'https://example.com/meta'"
}

@test "a proxy of the environment is not asked" {
	https_proxy=http://192.0.2.9:3128 HTTPS_PROXY=http://192.0.2.9:3128 run caged echo AGENT-RAN
	assert_status 0
}

@test "an answer without end is cut off" {
	head -c 9000000 /dev/zero | tr '\0' ' ' > "$LAB/www/other"
	printf 'location = /meta { alias %s/www/other; }\n' "$LAB" > "$LAB/nginx/meta.conf"
	lab_nginx_reload
	refused "longer than 8 MiB"
}
