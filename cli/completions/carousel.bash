# SPDX-License-Identifier: Apache-2.0
# bash completion for carousel. Commands and options come from its own --help, so nothing here can be
# out of date.

_carousel_commands() { "$1" --help 2>/dev/null | awk '/^Subcommands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'; }
_carousel_options() { "$1" "$2" --help 2>/dev/null | grep -oE '^ +(-[a-z],)?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+'; }

_carousel() {
  local command=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "$(_carousel_commands "$command") --help --version" -- "$word")
  elif [[ $previous == --backend ]]; then
    # A colon splits words in bash, so families only.
    mapfile -t COMPREPLY < <(compgen -W 'auto xsimd onednn scalar' -- "$word")
  elif [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_carousel_options "$command" "${COMP_WORDS[1]}")" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}

complete -o filenames -F _carousel carousel
