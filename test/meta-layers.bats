#!/usr/bin/env bats
# bats file_tags=plain
# Shows that the order of modules is kept, and that `make layers` would see it
# when it was not: each case is tried on a copy of the tree.

load lib/common

# Copies what `make layers` reads to $tree.
setup() {
    tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/test" "$tree/bin" "$tree/libcommon"
    cp "$GL_TOP/Makefile" "$tree"
    cp "$GL_TOP"/test/*.mk "$tree/test"
    cp -r "$GL_TOP/test/lib" "$tree/test"
    cp "$GL_TOP"/libcommon/*.[ch] "$tree/libcommon"
    cp "$GL_TOP"/bin/*.c "$tree/bin"
}

layers() {
    env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s -C "$1" layers
}

@test "layers: this tree keeps the order of modules" {
    run -0 layers "$GL_TOP"
    assert_output ""
}

@test "layers: a module that includes a later one is found, with file and line" {
    sed -i '1i #include "jsonl.h"' "$tree/libcommon/buf.c"
    run -2 layers "$tree"
    assert_line --partial 'libcommon/buf.c:1: buf includes "jsonl.h", which comes after it in MODULES'
}

@test "layers: a header that includes a later module is found" {
    sed -i '1i #  include  "json.h"' "$tree/libcommon/err.h"
    run -2 layers "$tree"
    assert_line --partial 'libcommon/err.h:1: err includes "json.h"'
}

@test "layers: a module that MODULES does not list is found" {
    echo '/* stray */' > "$tree/libcommon/stray.c"
    run -2 layers "$tree"
    assert_line --partial 'the module stray is not in MODULES'
}

@test "layers: a program that includes what is no module is found" {
    sed -i '1i #include "../test/mock/table.h"' "$tree/bin/gl-route.c"
    run -2 layers "$tree"
    assert_line --partial 'bin/gl-route.c:1: "../test/mock/table.h" is no module of libcommon'
}

@test "layers: a library's header outside the module that wraps it is found" {
    sed -i '1i #include <curl/curl.h>' "$tree/bin/gl-route.c"
    run -2 layers "$tree"
    assert_line --partial 'bin/gl-route.c:1: <curl/curl.h> belongs to'
}
