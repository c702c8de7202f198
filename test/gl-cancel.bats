#!/usr/bin/env bats
# gl-cancel: which rows it ends, and what it says of the others.

load lib/common
load lib/database
load lib/queue

@test "gl-cancel: pending rows come out cancelled, and are never claimed" {
    add_as pending 2
    gl-ls --learner l > rows
    run -0 gl-cancel rows
    [ "$(jq -r '[.status, .error_message, .unchanged] | @csv' <<< "$output")" = "$(printf '"cancelled","cancelled on request",\n%.0s' 1 2)" ]
    [ "$(jq -r .id <<< "$output")" = "$(jq -r .id rows)" ]
    [ "$(sql "select count(*) from greenlight_claim('w', 10)")" = 0 ]
    run -0 gl-ls --unseen --outcomes
    [ "$(jq -r .outcome <<< "$output" | paste -sd' ')" = 'cancelled cancelled' ]
}

@test "gl-cancel: an executing row is its worker's, and its outcome counts" {
    add_as pending 1
    sql "select greenlight_claim('w', 1)"
    id=$(sql "select id from greenlight_queue")
    run -0 gl-cancel "$id"
    [ "$(jq -c '[.status, .unchanged]' <<< "$output")" = '["executing",true]' ]
    run -1 gl-cancel -e "$id"
    run -0 sql "select settlement from greenlight_queue, greenlight_settle(array[id], array[lease_token], '{complete}')"
    assert_output settled
}

@test "gl-cancel: what has ended stays as it ended" {
    for status in complete failed cancelled; do
        add_as $status 1
    done
    before=$(gl-ls -r --brief)
    run -0 gl-cancel <<< "$before"
    [ "$(jq -c 'del(.unchanged)' <<< "$output")" = "$before" ]
    [ "$(jq -c .unchanged <<< "$output" | paste -sd' ')" = 'true true true' ]
}

@test "gl-cancel: beside claims each row is either cancelled or claimed" {
    add_as pending 1000
    gl-ls > rows
    claim() { while [ "$(sql "select count(*) from greenlight_claim('w', 50)")" != 0 ]; do :; done; }
    claim 3>&- &
    gl-cancel rows > out
    wait $!
    cancelled=$(jq -s 'map(select(.unchanged | not)) | length' out)
    [ "$(wc -l < out)" = 1000 ]
    [ "$(sql "select count(*) filter (where status = 'cancelled'), count(*) filter (where status = 'executing') from greenlight_queue")" = \
        "$cancelled|$((1000 - cancelled))" ]
}

@test "gl-cancel: an id that is nobody's is a rejected record, exit 65" {
    run -65 --separate-stderr gl-cancel 00000000-0000-7000-8000-000000000000
    [ "$(jq -r '.status + ": " + .error.message' <<< "$output")" = \
        'rejected: 00000000-0000-7000-8000-000000000000: there is no row with this id' ]
}
