# Completion of the Greenlight tools for zsh, sourced by the function _greenlight,
# which `make install` writes.  What there is to complete the program itself says,
# by --help=completion; ids of rows come from complete-ids, beside this file.

typeset -g _greenlight_folder=${${(%):-%x}:A:h}

# _greenlight_ids row|learner|atom
_greenlight_ids()
{
    local id ids=()
    for id in ${(f)"$($_greenlight_folder/complete-ids $1 "${(@Q)words[1,CURRENT-1]}")"}; do
        ids+=("${${id//:/\\:}/$'\t'/:}")
    done
    _describe -V "$1" ids
}

# A text, or the name of a file after an @.
_greenlight_at()
{
    compset -P @ && _files "$@"
}

_greenlight()
{
    local letter name arg values rest action same specs=()
    $words[1] --help=completion 2> /dev/null | while IFS=$'\t' read -r letter name arg values rest; do
        case $values in
        -) action=' ' ;;
        :row\|:file) action=' _alternative "row:row: _greenlight_ids row" files:file:_files' ;;
        :file) action=_files ;;
        :dir) action='_files -/' ;;
        :@file) action=_greenlight_at ;;
        :*) action=" _greenlight_ids ${values#:}" ;;
        *,*) action="_values -s , $arg ${values//,/ }" ;;
        *) action="(${values//|/ })" ;;
        esac
        rest="[${${rest//\[/\\[}//\]/\\]}]"
        if [[ $arg == - ]]; then
            action=
        else
            action=:$arg:$action
        fi
        if [[ $name == - ]]; then
            specs+=(${action:+"*$action"})
        elif [[ $letter == - ]]; then
            specs+=("$name${action:+=}$rest$action")
        else
            specs+=("($letter $name)$name${action:+=}$rest$action" "($letter $name)$letter${action:++}$rest$action")
        fi
    done
    _arguments -s -S : $specs
}
