# Completes ti in bash. Load it in ~/.bashrc: source <(ti completion bash)
_ti() {
    local line=${COMP_LINE:0:COMP_POINT} current=$2 program=${1/#\~/$HOME}
    local paths='' typed='' text='' before plain
    COMPREPLY=()
    before=${line%"$current"}
    plain=${current//\\/}
    {
        IFS= read -r paths
        IFS= read -r typed
        while IFS=$'\t' read -r text _; do
            text=${text#"${typed%"$plain"}"} # bash keeps what is before the current word, such as --sampler=
            case $paths-${before: -1} in
                none-[\"\']) ;;
                none-*) printf -v text %q "$text" ;; # with paths, bash quotes by itself
            esac
            case $text in *=) compopt -o nospace 2>/dev/null ;; esac
            COMPREPLY+=("$text")
        done
    } < <("$program" '[complete]' "$line" 2>/dev/null)
    case $paths in
        files) while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -f -- "$current") ;;
        folders) while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -d -- "$current") ;;
        *) return ;;
    esac
    compopt -o filenames 2>/dev/null
}
complete -F _ti ti
