#!/usr/bin/env bats
# gl-submit and gl-poll with a server that misbehaves in every way a server can:
# whatever it sends, one record comes out, of the right class, in flat memory.

load lib/common
load lib/hostile

setup_file() {
    start_server "$BATS_FILE_TMPDIR"
    export MOCK_URL=$GREENLIGHT_API_URL # lib/common takes the other out of each test's environment
}

teardown() { # of a test's own
    stop_server
}

setup() {
    export GREENLIGHT_API_URL=$MOCK_URL
}

teardown_file() {
    stop_server
}

ok='HTTP/1.1 200 OK\r\n'

@test "hostile: headers that trickle are a time-out" {
    hostile unavailable timeout "[\"$ok\",{\"bytes\":\"X: y\\r\\n\",\"times\":0,\"wait_ms\":20}]" --timeout 300ms
    hostile unavailable timeout '[{"bytes":"H","wait_ms":400}]' --timeout 200ms
    hostile unavailable timeout "[\"$ok\",{\"bytes\":\"x\",\"times\":0,\"wait_ms\":20}]" --timeout 300ms
}

@test "hostile: a body that trickles is a time-out" {
    hostile unavailable timeout "[\"${ok}Content-Length: 9999\\r\\n\\r\\n\",{\"bytes\":\" \",\"times\":0,\"wait_ms\":20}]" --timeout 300ms
    hostile unavailable timeout "[\"${ok}Transfer-Encoding: chunked\\r\\n\\r\\n\",{\"bytes\":\"1\\r\\n \\r\\n\",\"times\":0,\"wait_ms\":20}]" --timeout 300ms
    hostile unavailable timeout "[\"${ok}\\r\\n{\\\"correct\\\":true}\",{\"wait_ms\":5000}]" --timeout 300ms
}

@test "hostile: a body without an end is too large" {
    local block
    block=$(printf '%65536s')
    hostile protocol_error too_large "[\"$ok\\r\\n{\\\"a\\\":\\\"\",{\"bytes\":\"$block\",\"times\":0}]"
    hostile protocol_error too_large "[\"${ok}Content-Length: 99999999999\\r\\n\\r\\n\",{\"bytes\":\"$block\",\"times\":0}]"
    hostile protocol_error too_large "[\"${ok}Transfer-Encoding: chunked\\r\\n\\r\\n\",{\"bytes\":\"10000\\r\\n$block\\r\\n\",\"times\":0}]"
    hostile unavailable http_5xx "[\"HTTP/1.1 500 E\\r\\n\\r\\n\",{\"bytes\":\"$block\",\"times\":0}]"
}

