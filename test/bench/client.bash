# client: gl-submit and gl-poll beside other clients of the same mock server.
#
# What is compared runs in turn, GL_BENCH_RUNS times; a peer that is slow gets
# fewer requests, since a rate needs no more.
#
#   GL_BENCH_REQUESTS  100000 requests of 1.5 KB
# shellcheck disable=SC2154 # runs and work are those of run

# timed NAME N COMMAND ...: notes under NAME how many of N requests a second it did,
# under NAME.ms the milliseconds that each took, under NAME.cpu the microseconds of
# CPU, and under NAME.peak the MiB of the whole.
timed() {
    local name=$1 n=$2 took
    shift 2
    # A result that is not complete is no failure of the measurement.
    command time -q -o "$work/times" -f '%e %U %S %M' "$@" > /dev/null || true
    read -r -a took < "$work/times"
    calc '%.1f\n' "$n / (${took[0]} + 0.001)" >> "$work/noted.$name"
    calc '%.2f\n' "${took[0]} * 1000 / $n" >> "$work/noted.$name.ms"
    calc '%.1f\n' "(${took[1]} + ${took[2]}) * 1000000 / $n" >> "$work/noted.$name.cpu"
    calc '%.1f\n' "${took[3]} / 1024" >> "$work/noted.$name.peak"
}

# ceiling NAME PATH [SCRIPT]: notes the same of wrk with 64 connections.
ceiling() {
    local took n
    command time -q -o "$work/times" -f '%U %S' wrk -t 1 -c 64 -d 2 ${3:+-s "$3"} "$GREENLIGHT_API_URL$2" > "$work/wrk"
    read -r -a took < "$work/times"
    n=$(awk '/requests in/ { print $1 }' "$work/wrk")
    awk '/Requests\/sec/ { print $2 }' "$work/wrk" >> "$work/noted.$1"
    calc '%.1f\n' "(${took[0]} + ${took[1]}) * 1000000 / $n" >> "$work/noted.$1.cpu"
}

# curl_config N: the first N requests as a file for curl -K.
curl_config() {
    head -n "$1" "$work/requests" | awk -v url="$GREENLIGHT_API_URL/greenlight/run-atom" \
        '{ gsub(/"/, "\\\""); printf "%surl = %s\njson = \"%s\"\noutput = /dev/null\n", (NR > 1 ? "next\n" : ""), url, $0 }'
}

# at_most FIGURE A B MUST AIM: the row for two costs, whose ratio shall be small.
at_most() {
    local ratio
    ratio=$(paste "$work/noted.$2" "$work/noted.$3" | awk '$2 > 0 { print $1 / $2 }' | median)
    row "$1: $(noted "noted.$2") ÷ $(noted "noted.$3")" "$(calc %.2f "$ratio")" '' '' "<$4" "<$5"
}

bench_submit() {
    local i n=${GL_BENCH_REQUESTS:-100000}
    requests "$n" 1500 > "$work/requests"
    head -n 20000 "$work/requests" > "$work/some"
    head -n 2000 "$work/requests" > "$work/few"
    curl_config 20000 > "$work/curl"
    for ((i = 0; i < runs; i++)); do
        timed ours "$n" gl-submit -j 64 "$work/requests"
        ceiling wrk /greenlight/run-atom test/bench/post.lua
        timed some 20000 gl-submit -j 64 "$work/some"
        timed curl 20000 curl -sS --no-progress-meter --parallel --parallel-max 64 -K "$work/curl"
        timed httpx 2000 test/bench/httpx_client.py "$GREENLIGHT_API_URL/greenlight/run-atom" "$work/few"
    done
    versus "gl-submit -j 64, 1.5 KB, ÷ wrk -c 64: requests/s" noted.ours noted.wrk 0.35 0.50
    at_most "  CPU a request, µs, ÷ wrk's" ours.cpu wrk.cpu 3.0 2.2
    versus "  ÷ curl --parallel --parallel-max 64 -K" noted.some noted.curl 2.5 3.5
    versus "  ÷ Python's httpx, 64 at a time" noted.some noted.httpx 25 40
    row "  peak memory, MiB" "$(noted noted.ours.peak)" '' '' '<40' '<20'
}

bench_serial() {
    local i
    requests 10000 1500 > "$work/requests"
    curl_config 10000 > "$work/curl"
    for ((i = 0; i < runs; i++)); do
        timed ours 10000 gl-submit -j 1 "$work/requests"
        timed curl 10000 curl -sS --no-progress-meter -K "$work/curl"
    done
    versus "gl-submit -j 1 ÷ curl -K, one after another: requests/s" noted.ours noted.curl 1.3 1.7
}

# times N COMMAND: a shell that runs it N times.
times() {
    echo "for i in \$(seq $1); do $2; done"
}

bench_single() {
    local i
    requests 1 1500 > "$work/one"
    for ((i = 0; i < 3 * runs; i++)); do
        timed ours 100 sh -c "$(times 100 "gl-submit $work/one")"
        timed curl 100 sh -c "$(times 100 "curl -sS -o /dev/null --json @$work/one $GREENLIGHT_API_URL/greenlight/run-atom")"
    done
    at_most "one request a process, ms, gl-submit ÷ curl" ours.ms curl.ms 1.1 0.9
}

# rules RULE: a mock server that answers by it, in place of the one before.
rules() {
    stop_server
    rm -f "$work/ready"
    echo "$1" > "$work/rules"
    start_server "$work" --scenario "$work/rules"
}

bench_poll() {
    local i
    rules '{"match":{"method":"GET"},"answers":[{"body":{"status":"complete","result":{"correct":true}}}]}'
    seq 100000 | awk '{ printf "{\"atom_id\":\"a%d\",\"execution_id\":\"e%d\"}\n", $1, $1 }' > "$work/executions"
    for ((i = 0; i < runs; i++)); do
        timed ours 100000 gl-poll -j 64 --interval 1ms "$work/executions"
        ceiling wrk /greenlight/execution/e1
    done
    versus "gl-poll -j 64, answers that are ready, ÷ wrk GET: polls/s" noted.ours noted.wrk 0.35 0.50
    row "  peak memory, MiB" "$(noted noted.ours.peak)" '' '' '<40' '<20'
}

# Each execution is polled at 0, 2 and 5 s: 30,000 polls, and the rest is waiting.
bench_waiting() {
    rules '{"match":{"method":"GET"},"answers":[{"body":{"status":"running"}},{"body":{"status":"running"}},{"body":{"status":"complete","result":{"correct":true}}}]}'
    seq 10000 | awk '{ printf "{\"atom_id\":\"a%d\",\"execution_id\":\"e%d\"}\n", $1, $1 }' > "$work/executions"
    timed ours 10000 gl-poll "$work/executions"
    row "gl-poll with 10,000 executions that wait: seconds" "$(calc %.1f "$(noted noted.ours.ms) * 10")"
    row "  CPU, seconds" "$(calc %.2f "$(noted noted.ours.cpu) / 100")"
    row "  peak memory, MiB" "$(noted noted.ours.peak)" '' '' '<40' '<20'
}
