# queue: the functions of the queue, called as a test needs them.

# add N [COLUMNS VALUES]: N pending rows a1 ... aN of learner l.
add() {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload${2:+, $2})
         select 'a' || n, 'l', '{}'${3:+, $3} from generate_series(1, $1) n"
}

# claim [N [WORKER]]: prints the atoms that were leased.
claim() {
    sql "select atom_id from greenlight_claim('${2:-w}', ${1:-1})"
}

# settle OUTCOME [ARGUMENTS]: for all rows by the token that they carry now.
settle() {
    sql "select s.settlement, s.status
           from (select array_agg(id order by id) ids, array_agg(lease_token order by id) tokens,
                        array_agg('$1'::text) outcomes from greenlight_queue) q,
                greenlight_settle(ids, tokens, outcomes${2:+, $2}) s"
}

# row COLUMNS: of the only row.
row() {
    sql "select $1 from greenlight_queue"
}

refuses() {
    run ! sql "$2"
    assert_output --partial "$1"
}