@test "hostile: a body that is small and inflates without an end is too large" {
    local bomb
    # A gzip header, then blocks of 1 MiB of zeros that can be repeated for ever.
    bomb=$(/usr/bin/python3 -c 'import json, zlib
c = zlib.compressobj(9, zlib.DEFLATED, 31)
first = c.compress(b"{\"a\":\"") + c.flush(zlib.Z_FULL_FLUSH)
c.compress(b"0" * 0)
block = c.compress(b"0" * (1 << 20)) + c.flush(zlib.Z_FULL_FLUSH)
print(json.dumps([first.decode("latin-1"), {"bytes": block.decode("latin-1"), "times": 0}]))')
    hostile protocol_error too_large "[\"${ok}Content-Encoding: gzip\\r\\n\\r\\n\",${bomb#[}"
    hostile protocol_error too_large "[\"${ok}Transfer-Encoding: gzip\\r\\n\\r\\n\",${bomb#[}"
}

@test "hostile: an encoding that is none, or twenty of them, breaks the contract" {
    hostile protocol_error malformed "$(answer 'junk' 200 'Content-Encoding: gzip')"
    hostile protocol_error malformed "$(answer '{"correct":true}' 200 'Content-Encoding: rot13')"
    hostile protocol_error malformed "$(answer '{"correct":true}' 200 "Content-Encoding: $(yes gzip | head -n 20 | paste -sd ,)")"
}

@test "hostile: headers without an end are too large" {
    hostile protocol_error too_large "[\"$ok\",{\"bytes\":\"X-Header: $(printf '%1000s' | tr ' ' x)\\r\\n\",\"times\":0}]"
    hostile protocol_error too_large "[\"${ok}X: \",{\"bytes\":\"$(printf '%1000s' | tr ' ' x)\",\"times\":0}]"
}

@test "hostile: a header that begins with a blank belongs to no answer before" {
    jq -nc '{atom_id: "a", mock: {raw: "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 16\r\n\r\n{\"correct\":true}"}},
            {atom_id: "b", mock: {raw: "HTTP/1.1 503 No\n \rContent-Length: 2\r\nX: z\r\n\n{}"}}' > "$BATS_TEST_TMPDIR/in"
    run -75 timeout 20 gl-submit -j 1 --attempts 3 --backoff-base 1ms "$BATS_TEST_TMPDIR/in"
    jq -se 'map(.status) == ["complete", "unavailable"] and (.[1]._gl.attempts | length) == 3' <<< "$(records)"
}

@test "hostile: interim answers without an end are too large" {
    hostile protocol_error too_large '[{"bytes":"HTTP/1.1 100 Continue\r\n\r\n","times":0}]'
    hostile protocol_error too_large '[{"bytes":"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n","times":0}]'
}

@test "hostile: bytes that are no HTTP break the contract" {
    hostile protocol_error malformed '"SSH-2.0-OpenSSH_9.2\r\n"'
    hostile protocol_error malformed '"\u0016\u0003\u0001\u0000\u0000"'
    hostile protocol_error malformed '"{\"correct\":true}"'
    hostile protocol_error malformed '"HTTP/1.1 2x0 OK\r\n\r\n"'
    hostile protocol_error malformed '"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"'
    hostile protocol_error malformed '"HTTP/2 200\r\nContent-Length: 0\r\n\r\n"'
    hostile protocol_error malformed '"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"'
    hostile protocol_error malformed '"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbytes"'
}

@test "hostile: framing that contradicts itself is no grade" {
    hostile protocol_error malformed "\"${ok}Content-Length: -1\\r\\n\\r\\n{\\\"correct\\\":true}\""
    hostile protocol_error malformed "\"${ok}Content-Length: 16\\r\\nContent-Length: 2\\r\\n\\r\\n{\\\"correct\\\":true}\""
    # libcurl tells chunks that are none by the code of a connection that broke.
    hostile unavailable reset "\"${ok}Transfer-Encoding: chunked\\r\\n\\r\\nFFFFFFFFFFFFFFFFFF\\r\\n{\\\"correct\\\":true}\""
    hostile unavailable reset "\"${ok}Transfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n{\\\"correct\\\":true}\""
    # These say clearly enough where the body ends: chunks go before a length, and one that cannot be is none.
    hostile complete null "\"${ok}Content-Length: 99999999999999999999\\r\\n\\r\\n{\\\"correct\\\":true}\""
    hostile complete null "\"${ok}Content-Length: 2\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n10\\r\\n{\\\"correct\\\":true}\\r\\n0\\r\\n\\r\\n\""
}

@test "hostile: pages and wrong types in the place of a result" {
    hostile protocol_error malformed "$(answer '<!DOCTYPE html><html><body>Sign in</body></html>' 200 'Content-Type: text/html')"
    hostile complete null "$(answer '{"correct":true}' 200 'Content-Type: text/html')"
    hostile complete null "$(answer '{"correct":true}' 200 $'Content-Type: \x01')"
    hostile unavailable http_5xx "$(answer '<html><title>502 Bad Gateway</title></html>' 502 'Content-Type: text/html')"
    hostile rejected http_4xx "$(answer '<html>Forbidden</html>' 403 'Content-Type: text/html')"
}

@test "hostile: an answer without a body breaks the contract" {
    hostile protocol_error malformed '"HTTP/1.1 204 No Content\r\n\r\n"'
    hostile protocol_error malformed "$(answer '')"
    hostile protocol_error malformed "$(answer '   ')"
    hostile protocol_error malformed '"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"'
    hostile protocol_error malformed '"HTTP/1.1 200 OK\r\n\r\n"'
    hostile unavailable http_5xx "$(answer '' 503)"
}

@test "hostile: an answer that is cut off, in its length, its chunks or its text" {
    hostile unavailable truncated "\"${ok}Content-Length: 100\\r\\n\\r\\n{\\\"correct\\\":true}\""
    hostile unavailable truncated "\"${ok}Transfer-Encoding: chunked\\r\\n\\r\\n10\\r\\n{\\\"correct\\\":true}\\r\\n\""
    hostile unavailable truncated "\"${ok}\\r\\n{\\\"correct\\\":tr\""
    hostile unavailable truncated "\"${ok}Content-Encoding: gzip\\r\\n\\r\\n$(/usr/bin/python3 -c 'import json, zlib
c = zlib.compressobj(9, zlib.DEFLATED, 31)
print(json.dumps((c.compress(b"{\"correct\":true,") + c.flush(zlib.Z_FULL_FLUSH)).decode("latin-1"))[1:-1])')\""
    hostile unavailable reset "\"${ok}Content-Len\""
    hostile unavailable reset "\"HTTP\""
}

@test "hostile: a connection that is dropped after the POST is a reset" {
    hostile unavailable reset '""'
    jq -e '._gl.attempts | length == 2' "$BATS_TEST_TMPDIR/out"
}

@test "hostile: more or other than one object" {
    local body
    for body in '{"correct":true}x' '{"correct":true}{"correct":false}' '{"correct":true}[' '[{"correct":true}]' 'true' '"x"' 'null' \
        '{"correct":true,}' "{'correct':true}" '{"correct":true,"correct":false}' '{"correct":true,"\u0063orrect":false}' \
        '{"correct":NaN}' '{"correct":true,"partial_score":Infinity}' '{"correct":true,"partial_score":01}' $'\u00ef\u00bb\u00bf\u00ef\u00bb\u00bf{}' \
        '// comment {"correct":true}' '{"correct":True}'; do
        hostile protocol_error malformed "$(answer "$body")"
    done
}

@test "hostile: depth of 100,000 is neither a crash nor a grade" {
    local open close
    open=$(printf '%100000s' | tr ' ' '[')
    close=$(tr '[' ']' <<< "$open")
    hostile protocol_error malformed "\"$ok\\r\\n{\\\"correct\\\":true,\\\"x\\\":$open$close}\""
    hostile protocol_error malformed "\"$ok\\r\\n$open\""
    hostile rejected http_4xx "\"HTTP/1.1 400 Bad\\r\\n\\r\\n{\\\"detail\\\":$open$close}\""
}

@test "hostile: strings of bytes that are no text" {
    local bad
    for bad in $'\u00ff' $'\u00c3' $'\u00c0\u0080' $'\u00ed\u00a0\u0080' $'\u00f4\u0090\u0080\u0080' $'\x01' $'\n' '\x' '\u12g4'; do
        hostile protocol_error malformed "$(answer "{\"correct\":true,\"feedback\":\"$bad\"}")"
    done
    for bad in '\ud800' '\udc00\ud800' '\u0000' '\u001b[31m\r\n'; do
        hostile complete null "$(answer "{\"correct\":true,\"feedback\":\"$bad\"}")"
        grep -qF "\"feedback\":\"$bad\"" "$BATS_TEST_TMPDIR/out" || complains "$bad" "changed"
    done
}

@test "hostile: numbers that no number holds" {
    local n
    hostile complete null "$(answer '{"correct":true,"execution_time_ms":1e999,"x":12345678901234567890123,"y":-1e-999,"z":1.10}')"
    grep -qF '"execution_time_ms":1e999' "$BATS_TEST_TMPDIR/out"
    grep -qF '"x":12345678901234567890123,"y":-1e-999,"z":1.10' "$BATS_TEST_TMPDIR/out"
    for n in 1e999 -1e999 12345678901234567890 -5; do
        hostile complete null "$(answer "{\"partial_score\":$n}")"
        jq -e '(.partial_score == 0 or .partial_score == 1) and (.warnings | length) == 1' "$BATS_TEST_TMPDIR/out"
    done
    for n in '"1"' true null '[1]' '{}'; do
        hostile protocol_error malformed "$(answer "{\"partial_score\":$n}")"
    done
    hostile complete null "$(answer '{"correct":true,"tests_passed":1e30,"tests_total":-3}')"
    jq -e '.tests_passed == null and .tests_total == null' "$BATS_TEST_TMPDIR/out"
}

@test "hostile: every member of a wrong type" {
    local value
    for value in 5 '"x"' '[]' '[[]]' '{}' true; do
        hostile complete null "$(jq -nc --argjson v "$value" '{correct: true, partial_score: 1} + (["test_results", "feedback", "error_class",
            "git_suggestions", "diff_suggestion", "stdout", "stderr", "logs", "execution_time_ms", "time_spent_ms", "meta",
            "warnings", "raw", "_gl", "score_source", "tests_passed", "tests_total"] | map({(.): $v}) | add) | @json' |
            jq -r . > "$BATS_TEST_TMPDIR/body" && answer "$(< "$BATS_TEST_TMPDIR/body")")"
        jq -e '._gl.type == "result" and (.test_results | type) == "array" and (.meta | type) == "object"
               and (.git_suggestions | type) == "array" and .partial_score == 1' "$BATS_TEST_TMPDIR/out"
    done
    hostile protocol_error malformed "$(answer '{"status":5}')"
    hostile protocol_error malformed "$(answer '{"status":"complete","result":"yes"}')"
}

