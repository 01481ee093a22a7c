# complete.bash FILE LINE...: what the completion in FILE offers behind each line. Prints each line, then one match a line,
# then an empty line. Lines are cut into words as bash does it: at blanks and around each =.
source "$1"
shift
for line; do
    spaced=${line//=/ = }
    read -ra COMP_WORDS <<<"$spaced"
    [[ $spaced == *' ' && $spaced != *' = ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
    _strong_report
    printf '%s\n' "$line" "${COMPREPLY[@]}"
    echo
done
