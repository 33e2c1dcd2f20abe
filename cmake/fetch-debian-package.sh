#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch-debian-package.sh SUITE PACKAGE DIR [ARCHITECTURE]: unpacks PACKAGE of Debian's SUITE into DIR; without
# ARCHITECTURE, that of this machine.
#
# For headers that an older Debian does not have, such as Debian 12's too old xsimd, and for libraries to
# cross-compile with. The mirror is the one apt is configured with, apt checks the signatures, and nothing
# outside DIR and a temporary folder is touched.
set -euo pipefail

suite=${1:?usage: fetch-debian-package.sh SUITE PACKAGE DIR [ARCHITECTURE]}
package=${2:?usage: fetch-debian-package.sh SUITE PACKAGE DIR [ARCHITECTURE]}
target=${3:?usage: fetch-debian-package.sh SUITE PACKAGE DIR [ARCHITECTURE]}
architecture=${4:-$(dpkg --print-architecture)}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() { echo "fetch-debian-package.sh: $*" >&2; exit 1; }

for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || fail "$tool not found; this works on Debian only"
done
[[ -r $keyring ]] || fail "$keyring not found; install debian-archive-keyring"

mirror=$("$(dirname "$0")/debian-mirror.sh") || fail "no Debian mirror to fetch from"

mkdir -p "$(dirname "$target")"
unpacked=$(mktemp -d "$target.XXXXXX")
work=$(mktemp -d)
trap 'rm -rf "$work" "$unpacked"' EXIT
chmod 755 "$work" "$unpacked" # apt downloads as its own user
mkdir -p "$work"/{lists,cache/archives}/partial "$work/download"

echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
: >"$work/status"
apt=(-q
  -o APT::Architecture="$architecture" -o APT::Architectures="$architecture"
  -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache"
  -o Acquire::Languages=none -o Acquire::Retries=3)

cd "$work/download"
[[ $(id -u) != 0 ]] || chown _apt . 2>/dev/null || true
{ apt-get "${apt[@]}" update && apt-get "${apt[@]}" download "$package"; } >"$work/log" 2>&1 ||
  { tail -n 15 "$work/log" >&2; fail "could not download $package of $suite"; }
dpkg-deb -x "$package"_*.deb "$unpacked"

# A rename is atomic: of two builds at once one wins, and both find the same files.
mv -T "$unpacked" "$target" 2>/dev/null || [[ -d $target/usr ]] || fail "$target is in the way; remove it"
echo "unpacked $(basename "$package"_*.deb .deb) into $target"
