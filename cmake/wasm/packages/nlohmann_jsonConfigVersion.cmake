# SPDX-License-Identifier: Apache-2.0
# The host has one version, which its own builds use too.
set(PACKAGE_VERSION "${PACKAGE_FIND_VERSION}")
set(PACKAGE_VERSION_COMPATIBLE TRUE)
