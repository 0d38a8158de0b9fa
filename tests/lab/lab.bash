# The laboratory: a container's network namespace beside a pretend internet, both made here and gone with us.
# Sourced by the tests, the demo and the benchmarks.
#
#   world   a real dnsmasq, a real nginx (HTTPS with a CA of its own), plain TCP and UDP listeners, on addresses
#           that look like the internet's but live in this namespace alone
#   cage    eth0 172.17.0.2/16 and fd17::2/64, default routes to the world: what a container on a bridge sees
#
# Nothing outside of these two namespaces is changed; lab_guard sees to it.

LAB_SOURCE=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
ROOT=${LAB_SOURCE%/*/*}
source "$LAB_SOURCE/wait.bash"
SECURE_INIT=${SECURE_INIT:-$ROOT/build/secure-init}
# prints "open" or why not (try.c)
TRY=$ROOT/build/try

# Debian's programs, not what else a machine may have in front of them
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

GATEWAY=172.17.0.1 GATEWAY6=fd17::1
# What the names resolve to; every one of them is served.
ANTHROPIC=160.79.104.10 ANTHROPIC6=2607:6bc0::10
GITHUB=140.82.112.3 GITHUB_API=140.82.121.6 GITHUB_RANGE=192.30.252.44 GITHUB6=2606:50c0:8000::153
NPM=104.16.1.34 NPM6=2606:4700::6810:122
EXAMPLE=93.184.216.34 EXAMPLE6=2606:2800:220:1::1946
BLOCKED=151.101.1.69 BLOCKED6=2a04:4e42::645 # a live host that nobody allows

WORLD4="$ANTHROPIC $GITHUB $GITHUB_API $GITHUB_RANGE $NPM $EXAMPLE $BLOCKED 192.0.2.1 10.9.8.7"
WORLD6="$ANTHROPIC6 $GITHUB6 $NPM6 $EXAMPLE6 $BLOCKED6 2001:db8::1"

# The lab belongs in a network namespace that is not the machine's own: run it under `unshare --net --mount`.
lab_guard() {
	if [ -e /proc/sys/net/core/netdev_max_backlog ]; then
		echo "lab: this is the machine's own network namespace; run under: unshare --net --mount" >&2
		exit 1
	fi
}

# lab_ca: a CA, and one certificate for all names of the lab. Kept in build/, it takes a while.
lab_ca() {
	CA=$ROOT/build/lab-ca
	[ -f "$CA/done" ] && return
	mkdir -p "$CA"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Lab CA" \
		-keyout "$CA/ca.key" -out "$CA/ca.pem" 2> /dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=lab" \
		-keyout "$CA/server.key" -out "$CA/server.csr" 2> /dev/null
	openssl x509 -req -in "$CA/server.csr" -CA "$CA/ca.pem" -CAkey "$CA/ca.key" -CAcreateserial -days 3650 \
		-extfile <(printf 'subjectAltName=%s' "DNS:api.github.com,DNS:github.com,DNS:api.anthropic.com,DNS:registry.npmjs.org,DNS:example.com") \
		-out "$CA/server.pem" 2> /dev/null
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=api.github.com" \
		-addext "subjectAltName=DNS:api.github.com" \
		-keyout "$CA/foreign.key" -out "$CA/foreign.pem" 2> /dev/null
	touch "$CA/done"
}

# lab_up [DELAY_MS]: both namespaces, all servers. LAB is the folder of its files.
lab_up() {
	local delay=${1:-0} address
	lab_guard
	LAB=$(mktemp -d "${TMPDIR:-/tmp}/secure-init-lab.XXXXXX")
	CAGE=cage-$$-$RANDOM WORLD=world-$$-$RANDOM
	mkdir -p /run/netns
	ip netns add "$WORLD"
	ip netns add "$CAGE"
	ip -n "$CAGE" -batch - <<- EOF
		link set lo up
		link add eth0 type veth peer name eth0 netns $WORLD
	EOF
	{
		printf 'link set lo up\naddr add %s/16 dev eth0\naddr add %s/64 dev eth0 nodad\n' "$GATEWAY" "$GATEWAY6"
		printf 'addr add %s dev lo\n' $WORLD4
		printf 'addr add %s dev lo nodad\n' $WORLD6
		echo link set eth0 up
	} | ip -n "$WORLD" -batch -
	lab_cage_network
	if [ "$delay" != 0 ]; then
		ip netns exec "$CAGE" tc qdisc add dev eth0 root netem delay "${delay}ms" limit 10000
		ip netns exec "$WORLD" tc qdisc add dev eth0 root netem delay "${delay}ms" limit 10000
	fi
	lab_ca
	lab_dns "$LAB_SOURCE/dnsmasq.conf"
	lab_nginx
	ip netns exec "$WORLD" python3 "$LAB_SOURCE/listen.py" $GATEWAY $GATEWAY6 $WORLD4 $WORLD6 > "$LAB/listen.log" 2>&1 3>&- &
	echo $! > "$LAB/listen.pid"
	lab_wait_for grep -q ready "$LAB/listen.log"
	printf 'nameserver %s\n' "$GATEWAY" > "$LAB/resolv.conf"
}

# The cage's addresses and routes, which a test may have taken away.
lab_cage_network() {
	ip -n "$CAGE" -batch - <<- EOF
		link set eth0 up
		addr replace 172.17.0.2/16 dev eth0
		addr replace fd17::2/64 dev eth0 nodad
		route replace default via $GATEWAY
		route replace default via $GATEWAY6
	EOF
}

# lab_dns FILE: (re)starts dnsmasq with this configuration.
lab_dns() {
	lab_dns_stop
	rm -f "$LAB/dnsmasq.up"
	cp "$1" "$LAB/dnsmasq.conf"
	ip netns exec "$WORLD" dnsmasq --keep-in-foreground --conf-file="$LAB/dnsmasq.conf" --log-queries \
		--pid-file="$LAB/dnsmasq.up" --log-facility="$LAB/dns.log" > "$LAB/dnsmasq.out" 2>&1 3>&- &
	echo $! > "$LAB/dnsmasq.pid"
	# written once it listens
	lab_wait_for test -s "$LAB/dnsmasq.up"
}

lab_dns_stop() { lab_stop dnsmasq; }

# lab_stop NAME: ends the server whose pid is in LAB/NAME.pid, and waits until it has ended.
lab_stop() {
	local pid
	[ -s "$LAB/$1.pid" ] || return 0
	read -r pid < "$LAB/$1.pid"
	: > "$LAB/$1.pid"
	kill "$pid" 2> /dev/null || return 0
	lab_wait_for lab_ended "$pid"
}

# also a zombie has ended: whoever started it reaps it
lab_ended() {
	local stat
	! { read -r stat < "/proc/$1/stat"; } 2> /dev/null || [[ $stat == *") Z "* ]]
}

lab_nginx() {
	mkdir -p "$LAB/www" "$LAB/nginx"
	cp "$LAB_SOURCE/meta.json" "$LAB/www/meta"
	lab_github ok
	sed -e "s|@LAB@|$LAB|g; s|@CA@|$CA|g" "$LAB_SOURCE/nginx.conf" > "$LAB/nginx.conf"
	ip netns exec "$WORLD" nginx -e "$LAB/nginx/error.log" -c "$LAB/nginx.conf" 3>&- &
	echo $! > "$LAB/nginx.pid"
	lab_wait_for test -s "$LAB/nginx/pid"
	lab_wait_for ip netns exec "$WORLD" curl -sk -o /dev/null --max-time 10 "https://$GITHUB_API/"
}

# lab_github MODE: what https://api.github.com/meta does from now on.
lab_github() {
	case $1 in
	ok) printf 'location = /meta { default_type application/json; }\n' ;;
	html) printf 'location = /meta { default_type text/html; return 200 "<html>hello</html>"; }\n' ;;
	redirect) printf 'location = /meta { return 302 https://example.com/meta; }\n' ;;
	redirect-here) printf 'location = /meta { return 302 https://api.github.com/meta2; }\nlocation = /meta2 { alias %s/www/meta; }\n' "$LAB" ;;
	token) printf 'location = /meta { if ($http_authorization != "Bearer lab-token") { return 403; } }\n' ;;
	[0-9]*) printf 'location = /meta { return %s; }\n' "$1" ;;
	json) # lab_github json TEXT
		printf '%s' "$2" > "$LAB/www/other"
		printf 'location = /meta { alias %s/www/other; }\n' "$LAB"
		;;
	esac > "$LAB/nginx/meta.conf"
	lab_nginx_reload
}

# lab_git: a repository with one commit at https://github.com/project.git
lab_git() {
	git init -q --bare "$LAB/www/project.git"
	git -C "$LAB/www/project.git" -c user.name=lab -c user.email=lab@lab.invalid \
		update-ref HEAD "$(git -C "$LAB/www/project.git" -c user.name=lab -c user.email=lab@lab.invalid commit-tree -m lab "$(git -C "$LAB/www/project.git" mktree < /dev/null)")"
	git -C "$LAB/www/project.git" update-server-info
}

# lab_certificate server|foreign
lab_certificate() {
	printf 'ssl_certificate %s/%s.pem;\nssl_certificate_key %s/%s.key;\n' "$CA" "$1" "$CA" "$1" > "$LAB/nginx/certificate.conf"
	lab_nginx_reload
}

lab_nginx_reload() {
	[ -f "$LAB/nginx/certificate.conf" ] ||
		printf 'ssl_certificate %s/server.pem;\nssl_certificate_key %s/server.key;\n' "$CA" "$CA" > "$LAB/nginx/certificate.conf"
	[ -s "$LAB/nginx.pid" ] || return 0
	local pid old
	read -r pid < "$LAB/nginx.pid"
	read -r old < "/proc/$pid/task/$pid/children" || true
	kill -HUP "$pid"
	lab_wait_for lab_nginx_reloaded "$pid" "$old"
}

# the workers of before are gone, and there is a new one
lab_nginx_reloaded() { # PID WORKERS
	local worker new
	read -r new < "/proc/$1/task/$1/children" || [ -n "$new" ] || return
	for worker in $2; do
		[[ " $new " != *" $worker "* ]] || return 1
	done
}

# lab_clean: no rules and no sets in the cage, as in a namespace that is new.
lab_clean() {
	ip netns exec "$CAGE" nft flush ruleset
	# the kernel lets go of a set some ms after the rule that named it
	lab_wait_for ip netns exec "$CAGE" ipset destroy
}

lab_down() {
	lab_stop dnsmasq
	lab_stop nginx
	lab_stop listen
	ip netns del "$CAGE" 2> /dev/null
	ip netns del "$WORLD" 2> /dev/null
	rm -rf "$LAB"
	return 0
}

# cage COMMAND...: a container: the command as PID 1 with Docker's capabilities, NET_ADMIN, and some groups.
# CAGE_CAPS overrides the capabilities, CAGE_RESOLV the resolv.conf, CAGE_SETUP is shell run before as root,
# CAGE_UNDER a command (strace) that all of it runs under.
DOCKER_CAPS=+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap
cage() {
	local caps=-all,${CAGE_CAPS-$DOCKER_CAPS,+net_admin}
	nsenter --net="/run/netns/$CAGE" ${CAGE_UNDER:-} unshare --pid --fork --kill-child --mount --mount-proc --uts --ipc \
		--propagation private -- sh -c '
		[ ! -e /proc/sys/net/core/netdev_max_backlog ] || { echo "cage: not in the machine'\''s own network" >&2; exit 99; }
		mount --bind "$1" /etc/resolv.conf || exit 99
		eval "$2"
		caps=$3
		shift 3
		exec setpriv --groups 4,24 --bounding-set "$caps" --inh-caps -all -- "$@"' cage \
		"${CAGE_RESOLV:-$LAB/resolv.conf}" "${CAGE_SETUP:-}" "${caps%,}" "$@"
}

# caged COMMAND...: the same with secure-init as PID 1 and COMMAND as the agent, trusting the lab's CA.
caged() {
	SSL_CERT_FILE=$CA/ca.pem GIT_SSL_CAINFO=$CA/ca.pem cage "$SECURE_INIT" -- "$@"
}

# in_cage COMMAND...: beside the container, in its network, with all rights: an outside reader.
in_cage() {
	nsenter --net="/run/netns/$CAGE" -- "$@"
}