@test "hostile: another atom's id is a mismatch, no id is none" {
    hostile protocol_error mismatch "$(answer '{"atom_id":"b","correct":true}')"
    hostile protocol_error mismatch "$(answer '{"correct":true,"result":{"atom_id":"b","correct":true}}')"
    hostile protocol_error mismatch "$(answer '{"atom_id":"A","correct":true}')"
    hostile protocol_error mismatch "$(answer '{"atom_id":"a\u0000","correct":true}')"
    hostile complete null "$(answer '{"correct":true}')"
    hostile complete null "$(answer '{"atom_id":"\u0061","correct":true}')"
    hostile protocol_error malformed "$(answer '{"status":"pending"}' 202)"
    hostile protocol_error malformed "$(answer '{"status":"pending","execution_id":""}' 202)"
    hostile protocol_error malformed "$(answer '{"status":"pending","execution_id":{}}' 202)"
}

@test "hostile: complete without a result is not a grade" {
    hostile protocol_error malformed "$(answer '{"status":"complete"}')"
    hostile protocol_error malformed "$(answer '{"status":"complete","result":null}')"
    hostile protocol_error malformed "$(answer '{"status":"complete","result":{}}')"
    hostile protocol_error malformed "$(answer '{"status":"exploded"}')"
    hostile protocol_error malformed "$(answer '{}')"
}

