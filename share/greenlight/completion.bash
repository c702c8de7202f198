# Completion of the Greenlight tools for bash: bash-completion loads it under each
# program's name.  What there is to complete the program itself says, by
# --help=completion; ids of rows come from complete-ids, beside this file.

# _greenlight_values KINDS: adds what can stand for the value $cur.
_greenlight_values()
{
    local kind
    case $1 in
    -) return ;;
    *,*) # words of a list, of which the last one is being typed
        local typed=${cur%"${cur##*,}"}
        mapfile -t COMPREPLY < <(compgen -P "$typed" -W "${1//,/ }" -- "${cur##*,}")
        return
        ;;
    esac
    for kind in ${1//|/ }; do
        case $kind in
        :file) _filedir ;;
        :dir) _filedir -d ;;
        :@file)
            [[ $cur == @* ]] || return
            cur=${cur#@}
            _filedir
            COMPREPLY=("${COMPREPLY[@]/#/@}")
            ;;
        :*) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W \
            "$("${BASH_SOURCE[0]%/*}/../../greenlight/complete-ids" "${kind#:}" "${words[@]::cword}" | cut -f 1)" -- "$cur") ;;
        *) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$kind" -- "$cur") ;;
        esac
    done
}

_greenlight()
{
    local cur prev words cword letter name arg values rest asked='' names=() operands=-
    _init_completion -n =: || return
    if [[ " ${words[*]:1:cword-1} " != *' -- '* ]]; then
        case $cur,$prev in
        --*=*) asked=${cur%%=*} cur=${cur#*=} ;;
        *,-*) asked=$prev ;;
        esac
    fi
    while IFS=$'\t' read -r letter name arg values rest; do
        if [ "$name" = - ]; then
            operands=$values
        elif [ "$arg" != - ] && { [ "$asked" = "$name" ] || { [ "$asked" = "$letter" ] && [ "$letter" != - ]; }; }; then
            _greenlight_values "$values"
            __ltrim_colon_completions "$cur"
            return
        else
            names+=("$name")
        fi
    done < <("$1" --help=completion 2> /dev/null)
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${names[*]}" -- "$cur")
    else
        _greenlight_values "$operands"
        __ltrim_colon_completions "$cur"
    fi
} && complete -F _greenlight "${BASH_SOURCE[0]##*/}"
