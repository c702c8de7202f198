# session: replays a shell session and says on descriptor 3 what it came to.
#
# The first word counts the commands (those that prepare and the learner's), which
# follow; then come paths and, after "--", variables to tell of.  The working directory
# is told from where the session began.
home=$PWD HOME=$PWD paths=() variables=() output=/tmp/.output status=0
: > $output

quote()
{
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"}
    text=${text//$'\n'/\\n}
    text=${text//$'\t'/\\t}
    text=${text//$'\r'/\\r}
    printf '"%s"' "${text//[[:cntrl:]]/?}"
}

tell()
{
    local status=${1:-$?} here=$PWD separator='' name
    case $here in
    "$home") here=. ;;
    "$home"/*) here=${here#"$home"/} ;;
    esac
    printf '{"kind":"state","value":{"cwd":'
    quote "$here"
    printf ',"status":%d,"output":' "$status"
    quote "$(head -c 65536 $output | tr -d '\0')"
    printf ',"files":{'
    cd "$home" || return
    for name in "${paths[@]}"; do
        printf '%s' "$separator"
        quote "$name"
        printf ':'
        if [ -f "$name" ]; then quote "$(head -c 65536 -- "$name" | tr -d '\0')"
        elif [ -e "$name" ]; then printf true
        else printf null; fi
        separator=,
    done
    printf '},"variables":{'
    separator=''
    for name in "${variables[@]}"; do
        printf '%s' "$separator"
        quote "$name"
        printf ':'
        if [ -v "$name" ]; then quote "${!name}"; else printf null; fi
        separator=,
    done
    printf '}}}\n'
}

count=$1
shift
commands=("${@:1:count}")
shift "$count"
while [ "$1" != -- ]; do
    paths+=("$1")
    shift
done
shift
variables=("$@")
set --
shopt -s expand_aliases
trap 'tell >&3' EXIT
for command in "${commands[@]}"; do
    eval "$command" > $output 2>&1 < /dev/null
    status=$?
done
trap - EXIT
tell $status >&3
