# complete.fish FILE LINE...: what fish offers behind each line with the completions in FILE. Prints each line, then one match
# a line, then an empty line.
source $argv[1]
for line in $argv[2..]
    echo $line
    complete -C$line | string replace -r '\t.*' ''
    echo
end