@test "hostile: redirects are not followed, wherever they lead" {
    local to
    for to in /greenlight/run-atom http://127.0.0.1:1/ https://example.invalid/ file:///etc/passwd $'\x01' ''; do
        hostile unavailable redirect "$(answer '' 302 "Location: $to")"
        hostile unavailable redirect "$(answer '{"correct":true}' 307 "Location: $to")"
    done
    jq -e '._gl.attempts | length == 1' "$BATS_TEST_TMPDIR/out"
}

@test "hostile: a Retry-After that is none, or too long, or over" {
    local value
    for value in -1 1.5 '5, 10' 'soon' '' '1e3' 'Sun, 06 Nov 2099' $'\u00b2' '0x10' 5s; do
        hostile unavailable http_5xx "$(answer '{}' 503 "Retry-After: $value")"
        jq -e '._gl.attempts | length == 2 and .[0].wait_source == "backoff"' "$BATS_TEST_TMPDIR/out" || complains "$value" "it counts"
    done
    # A date that is past asks for no wait; what is longer than the cap ends the record, with the time in it.
    hostile unavailable http_5xx "$(answer '{}' 503 'Retry-After: Sun, 06 Nov 1994 08:49:37 GMT')"
    jq -e '._gl.attempts | length == 2 and .[0].wait_ms <= 2' "$BATS_TEST_TMPDIR/out"
    for value in 'Fri, 01 Jan 2066 00:00:00 GMT' 99999999999999999999 3600; do
        hostile unavailable http_5xx "$(answer '{}' 503 "Retry-After: $value")"
        jq -e '(._gl.attempts | length) == 1 and .error.retry_after_ms >= 3599000' "$BATS_TEST_TMPDIR/out" || complains "$value" "no pause"
    done
}

@test "hostile: escapes and line ends in every string stay in the record" {
    local evil='\u001b[2J\u001b]0;x\u0007\r\nHTTP/1.1 200\r\n\u202e\u2028'
    hostile complete null "$(answer "{\"correct\":true,\"feedback\":\"$evil\",\"stdout\":\"$evil\",\"$evil\":\"$evil\"}")"
    hostile failed failed "$(answer "{\"status\":\"failed\",\"error_message\":\"$evil\",\"error_code\":\"$evil\"}")"
    hostile rejected http_4xx "$(answer "{\"detail\":\"$evil\",\"error_code\":\"$evil\"}" 422)"
    hostile unavailable http_5xx "$(answer "{\"error\":\"$evil\"}" 500)"
    hostile protocol_error malformed "$(answer "{\"status\":\"$evil\"}")"
    hostile protocol_error mismatch "$(answer "{\"atom_id\":\"$evil\",\"correct\":true}")"
    hostile protocol_error malformed "\"HTTP/1.1 200 \\u001b[2J\\r\\nX: \\u001b[2J\\r\\n\\r\\n\\u001b[2J\\u009b\""
    hostile protocol_error malformed '"\u001b[2J\u0007\r\n\r\n"'
}

