#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch-dependencies.sh DIR: what a build for WebAssembly needs from Debian besides installed packages: the
# headers of a newer libc++ in DIR/libcxx, and the sources of the installed protobuf in DIR/protobuf, since
# its library has to be compiled. What is there already is not fetched again.
set -euo pipefail

target=${1:?usage: fetch-dependencies.sh DIR}
here=$(dirname "$(readlink -f "$0")")

fail() { echo "fetch-dependencies.sh: $*" >&2; exit 1; }

# Unpacks the upstream sources of PACKAGE, which apt has verified, into FOLDER.
fetch_source() {
  local package=$1 folder=$2 mirror codename work
  mirror=$("$here/../debian-mirror.sh") || fail "no Debian mirror to fetch from"
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  work=$(mktemp -d "$target/source.XXXXXX")
  # shellcheck disable=SC2064  # this folder
  trap "rm -rf '$work'" EXIT
  chmod 755 "$work"
  mkdir -p "$work"/{lists,cache/archives}/partial "$work/unpacked"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $codename main" >"$work/sources.list"
  local apt=(-q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o Acquire::Retries=3)
  (cd "$work" && apt-get "${apt[@]}" update && apt-get "${apt[@]}" source --download-only "$package") >"$work/log" 2>&1 ||
    { tail -n 15 "$work/log" >&2; fail "could not download the sources of $package"; }
  tar -C "$work/unpacked" --strip-components=1 -xf "$work"/"${package}"_*.orig.tar.*
  mv -T "$work/unpacked" "$folder"
}

mkdir -p "$target"
[[ -d $target/libcxx/usr ]] || "$here/../fetch-debian-package.sh" bookworm libc++-16-dev "$target/libcxx"
[[ -d $target/protobuf/src ]] || fetch_source protobuf "$target/protobuf"
