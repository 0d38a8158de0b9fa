# What the program is made of: its SPDX document, read by Python's JSON and coreutils and held against SPDX 2.3, and the
# comparison of the pins with Debian's indices, on indices that are made up here.
load common

setup_file() {
	HERE=$(mktemp -d)
	PINS=$ROOT/deps/pins
	SBOM=$ROOT/build/secure-init.spdx.json
	FILES=$(dirname "$(cat "$ROOT/build/deps-musl")")/files
	export HERE PINS SBOM FILES
	make -s -C "$ROOT" sbom >&2
}

teardown_file() {
	rm -rf "$HERE"
}

setup() { :; }

# --- the SPDX document ----------------------------------------------------------------------------------------------

@test "sbom: what SPDX 2.3 demands of a document, of each package and of each relationship" {
	python3 - "$SBOM" <<- 'EOF'
		import json, re, sys
		document = json.load(open(sys.argv[1]))
		licence = r"[A-Za-z0-9.-]+( (WITH|OR|AND) [A-Za-z0-9.-]+)*"
		# the SPDX licence list's names that we use; an exception stands behind WITH alone
		known = {"MIT", "curl", "Apache-2.0", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-or-later", "LGPL-2.1-or-later",
		         "MPL-2.0", "GCC-exception-3.1", "Linux-syscall-note"}
		purposes = {"APPLICATION", "LIBRARY", "SOURCE", "ARCHIVE", "OTHER"}
		kinds = {"DESCRIBES", "STATIC_LINK", "CONTAINS", "GENERATED_FROM", "BUILD_DEPENDENCY_OF"}
		assert document["spdxVersion"] == "SPDX-2.3" and document["dataLicense"] == "CC0-1.0"
		assert document["SPDXID"] == "SPDXRef-DOCUMENT" and document["name"]
		assert re.fullmatch(r"https://[^#\s]+", document["documentNamespace"])
		assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["creationInfo"]["created"])
		assert all(re.match("(Tool|Person|Organization): .", creator) for creator in document["creationInfo"]["creators"])
		ids = [package["SPDXID"] for package in document["packages"]]
		assert len(ids) == len(set(ids)) > 10
		for package in document["packages"]:
		    assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", package["SPDXID"]), package
		    assert package["name"] and package["versionInfo"] not in ("", "unknown", "?"), package
		    assert package["downloadLocation"] == "NOASSERTION" or re.match("https://deb.debian.org/", package["downloadLocation"])
		    assert package["supplier"] == "NOASSERTION" or package["supplier"].startswith("Organization: ")
		    assert package["filesAnalyzed"] is False and package["copyrightText"]
		    assert package["primaryPackagePurpose"] in purposes
		    for said in package["licenseDeclared"], package["licenseConcluded"]:
		        assert re.fullmatch(licence, said) and set(re.split(" (?:WITH|OR|AND) ", said)) <= known, said
		    for checksum in package.get("checksums", []):
		        assert checksum["algorithm"] == "SHA256" and re.fullmatch("[0-9a-f]{64}", checksum["checksumValue"])
		    for ref in package.get("externalRefs", []):
		        assert ref["referenceCategory"] == "PACKAGE-MANAGER" and ref["referenceType"] == "purl"
		        assert re.fullmatch(r"pkg:deb/debian/[a-z0-9.-]+@[A-Za-z0-9.~%-]+\?arch=(source|all|amd64|arm64)", ref["referenceLocator"])
		for relationship in document["relationships"]:
		    assert relationship["relationshipType"] in kinds, relationship
		    assert relationship["relatedSpdxElement"] in ids and relationship["spdxElementId"] in ids + ["SPDXRef-DOCUMENT"]
		# nothing stands alone
		assert set(ids) <= {end for r in document["relationships"] for end in (r["spdxElementId"], r["relatedSpdxElement"])}
	EOF
}

# field JQ-LIKE-NAME VALUE FIELD: FIELD of the package whose NAME is VALUE
field() {
	python3 -c '
import json, sys
for package in json.load(open(sys.argv[1]))["packages"]:
    if package.get(sys.argv[2]) == sys.argv[3]:
        value = package.get(sys.argv[4])
        print(value if isinstance(value, str) else value[0].get("checksumValue") or value[0].get("referenceLocator"))
' "$SBOM" "$@"
}

