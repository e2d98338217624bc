# Sourced by publish and pack, which set $root first and call find_sdk. What they make is in artifacts/, or where
# TI_ARTIFACTS says.

artifacts=${TI_ARTIFACTS:-$root/artifacts}
systems="linux-x64 win-x64 osx-arm64"

case $(uname -s) in
    Linux) this_system=linux-x64 ;;
    Darwin) this_system=osx-arm64 ;;
    *) this_system=win-x64 ;;
esac

# Sets $wanted to the systems that the arguments name, or to this one.
read_systems() {
    wanted=${*:-$this_system}
    for system in $wanted; do
        case " $systems " in
            *" $system "*) ;;
            *) echo "error: $system is not one of $systems." >&2; exit 2 ;;
        esac
    done
}

# Publishes ti for a system into a folder, with the licenses of what is in it: publish_ti SYSTEM FOLDER BUILD [OPTION ...]
# BUILD is where it is built; builds for different systems share nothing. Paths of this machine do not get into the files.
publish_ti() {
    system=$1 folder=$2 build=$3
    shift 3
    rm -rf -- "$folder"
    "$dotnet" publish "$root/src/TextualInversion.Cli" -c Release -r "$system" --artifacts-path "$build" -o "$folder" \
        -p:PathMap="$root=/_" -nologo -v:quiet "$@" </dev/null
    packaging notices "$folder" "$build/obj/TextualInversion.Cli/project.assets.json"
}

# Writes the manual pages and the completions into share/ of a published ti: add_pages SYSTEM FOLDER
# They are the same for all systems. The ti of another system does not start here, so one is built to write them.
add_pages() {
    published=$2/ti share=$2/share
    if [ "$1" = "$this_system" ]; then
        writer() { "$published" "$@"; }
    else
        "$dotnet" build "$root/src/TextualInversion.Cli" -c Release --artifacts-path "$artifacts/build/pages" \
            -nologo -v:quiet </dev/null
        writer() { "$dotnet" exec "$artifacts/build/pages/bin/TextualInversion.Cli/release/ti.dll" "$@"; }
    fi
    mkdir -p -- "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d"
    writer '[man]' "$share/man/man1"
    writer completion bash >"$share/bash-completion/completions/ti"
    writer completion zsh >"$share/zsh/site-functions/_ti"
    writer completion fish >"$share/fish/vendor_completions.d/ti.fish"
}

# Runs the program that makes licenses and archives, built the first time.
packaging() {
    if [ -z "${packaging_built:-}" ]; then
        "$dotnet" build "$root/src/TextualInversion.Packaging" -c Release --artifacts-path "$artifacts/build/packaging" \
            -nologo -v:quiet </dev/null
        packaging_built=yes
    fi
    "$dotnet" exec "$artifacts/build/packaging/bin/TextualInversion.Packaging/release/ti-packaging.dll" "$@"
}

# The version of a published ti.
version_of() {
    sed -n 's|.*"ti/\([^"]*\)".*|\1|p' "$1/ti.deps.json" | head -n 1
}
