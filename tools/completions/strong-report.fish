# fish completion for strong-report, made from its tables.

function __strong_report_subjects
    command -q strong-report; or return
@include subjects
end

# The command that was typed: the second word where it is one; what is no command is something to report.
function __strong_report_command
    set -l tokens (commandline -opc)
    if set -q tokens[2]; and contains -- $tokens[2] $__strong_report_commands
        echo $tokens[2]
    else
        echo report
    end
end

function __strong_report_alone
    test (count (commandline -opc)) -eq 1
end

function __strong_report_using
    test (__strong_report_command) = $argv[1]
end

# No word but options behind the command.
function __strong_report_first
    set -l tokens (commandline -opc)
    __strong_report_using $argv[1]; and set -q tokens[2]; and test $tokens[2] = $argv[1]
    and not string match -qv -- '-*' $tokens[3..]
end

# Somebody else's command line behind --.
function __strong_report_program
    set -l tokens (commandline -opc) (commandline -ct)
    if set -l at (contains -i -- -- $tokens)
        set -l from (math $at + 1)
        complete -C (string join ' ' -- (string escape -- $tokens[$from..-2]) $tokens[-1])
    else
        __fish_complete_command
    end
end

@fish_names
complete -c strong-report -f
complete -c strong-report -n __strong_report_alone -l version -d 'the version'
@fish_commands