@test "hostile: a token that the server echoes is nowhere shown" {
    local status
    for status in 400 403 418 500 503; do
        hostile "$([ "$status" -lt 500 ] && echo rejected || echo unavailable)" "$([ "$status" -lt 500 ] && echo http_4xx || echo http_5xx)" \
            "$(answer "{\"detail\":\"Bearer $token\",\"error_code\":\"$token\"}" "$status" "X-Echo: $token")" --raw
    done
    hostile complete null "$(answer "{\"correct\":true,\"feedback\":\"$token\",\"$token\":[\"$token\"]}")" --raw
    hostile protocol_error malformed "$(answer "Authorization: Bearer $token")" --raw
    hostile protocol_error mismatch "$(answer "{\"atom_id\":\"$token\",\"correct\":true}")" --raw
    hostile protocol_error malformed "\"HTTP/1.1 2$token\\r\\n\\r\\n\"" --raw --verbose
    hostile unavailable unauthorised "$(answer "{\"detail\":\"$token\"}" 401 "WWW-Authenticate: Bearer realm=\"$token\"")" --raw
}

@test "hostile: all of it at once, over connections that are used again" {
    jq -nc --argjson raws "[$(answer ''), $(answer '<html>'), \"\", \"junk\", $(answer '{"correct":true}' 502), $(answer '{"correct":tr'),
        $(answer '{"correct":true}'), \"${ok}Content-Length: 16\\r\\n\\r\\n{\\\"correct\\\":true}HTTP/1.1 200 OK\\r\\nContent-Length: 17\\r\\n\\r\\n{\\\"correct\\\":false}\"]" \
        'range(400) | {atom_id: "a\(.)", mock: (if . % 2 == 0 then {} else {raw: $raws[(. - 1) / 2 % ($raws | length)]} end)}' > "$BATS_TEST_TMPDIR/in"
    run -75 --separate-stderr timeout 30 gl-submit -j 16 "${limits[@]}" "$BATS_TEST_TMPDIR/in"
    jq -se 'map(.atom_id) == [range(400) | "a\(.)"] and all(.partial_score == null or .correct)
            and ([.[] | select(.atom_id[1:] | tonumber % 2 == 0)] | all(.status == "complete"))' <<< "$(records)"
}

@test "hostile: gl-poll brings one record of each execution, whatever its server says" {
    local n=0 k=0 raw status class rows=(
        "complete null $(answer '{"status":"complete","result":{"correct":true}}')"
        "protocol_error malformed $(answer '{"status":"complete"}')"
        "protocol_error malformed $(answer '{"status":"complete","result":{"correct":"no"}}')"
        "protocol_error mismatch $(answer '{"atom_id":"b","status":"complete","result":{"correct":true}}')"
        "protocol_error malformed $(answer '<html>')"
        "protocol_error malformed $(answer '')"
        "protocol_error malformed \"junk\""
        "protocol_error malformed $(answer '{"status":5}')"
        "failed failed $(answer '{"status":"failed","error_message":"\u001b[2J\r\n"}')"
        "cancelled cancelled $(answer '{"status":"cancelled"}')"
        "unavailable execution_unknown $(answer "$token" 404)"
        "unavailable redirect $(answer '' 302 'Location: /health')"
        "rejected http_4xx $(answer "{\"detail\":\"$token\"}" 418)"
        "unavailable reset \"\""
        "unavailable truncated $(answer '{"status":"comp' | sed 's/Content-Length: 15.r.n//')"
        "unavailable http_5xx $(answer "$token" 502)"
    )
    for raw in "${rows[@]}"; do
        jq -nc --argjson raw "${raw#* * }" --arg n "$((n += 1))" '{match: {path: "/greenlight/execution/e\($n)"}, answers: {raw: $raw}}'
    done > "$BATS_TEST_TMPDIR/rules"
    # Words that go back and forth, and one that nobody knows, are an execution that goes on.
    echo '{"match":{},"answers":["running","pending","queued","exploding","executing"],"count":"atom"}' |
        jq -c '.answers |= (map({body: {status: .}}) + [{body: {status: "completed", result: {correct: false}}}])' >> "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    echo "$token" > "$BATS_TEST_TMPDIR/token"
    seq $((n + 1)) | jq -c '{atom_id: "a", execution_id: "e\(.)"}' > "$BATS_TEST_TMPDIR/in"
    run -75 --separate-stderr timeout 30 gl-poll --token-file "$BATS_TEST_TMPDIR/token" --interval 1ms --interval-cap 5ms --timeout 5s "$BATS_TEST_TMPDIR/in"
    [[ $output$stderr != *"$token"* ]]
    assert_equal "$(records | jq -r '"\(.execution_id // ._gl.execution_id) \(.status) \(.error.class)"' | sort -V)" \
        "$(for raw in "${rows[@]}" "complete null "; do read -r status class _ <<< "$raw"; echo "e$((++k)) $status $class"; done)"
}
