using System.Runtime.InteropServices;

namespace TextualInversion.Native;

/// <summary>The environment that native code reads; .NET's methods work on a copy of it. For Linux.</summary>
internal static partial class NativeEnvironment
{
    /// <summary>
    /// Sets a variable unless it is set. Call it before other threads run native code, see setenv(3).
    /// </summary>
    public static void SetDefault(string name, string value) => _ = SetEnvironment(name, value, overwrite: 0);

    [LibraryImport("libc.so.6", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
