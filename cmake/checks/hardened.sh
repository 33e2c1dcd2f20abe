#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardened.sh READELF FILE...: fails unless each shared library or program binds its symbols when it
# is loaded, has its relocations read-only then, no executable stack, and is compiled with the stack
# protector and with FORTIFY. Programs are position-independent as well.
set -euo pipefail
(($# >= 2)) || { echo "usage: hardened.sh READELF FILE..." >&2; exit 2; }
readelf=$1
shift

failed=0
for file in "$@"; do
  [[ -f $file ]] || { echo "$file: there is no such file"; exit 1; }
  dynamic=$("$readelf" -Wd "$file") segments=$("$readelf" -Wl "$file") symbols=$("$readelf" -W --dyn-syms "$file")
  require() { grep -qE "$2" <<<"$1" || { echo "$file: $3"; failed=1; }; }
  require "$dynamic" 'BIND_NOW|FLAGS_1.*NOW' "does not bind at once (-z now)"
  require "$segments" 'GNU_RELRO' "leaves relocations writable (-z relro)"
  require "$segments" 'GNU_STACK.* RW ' "has an executable stack"
  require "$segments" 'Elf file type is DYN' "is not position-independent"
  require "$symbols" 'UND __stack_chk_fail' "has no stack protector (-fstack-protector-strong)"
  require "$symbols" 'UND __[a-z_]+_chk[@ ]' "has no FORTIFY (-D_FORTIFY_SOURCE=2)"
done
((failed == 0)) && echo "hardened: $*"
