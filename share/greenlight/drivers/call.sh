# call: calls a function of a shell file, whose path and name are the first words.
# NAME=VALUE words up to "--" become variables, the others its arguments.
file=$1 name=$2
shift 2
while [ "$1" != -- ]; do
    export "$1"
    shift
done
shift
. "./$file"
"$name" "$@"
