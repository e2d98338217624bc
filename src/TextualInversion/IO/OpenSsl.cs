using System.Runtime.InteropServices;

namespace TextualInversion.IO;

/// <summary>
/// The library that .NET's hashes and encrypted connections need on Linux. Small systems, such as a minimal Debian 12,
/// do not have it, and the first use then ends the process
/// (https://github.com/dotnet/runtime/blob/main/src/native/libs/System.Security.Cryptography.Native/opensslshim.c).
/// </summary>
internal static class OpenSsl
{
    private static readonly string[] Names = ["libssl.so.3", "libssl.so.1.1"];

    /// <summary>Whether it is installed, or not needed on this system.</summary>
    public static bool IsAvailable { get; } =
        !OperatingSystem.IsLinux() || Array.Exists(Names, name => NativeLibrary.TryLoad(name, out _));

    /// <summary>To be called before what only OpenSSL can do.</summary>
    /// <param name="purpose">What it is needed for, such as "a download".</param>
    /// <exception cref="TextualInversionException">It is not installed.</exception>
    public static void Require(string purpose)
    {
        if (!IsAvailable)
            throw new TextualInversionException(
                $"{Names[0]}: is not installed, and {purpose} needs it; on Debian and Ubuntu: apt-get install openssl "
                    + "ca-certificates."
            );
    }
}
