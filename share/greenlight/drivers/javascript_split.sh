# split: starts the two processes of JavaScript's test scripts (javascript_peer.js), with
# a pipe each way as their descriptors 4 and 5, and says there how the learner's ended.
exec 6>&1 7>&2
coproc learner {
    exec 2> /dev/null 3>&-
    /usr/bin/node ../greenlight/driver.js learner 4<&0 5>&1 < /dev/null 1>&6 2>&7 6>&- 7>&-
    echo "[\"ended\",$?]"
}
# Copies of the shell's own descriptors would be closed.
exec /usr/bin/node ../greenlight/driver.js tests 4< "/dev/fd/${learner[0]}" 5> "/dev/fd/${learner[1]}" 6>&- 7>&-
