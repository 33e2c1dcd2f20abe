# SPDX-License-Identifier: Apache-2.0
# Sets carousel_default_deps_dir: where fetched dependencies are kept, unless somebody says otherwise.
if(DEFINED ENV{XDG_CACHE_HOME})
  set(carousel_default_deps_dir "$ENV{XDG_CACHE_HOME}/carousel/deps")
else()
  set(carousel_default_deps_dir "$ENV{HOME}/.cache/carousel/deps")
endif()
