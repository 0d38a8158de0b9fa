# sbom.awk: deps/sbom's lines in, the SPDX document out. Knows nothing but those lines and how SPDX 2.3 writes them:
#
#   document DATE ARCHITECTURE
#   program VERSION SHA256 FILE
#   licence NAME EXPRESSION                 of docs/licences.md, before what it is of
#   pin LIBRARY PATH SHA256                 of deps/pins
#   compiler LIBRARY VERSION PACKAGE        the compiler's own, by Debian's package
#   data NAME VERSION SHA256 FILE           compiled in as it is

function text(s) { # a JSON string
	if (s ~ /["\\]/ || s ~ /[[:cntrl:]]/) { print "deps/sbom: not to be written in JSON: " s > "/dev/stderr"; failed = 1 }
	return "\"" s "\""
}

function sum(hash) {
	if (length(hash) != 64) { print "deps/sbom: a SHA-256 is missing" > "/dev/stderr"; failed = 1 }
	return hash
}

function purl(name, version, arch) {
	gsub(/\+/, "%2B", version)
	return "pkg:deb/debian/" name "@" version "?arch=" arch
}

function field(name, value) { return ",\n      " text(name) ": " text(value) }

# One package. "" for what it does not have.
function package(id, name, version, supplier, location, licence, purpose, file, hash, ref) {
	packages = packages (packages ? "," : "") "\n    {\n      \"SPDXID\": " text("SPDXRef-" id) field("name", name) \
		(version == "" ? "" : field("versionInfo", version)) field("supplier", supplier) \
		field("downloadLocation", location) ",\n      \"filesAnalyzed\": false" \
		field("licenseConcluded", licence) field("licenseDeclared", licence) field("copyrightText", "NOASSERTION") \
		field("primaryPackagePurpose", purpose) (file == "" ? "" : field("packageFileName", file)) \
		(hash == "" ? "" : ",\n      \"checksums\": [{\"algorithm\": \"SHA256\", \"checksumValue\": " text(hash) "}]") \
		(ref == "" ? "" : ",\n      \"externalRefs\": [{\"referenceCategory\": \"PACKAGE-MANAGER\", " \
			"\"referenceType\": \"purl\", \"referenceLocator\": " text(ref) "}]") "\n    }"
}

function relation(from, type, to) {
	relations = relations (relations ? "," : "") "\n    {\"spdxElementId\": " text("SPDXRef-" from) \
		", \"relationshipType\": " text(type) ", \"relatedSpdxElement\": " text("SPDXRef-" to) "}"
}

function licence_of(name) {
	if (name in licences) return licences[name]
	print "deps/sbom: docs/licences.md has no line of " name > "/dev/stderr"
	failed = 1
}

$1 == "document" { created = $2; arch = $3 }
$1 == "licence" { name = $2; sub(/^[^ ]+ [^ ]+ /, ""); licences[name] = $0 }
$1 == "program" {
	hash = sum($3)
	version_of_all = $2
	package("secure-init", "secure-init", $2, "NOASSERTION", "NOASSERTION", "GPL-2.0-or-later", "APPLICATION", $4, $3, "")
}
# In c/c-ares/c-ares_1.34.8-1.debian.tar.xz: Debian's version is in the name of the file that has Debian's part.
$1 == "pin" {
	name = $2
	n = split($3, parts, "/")
	file = parts[n]
	source = file ~ /\.tar\./
	split(file, words, "_")
	version = words[2]
	sub(/\.(orig|debian)\.tar\..*/, "", version)
	ref = source ? "" : purl(words[1], version, file ~ /_all\.deb$/ ? "all" : arch)
	if (!(name in versions)) order[++libraries] = name
	if (file !~ /\.orig\.tar\./) { versions[name] = version; sub(/cross[0-9]+$/, "", versions[name]) }
	else if (!(name in versions)) versions[name] = ""
	ids[name] = ids[name] " " file
	locations[file] = archive "/" $3
	hashes[file] = sum($4)
	refs[file] = ref
	file_versions[file] = version
	sources[file] = source
}
$1 == "compiler" {
	package($2, $2, $3, "Organization: Debian", "NOASSERTION", licence_of($2), "LIBRARY", "", "", purl($4, $3, arch))
	relation("secure-init", "STATIC_LINK", $2)
}
$1 == "data" {
	ours = $2 == "presets"
	package($2, $2, $3, ours ? "NOASSERTION" : "Organization: Debian", "NOASSERTION", ours ? "GPL-2.0-or-later" : licence_of($2),
		"OTHER", $5, sum($4), ours ? "" : purl($2, $3, "all"))
	relation("secure-init", "CONTAINS", $2)
}
END {
	for (i = 1; i <= libraries; i++) {
		name = order[i]
		package(name, name, versions[name], "Organization: Debian", "NOASSERTION", licence_of(name),
			name == "linux" ? "SOURCE" : "LIBRARY", "", "", purl(name, versions[name], "source"))
		# headers hold no code: they are needed to build
		if (name == "linux") relation(name, "BUILD_DEPENDENCY_OF", "secure-init")
		else relation("secure-init", "STATIC_LINK", name)
		n = split(ids[name], files, " ")
		for (j = 1; j <= n; j++) {
			id = name "-file-" j
			package(id, files[j], file_versions[files[j]], "Organization: Debian", locations[files[j]], licence_of(name),
				sources[files[j]] ? "SOURCE" : "ARCHIVE", files[j], hashes[files[j]], refs[files[j]])
			relation(name, "GENERATED_FROM", id)
		}
	}
	if (failed) exit 1
	printf "{\n  \"spdxVersion\": \"SPDX-2.3\",\n  \"dataLicense\": \"CC0-1.0\",\n  \"SPDXID\": \"SPDXRef-DOCUMENT\",\n"
	printf "  \"name\": %s,\n", text("secure-init-" version_of_all "-" arch)
	printf "  \"documentNamespace\": %s,\n", text("https://spdx.org/spdxdocs/secure-init-" version_of_all "-" arch "-" hash)
	printf "  \"creationInfo\": {\"created\": %s, \"creators\": [\"Tool: secure-init-sbom\"]},\n", text(created)
	printf "  \"packages\": [%s\n  ],\n", packages
	printf "  \"relationships\": [\n    {\"spdxElementId\": \"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", "
	printf "\"relatedSpdxElement\": \"SPDXRef-secure-init\"},%s\n  ]\n}\n", relations
}
