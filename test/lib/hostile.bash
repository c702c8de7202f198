# hostile: what the tests of a server that misbehaves have in common.

load lib/submit

token=s3cret-Token

# The usual limits, for rows that are quick; a row's own options come after them.
limits=(--timeout 10s --attempts 2 --backoff-base 1ms --jitter 0)

# answer BODY [STATUS [HEADER ...]]: a raw answer with that body (characters up to
# U+00FF, each one byte), well-formed but for what it is given.
answer() {
    local body=$1 status=${2-200} headers=''
    shift $(($# < 2 ? $# : 2))
    [ $# = 0 ] || headers=$(printf '%s\r\n' "$@" && echo .)
    jq -nc --arg body "$body" --arg status "$status" --arg headers "${headers%.}" \
        '"HTTP/1.1 \($status) Said\r\nContent-Length: \($body | length)\r\nConnection: close\r\n\($headers)\r\n\($body)"'
}

# complains ROW WHAT: fails, saying of which row and with what it was answered.
complains() {
    fail "$2, where the server says $(head -c 400 <<< "$1")"$'\n'"$(head -c 2000 "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err")"
}

# hostile STATUS CLASS RAW [OPTION ...]: gl-submit's answer to a server that
# answers so is one record of that status and class, the exit code fits, memory
# stays flat, no control character and no secret is printed.  CLASS null: no error.
hostile() {
    local status=$1 class=$2 raw=$3 dir=$BATS_TEST_TMPDIR code=0 expected
    shift 3
    echo "$token" > "$dir/token"
    printf '{"atom_id":"a","mock":{"raw":%s}}\n' "$raw" > "$dir/in"
    command time -q -f %M -o "$dir/peak" timeout 20 gl-submit --token-file "$dir/token" "${limits[@]}" "$@" "$dir/in" \
        > "$dir/out" 2> "$dir/err" || code=$?
    case $status in
        complete | incomplete) expected=0 ;;
        unavailable) expected=75 ;;
        protocol_error) expected=76 ;;
        *) expected=69 ;;
    esac
    [ "$class" != unauthorised ] || expected=77
    [ "$code" = "$expected" ] || complains "$raw" "exit $code and not $expected"
    # jq reads no surrogates that stand alone.
    sed 's/\\ud[89a-f]..//g' "$dir/out" | jq -se --arg status "$status" --arg class "$class" '
        length == 1 and (.[0] | .atom_id == "a" and .status == $status and (.error.class // "null") == $class
        and (.status == "complete" or (.correct == null and .partial_score == null))
        and (.partial_score // 0 | . >= 0 and . <= 1))' > /dev/null || complains "$raw" "no such record"
    [ "$(wc -l < "$dir/out")" = 1 ] || complains "$raw" "not one line"
    ! grep -q "$token" "$dir/out" "$dir/err" || complains "$raw" "the token is shown"
    ! LC_ALL=C grep -q '[^[:print:]]' "$dir/err" || complains "$raw" "control characters are shown"
    [ "$(wc -l < "$dir/err")" -le 4 ] || complains "$raw" "more than one line of messages"
    [ -n "$GL_SANITIZE" ] || [ "$(< "$dir/peak")" -lt 61440 ] || complains "$raw" "$(< "$dir/peak") KiB"
}
