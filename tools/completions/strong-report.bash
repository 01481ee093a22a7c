# bash completion for strong-report, made from its tables. Behind `run` it asks the bash-completion package for other
# programs' completions, where that is there; it needs nothing else of it. No word is ever evaluated: names of runs and
# files are strangers'.

@bash_commands

_strong_report_subjects()
{
@include subjects
}

# What a value is: sets kind, and words where it is one of some.
_strong_report_value()
{
    case $1 in
@bash_values
    esac
}

# What stands behind the options: sets kind, and first where the first is one of some.
_strong_report_operand()
{
    case $1 in
@bash_operands
    esac
}

_strong_report_options()
{
    case $1 in
@bash_options
    esac
}

# Those words that begin with $cur.
_strong_report_match()
{
    local word
    for word; do
        if [[ $word == "$cur"* ]]; then
            COMPREPLY+=("$word")
        fi
    done
}

# _strong_report_paths -f|-d
_strong_report_paths()
{
    local word
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done < <(compgen "$1" -- "$cur")
    compopt -o filenames 2>/dev/null
}

_strong_report_kind()
{
    local word rest
    case $kind in
    words) _strong_report_match $words ;;
    file) _strong_report_paths -f ;;
    folder) _strong_report_paths -d ;;
    subject)
        while IFS=$'\t' read -r word rest; do
            _strong_report_match "$word"
        done < <(_strong_report_subjects)
        _strong_report_paths -f
        ;;
    esac
}

# Somebody else's command line, from the word of that number on.
_strong_report_program()
{
    local word
    if declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    elif [ "$1" -eq "$COMP_CWORD" ]; then
        while IFS= read -r word; do
            COMPREPLY+=("$word")
        done < <(compgen -c -- "$cur")
    else
        _strong_report_paths -f
    fi
}

# Counts what is no option before the cursor in `count`; sets `program` to the number of the word where somebody else's
# command line begins. `--name=value` is three words here, because COMP_WORDBREAKS has the =.
_strong_report_walk()
{
    local i=$1 kind words
    for (( ; i < COMP_CWORD; i++)); do
        kind=
        case ${COMP_WORDS[i]} in
        --)
            program=$((i + 1))
            return
            ;;
        -*)
            _strong_report_value "$command:${COMP_WORDS[i]}"
            if [ "${COMP_WORDS[i + 1]}" = = ]; then
                ((i += 2))
            elif [ -n "$kind" ]; then
                ((i += 1))
            fi
            ;;
        *)
            program=$i
            ((count += 1))
            ;;
        esac
    done
}

# The option whose value is being typed.
_strong_report_option()
{
    local before=${COMP_WORDS[COMP_CWORD - 1]}
    if [ "$cur" = = ]; then
        option=$before cur=
    elif [ "$before" = = ] && [ "$COMP_CWORD" -gt 2 ]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $cur == --*=* ]]; then
        option=${cur%%=*} kept=${cur%%=*}= cur=${cur#*=}
    else
        option=$before
    fi
}

_strong_report()
{
    local cur=${COMP_WORDS[COMP_CWORD]} command=report start=1
    local kind= words= first= count=0 program= option= kept= operand i
    COMPREPLY=()
    if [ "$COMP_CWORD" -gt 1 ] && [[ " $_strong_report_commands " == *" ${COMP_WORDS[1]} "* ]]; then
        command=${COMP_WORDS[1]} start=2
    fi
    _strong_report_operand "$command"
    operand=$kind
    _strong_report_walk "$start"
    if [ "$operand" = program ] && [ -n "$program" ]; then
        _strong_report_program "$program"
        return
    fi
    kind=
    _strong_report_option
    if [[ $option == -?* ]]; then
        _strong_report_value "$command:$option"
    fi
    if [ -n "$kind" ]; then
        _strong_report_kind
        for i in "${!COMPREPLY[@]}"; do
            COMPREPLY[i]=$kept${COMPREPLY[i]}
        done
    elif [[ $cur == -* ]]; then
        _strong_report_options "$command"
        _strong_report_match $words
        if [ "$COMP_CWORD" -eq 1 ]; then
            _strong_report_match --version
        fi
        if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
            compopt -o nospace 2>/dev/null
        fi
    else
        if [ "$COMP_CWORD" -eq 1 ]; then
            _strong_report_match $_strong_report_commands
        elif [ "$start" -eq 2 ] && [ "$count" -eq 0 ]; then
            _strong_report_match $first
        fi
        if [ "$operand" = program ]; then
            _strong_report_program "$COMP_CWORD"
        else
            kind=$operand
            _strong_report_kind
        fi
    fi
}

complete -F _strong_report strong-report
