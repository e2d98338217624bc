# Sourced by the other scripts, which set $root first. Finds the .NET SDK that global.json asks for, or fetches it into .dotnet/.
# find_sdk sets $dotnet; find_runtime sets DOTNET_ROOT for the programs built here, which search only the system's own folders.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# The SDK would ask for libicu, which small systems do not have; nothing here is localised.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_UI_LANGUAGE=en

find_sdk() {
  if system_fits; then dotnet=dotnet; return; fi
  dotnet=$root/.dotnet/dotnet
  fits "$dotnet" || fetch_sdk
  export DOTNET_ROOT="$root/.dotnet"
}

find_runtime() {
  if [ -x "$root/.dotnet/dotnet" ] && ! system_fits; then
    export DOTNET_ROOT="$root/.dotnet"
  elif [ -z "${DOTNET_ROOT:-}" ] && found=$(command -v dotnet); then
    found=$(dirname -- "$(readlink -f -- "$found")")
    if [ -d "$found/host/fxr" ]; then export DOTNET_ROOT="$found"; fi
  fi
}

# Not where scripts/ itself is on the PATH.
system_fits() {
  found=$(command -v dotnet) && [ "$(readlink -f -- "$found")" != "$root/scripts/dotnet" ] && fits "$found"
}

# Whether this dotnet has an SDK that satisfies global.json.
fits() {
  (cd -- "$root" && "$1" --version) >/dev/null 2>&1 </dev/null
}

fetch_sdk() {
  channel=$(sed -n 's/.*"version": *"\([0-9]*\.[0-9]*\)\..*/\1/p' "$root/global.json")
  mkdir -p -- "$root/.dotnet"
  installer=$root/.dotnet/dotnet-install.sh
  echo "No .NET $channel SDK found; fetching it into $root/.dotnet (over 200 MB, once) ..." >&2
  command -v bash >/dev/null || no_sdk "Its installer needs bash, which is not installed."
  if command -v curl >/dev/null; then
    curl -fsSL --retry 3 -o "$installer" https://dot.net/v1/dotnet-install.sh </dev/null || no_sdk "https://dot.net cannot be reached with curl; is there a network?"
  elif command -v wget >/dev/null; then
    wget -q -t 3 -O "$installer" https://dot.net/v1/dotnet-install.sh </dev/null || no_sdk "https://dot.net cannot be reached with wget; is there a network?"
  else
    no_sdk "Fetching it needs curl or wget: on Debian and Ubuntu, sudo apt-get install curl ca-certificates."
  fi
  bash "$installer" --channel "$channel" --install-dir "$root/.dotnet" --no-path >&2 </dev/null || no_sdk "Its installer failed, see above."
  fits "$dotnet" || no_sdk "It was fetched but does not start; on Debian and Ubuntu, sudo apt-get install libssl3 libstdc++6 zlib1g ca-certificates. It says:
$("$dotnet" --version 2>&1)"
}

no_sdk() {
  rm -f -- "$root/.dotnet/dotnet-install.sh"
  rmdir -- "$root/.dotnet" 2>/dev/null || true
  echo "error: the .NET $channel SDK is needed. $1" >&2
  echo "To install it by hand, see https://dotnet.microsoft.com/download/dotnet/$channel, then try again." >&2
  exit 1
}
