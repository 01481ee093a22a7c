#!/bin/bash
# Exercises bash itself: builtins, subshells, pipes, jobs, traps, here-documents, coprocesses.
rounds=${1:-10}
trap 'echo "trap on exit $?"' EXIT
trap 'echo "got USR1"' USR1

fib() { local n=$1; ((n < 2)) && { echo "$n"; return; }; echo $(($(fib $((n - 1))) + $(fib $((n - 2))))); }

declare -A table
for ((i = 0; i < rounds * 50; i++)); do
    table[k$((i % 37))]+=${i:0:1}
done
for key in "${!table[@]}"; do printf '%s=%s\n' "$key" "${#table[$key]}"; done | sort

echo "fib 8: $(fib 8)"
for ((i = 0; i < rounds; i++)); do
    printf '%s\n' "$i" | { read -r x; echo $((x * x)); }
done | tail -n 3

for i in 1 2 3 4; do (exit "$i") & jobs_started+=("$!"); done
for pid in "${jobs_started[@]}"; do wait "$pid"; echo "job ended with $?"; done

coproc UPPER { while read -r line; do echo "${line^^}"; done; }
upper_pid=$UPPER_PID
echo hello >&"${UPPER[1]}"
read -r answer <&"${UPPER[0]}"
echo "$answer"
exec {UPPER[1]}>&-
wait "$upper_pid"

kill -USR1 $$
while read -r a b; do echo "$b $a"; done <<TEXT
one two
three four
TEXT
mapfile -t lines < <(seq 5)
echo "${lines[@]}" "${lines[*]: -2}"
exec 5> fifth && echo via five >&5 && exec 5>&- && cat fifth
echo "$(ulimit -n >/dev/null && echo limits)" 2>&1
ls /nonexistent 2>&1
[[ "abc123" =~ ^([a-z]+)([0-9]+)$ ]] && echo "${BASH_REMATCH[2]}"
printf -v padded '%08d' 42
echo "$padded"
(sleep 0.05; echo late) | cat
false | true
echo "${PIPESTATUS[@]}"
exit 7
