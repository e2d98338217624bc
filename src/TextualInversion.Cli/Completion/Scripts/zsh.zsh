#compdef ti
# Completes ti in zsh. Save it in a folder of $fpath: ti completion zsh > ~/.zfunc/_ti
# or load it in ~/.zshrc, after compinit: source <(ti completion zsh)
_ti() {
    local program=${${(Q)words[1]}/#\~/$HOME} prefix= entry text
    local -a answer items
    answer=("${(@f)$($program '[complete]' "${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX" 2>/dev/null)}")
    if [[ $PREFIX == --*=* ]]; then
        prefix=${PREFIX%%=*}=
        compset -P "$prefix"
    fi
    for entry in "${(@)answer[3,-1]}"; do
        text=${${entry%%$'\t'*}#$prefix}
        if [[ $entry == *$'\t'* ]]; then
            items+=("${text//:/\\:}:${entry#*$'\t'}")
        else
            items+=("${text//:/\\:}")
        fi
    done
    (( $#items )) && _describe -V 'value' items
    case $answer[1] in
        files) _files ;;
        folders) _files -/ ;;
    esac
}
if [[ $funcstack[1] == _ti ]]; then
    _ti "$@"
else
    compdef _ti ti
fi
