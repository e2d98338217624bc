# Completes ti in fish. Save it once: ti completion fish > ~/.config/fish/completions/ti.fish
function __ti_complete
    set -l answer (command ti '[complete]' (commandline --cut-at-cursor --current-process | string collect) 2>/dev/null)
    if set -q answer[3]
        printf '%s\n' $answer[3..-1]
    end
    switch "$answer[1]"
        case files
            __fish_complete_path (commandline --cut-at-cursor --current-token)
        case folders
            __fish_complete_directories (commandline --cut-at-cursor --current-token)
    end
end
complete --command ti --no-files --arguments '(__ti_complete)'
