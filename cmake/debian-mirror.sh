#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the address of the Debian mirror that apt is configured with.
set -euo pipefail

# shellcheck source=/dev/null
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
# shellcheck disable=SC2016  # apt expands these
mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
  awk -v codename="$codename" \
    '$2 == "main" && ($1 == codename || $1 ~ /^(old)*stable$/) { print $3; exit }')
[[ -n $mirror ]] || { echo "apt's configuration names no mirror for '$codename main'" >&2; exit 1; }
echo "$mirror"
