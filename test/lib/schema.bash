# schema: records against the JSON Schemas that are installed.

# hold SCHEMA [FILE]: every record of FILE (records) fits.
hold() {
    "$GL_TOP/test/lib/check-records" "$1" < "${2-records}" ||
        fail "in ${2-records}: $(cut -c -400 "${2-records}")"
}

# keep COMMAND ...: runs it; what it writes goes to the file records.  Which
# records cost which exit code is not what is tested here.
keep() {
    "$@" > records 2> stderr.log || (($? >= 65 && $? <= 78))
}

# has JQ ...: each program is true of at least one of the records.
has() {
    local program
    for program in "$@"; do
        jq -e -n "any(inputs; $program)" records > /dev/null ||
            fail "no record with $program in $(cut -c -400 records)"
    done
}

# refuses SCHEMA GOOD JQ ...: the record fits; changed by each program it does not.
refuses() {
    local schema=$1 good=$2 program number=0
    echo "$good" > good
    hold "$schema" good
    for program in "${@:3}"; do
        jq -c "$program" good
    done > wrong
    run -1 "$GL_TOP/test/lib/check-records" "$schema" < wrong
    for program in "${@:3}"; do
        number=$((number + 1))
        assert_line --partial "record $number: "
    done
}
