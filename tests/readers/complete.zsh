# complete.zsh FOLDER LINE...: what zsh, interactive on a terminal of its own, offers behind each line when TAB is pressed.
# Prints each line, then one match a line, then an empty line. FOLDER has the completion functions.
# All that is offered goes through compadd, which is watched.
zmodload zsh/zpty zsh/zselect
home=$(mktemp -d)
trap 'rm -rf $home' EXIT
export OFFERS=$home/offers FOLDER=$1
shift

cat >$home/.zshrc <<'END'
PROMPT=
fpath=($FOLDER $fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
    if [[ -z ${${@[1,(i)(-|--)]}[(r)-[OAD]]} ]]; then
        local -a hits
        builtin compadd -A hits "$@"
        print -rl -- $hits >>$OFFERS
    fi
    builtin compadd "$@"
}
finished() {
    print -r -- END >>$OFFERS
}
before() { # zsh forgets both each time
    compprefuncs=(before)
    comppostfuncs=(finished)
}
compprefuncs=(before)
bindkey '^I' complete-word
bindkey '^U' kill-whole-line
print READY >>$OFFERS
END

wait_for() {
    local i ignored
    for i in {1..500}; do
        [[ -e $OFFERS && $(<$OFFERS) == *$1 ]] && return
        zselect -t 2
        zpty -r -t shell ignored # what it writes has to go somewhere
    done
    print -u2 "complete.zsh: no $1 after ten seconds"
    exit 1
}

zpty -b shell "TERM=dumb ZDOTDIR=$home zsh -d -i"
wait_for READY
for line; do
    : >$OFFERS
    zpty -w -n shell "$line"$'\t'
    wait_for END
    print -r -- "$line"
    print -r -- "${$(<$OFFERS)%END}" | grep -v '^$' | sort -u
    print
    zpty -w -n shell $'\C-u'
done
zpty -d shell
