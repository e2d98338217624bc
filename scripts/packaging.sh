# Sourced by publish and pack, which set $root first and call find_sdk. What they make is in artifacts/, or where
# TI_ARTIFACTS says.

artifacts=${TI_ARTIFACTS:-$root/artifacts}
systems="linux-x64 win-x64 osx-arm64"

# Sets $wanted to the systems that the arguments name, or to this one.
read_systems() {
    wanted=$*
    if [ -z "$wanted" ]; then
        case $(uname -s) in
            Linux) wanted=linux-x64 ;;
            Darwin) wanted=osx-arm64 ;;
            *) wanted=win-x64 ;;
        esac
    fi
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
