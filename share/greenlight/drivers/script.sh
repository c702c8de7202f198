# script: runs a test script in the shell that started this, and says how it ended.
#
# No process here can look into another or its descriptors (libcommon/hiding.h): what
# the script starts, the learner's code among it, can neither read the script nor say in
# its name how it ended.
script=$(cat; echo x)
: > /proc/self/fd/0 # others could open it again
exec < /dev/null
(
    exec 3>&-
    eval "${script%x}"
)
echo "{\"kind\":\"exit\",\"code\":$?}" >&3