# links KIND: what the program has that relationship with, either way
links() {
	python3 -c '
import json, sys
for r in json.load(open(sys.argv[1]))["relationships"]:
    if r["relationshipType"] == sys.argv[2]:
        print(r["relatedSpdxElement"] if r["spdxElementId"] == "SPDXRef-secure-init" else r["spdxElementId"])
' "$SBOM" "$1" | sed 's/SPDXRef-//' | sort | paste -sd ' '
}

@test "sbom: every pinned file of this architecture, its hash that of the bytes that were built from; the program's own" {
	local library version of path sha n=0 arch
	arch=$(dpkg --print-architecture)
	while read -r library version of path sha; do
		case $of in any | "$arch") ;; *) continue ;; esac
		n=$((n + 1))
		[ "$(field packageFileName "${path##*/}" checksums)" = "$sha" ]
		[ "$(sha256sum < "$FILES/${path##*/}")" = "$sha  -" ]
		[[ "$(field name "$library" versionInfo)" == "$version"-* ]]
		[[ "$(field packageFileName "${path##*/}" downloadLocation)" == */pool/main/$path ]]
	done < <(grep -v '^#' "$PINS")
	[ "$n" -ge 10 ]
	[ "$(field name secure-init checksums)" = "$(sha256sum < "$ROOT/build/secure-init" | cut -d ' ' -f 1)" ]
	[ "$(field name secure-init versionInfo)" = "$("$ROOT/build/secure-init" --version | grep -o '[0-9.]*[0-9]' | head -n 1)" ]
	[ "$(field name presets checksums)" = "$(sha256sum < "$ROOT/fw/presets.txt" | cut -d ' ' -f 1)" ]
	[ "$(field name ca-certificates checksums)" = "$(sha256sum < /etc/ssl/certs/ca-certificates.crt | cut -d ' ' -f 1)" ]
	# a Debian version as the packages say it themselves
	while read -r library version of path sha; do
		[[ $of == "$arch" ]] || continue
		version=$(field name "$library" versionInfo)
		[ "$(dpkg-deb -f "$FILES/${path##*/}" Version)" = "$version" ] ||
			[[ "$(dpkg-deb -f "$FILES/${path##*/}" Built-Using)" == *"(= $version)"* ]]
	done < <(grep -v '^#' "$PINS")
}

@test "sbom: all that is linked is said to be: the libraries of the link, musl, libgcc; headers and data as what they are" {
	[ "$(links STATIC_LINK)" = "c-ares curl jansson libgcc libmnl mbedtls musl" ]
	[ "$(links BUILD_DEPENDENCY_OF)" = linux ]
	[ "$(links CONTAINS)" = "ca-certificates presets" ]
	# -lcurl -lmbedtls -lmbedx509 -lmbedcrypto -lcares -ljansson -lmnl: no library more than those
	[ "$(make -s -C "$ROOT" --no-print-directory print-libraries | tr ' ' '\n' |
		sed 's/^-l//; s/^mbed.*/mbedtls/; s/^cares/c-ares/; s/^mnl/libmnl/' | sort -u | paste -sd ' ')" = "c-ares curl jansson libmnl mbedtls" ]
}

@test "sbom: the same bytes again, with the date that was asked for; not without what it needs" {
	local -x SOURCE_DATE_EPOCH=1700000000
	"$ROOT/deps/sbom" "$ROOT/build/secure-init" 0.1.0 amd64 > "$HERE/first"
	(cd / && TZ=Asia/Tokyo LC_ALL=C "$ROOT/deps/sbom" "$ROOT/build/secure-init" 0.1.0 amd64 > "$HERE/second")
	cmp "$HERE/first" "$HERE/second"
	grep -q '"created": "2023-11-14T22:13:20Z"' "$HERE/first"
	run "$ROOT/deps/sbom" "$HERE/nothing" 0.1.0 amd64
	[ "$status" -ne 0 ]
	mkdir -p "$HERE/tree/docs" "$HERE/tree/fw"
	cp -R "$ROOT/deps" "$HERE/tree/deps"
	cp "$ROOT/fw/presets.txt" "$HERE/tree/fw/"
	grep -v '^| jansson' "$ROOT/docs/licences.md" > "$HERE/tree/docs/licences.md"
	run "$HERE/tree/deps/sbom" "$ROOT/build/secure-init" 0.1.0 amd64
	[ "$status" -ne 0 ]
	assert_says "docs/licences.md has no line of jansson"
}

# --- the audit ------------------------------------------------------------------------------------------------------

# index: in which Debian has just what is pinned
index() {
	rm -rf "$HERE/index"
	mkdir -p "$HERE/index"
	local library version
	for library in $(grep -v '^#' "$PINS" | cut -d ' ' -f 1 | sort -u); do
		in_suite trixie "$library" "$(field name "$library" versionInfo)"
	done
	in_suite trixie-updates tzdata 2026a-1
	in_suite trixie-security openssl 3.5.1-1+deb13u9
}

# in_suite SUITE SOURCE VERSION
in_suite() {
	printf 'Package: %s\nBinary: lib%s\nVersion: %s\nFormat: 3.0 (quilt)\n\n' "$2" "$2" "$3" >> "$HERE/index/$1.Sources"
}

audit() { AUDIT_INDEX=$HERE/index run "$ROOT/deps/audit"; }

@test "audit: all as new as Debian's: each said to be current" {
	index
	audit
	assert_status 0
	[ "$(grep -c ' current$' <<< "$output")" -eq "$(grep -v '^#' "$PINS" | cut -d ' ' -f 1 | sort -u | wc -l)" ]
}

@test "audit: a security update is missing, or one of the stable release: named, and the exit status 1" {
	index
	in_suite trixie-security jansson 2.14-2+deb13u1
	audit
	assert_status 1
	assert_says "2.14-2+deb13u1 in trixie-security: a security update"
	assert_says "1 of the libraries must move"
	[ "$(grep -c ' current$' <<< "$output")" -ge 5 ]

	index
	in_suite trixie-security mbedtls 99.0-1~deb13u1
	in_suite trixie-security mbedtls 2.0-1
	in_suite trixie-updates curl 99.0-1~deb13u2
	audit
	assert_status 1
	assert_says "99.0-1~deb13u1 in trixie-security: a security update"
	assert_says "99.0-1~deb13u2 in trixie-updates: an update of the stable release"
	assert_says "2 of the libraries must move"
}

@test "audit: older ones are nothing, a newer version alone is told, a kernel's fixes are not its headers'" {
	index
	in_suite trixie-security curl 7.0-1+deb13u1
	in_suite trixie jansson 99.0-1
	in_suite trixie-security linux 99.0-1
	audit
	assert_status 0
	grep -Eq '^curl .* current$' <<< "$output"
	assert_says "99.0-1 in trixie: newer"
	assert_says "its headers alone are used, and no code"
}

@test "audit: what cannot be told is not 'current': no index, an empty one, a library that is not in it" {
	index
	rm "$HERE/index/trixie-security.Sources"
	audit
	assert_status 1
	assert_says "no index of trixie-security; nothing is known of newer versions"

	index
	: > "$HERE/index/trixie.Sources"
	audit
	assert_status 1

	index
	sed -i 's/^Package: musl$/Package: muscle/' "$HERE/index/trixie.Sources"
	audit
	assert_status 1
	assert_says "not in trixie: nobody's security updates are known"

	# an archive that is not there; its address stays in
	DEBIAN_MIRROR=file:///nowhere/of-mine DEBIAN_SECURITY_MIRROR=file:///nowhere/of-mine run "$ROOT/deps/audit"
	assert_status 1
	assert_says "nothing is known of newer versions"
	refute_says of-mine
}

@test "audit: a pin whose Debian version its files' names do not tell is refused" {
	index
	cp -R "$ROOT/deps" "$HERE/odd"
	sed -i '/jansson_.*debian/d' "$HERE/odd/pins"
	AUDIT_INDEX=$HERE/index run "$HERE/odd/audit"
	assert_status 1
	assert_says "jansson: its version cannot be told"
}
