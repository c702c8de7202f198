# Completion of the Greenlight tools for fish, which loads it under each program's
# name.  What there is to complete the program itself says, by --help=completion;
# ids of rows come from complete-ids, beside this file.

set -g __greenlight_ids (path dirname (status filename))/../../greenlight/complete-ids

# A text, or the name of a file after an @.
function __greenlight_at
    set -l typed (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    string match -q '@*' -- $typed && printf '@%s\n' (__fish_complete_path (string sub -s 2 -- $typed))
end

function __greenlight_complete -a command
    $command --help=completion 2>/dev/null | while read -l -d \t letter name arg values rest
        set -l spec -c $command
        test $name = - || set -a spec -l (string sub -s 3 -- $name) -d $rest
        test $letter = - || set -a spec -s (string sub -s 2 -- $letter)
        test $arg = - -o $name = - || set -a spec -r
        switch $values
            case ':file' ':row|:file'
                set -a spec -F
            case '*'
                test $arg = - -a $name != - || set -a spec -f
        end
        switch $values
            case '-' ':file'
            case ':dir'
                set -a spec -a '(__fish_complete_directories)'
            case ':@file'
                set -a spec -a '(__greenlight_at)'
            case ':*'
                set -l kind (string match -r '\w+' -- $values)
                set -a spec -ka "($__greenlight_ids $kind (commandline -opc))"
            case '*,*'
                set -a spec -a "(__fish_append , $(string replace -a , ' ' -- $values))"
            case '*'
                set -a spec -a (string replace -a '|' ' ' -- $values)
        end
        complete $spec
    end
end

__greenlight_complete (path change-extension '' (path basename (status filename)))
