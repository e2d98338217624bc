using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace TextualInversion.Native;

/// <summary>
/// Loads libtorch before TorchSharp looks for it, so that TorchSharp's own search finds it in the process by its name.
/// Needed on Linux where the C++ library is older than GCC 13's (Debian 12, Ubuntu 22.04):
/// libLibTorchSharp names a version of it that nothing in the file uses, see <see cref="ElfVersionRequirement"/>.
/// </summary>
internal static class NativeLibraries
{
    private const string UnusedRequirement = "GLIBCXX_3.4.32";
    private const string Bridge = "libLibTorchSharp.so";

    private const string Cpu = "libtorch_cpu.so";

    // In the order in which they need one another; the two of CUDA exist only in its packages.
    private static readonly string[] LibTorch = ["libc10.so", Cpu, "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"];

    /// <summary>A handle of libtorch's part for the CPU; 0 where TorchSharp is to find it by itself.</summary>
    public static nint TorchCpu { get; private set; }

    /// <summary>A function of libtorch's part for the CPU; 0 where it lets nobody else use it.</summary>
    public static nint TorchCpuFunction(string name) =>
        TorchCpu != 0 && NativeLibrary.TryGetExport(TorchCpu, name, out var function) ? function : 0;

    /// <summary>Loads the libraries. Runs once, before the first use of this assembly.</summary>
    /// <exception cref="TextualInversionException">The libraries are there but this system cannot load them.</exception>
    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Usage",
        "CA2255",
        Justification = "TorchSharp loads its library in a type initialiser, so this must run before any use of it."
    )]
    internal static void Load()
    {
        if (!OperatingSystem.IsLinux())
            return;
        Allocator.Configure();
        if (Find(Bridge) is not { } bridge || Find("libtorch.so") is not { } libTorch)
            return; // TorchSharp has a search and an error of its own.
        foreach (var name in LibTorch)
        {
            var path = Path.Combine(Path.GetDirectoryName(libTorch)!, name);
            if (!File.Exists(path))
                continue;
            var library = NativeLibrary.Load(path);
            if (name == Cpu)
                TorchCpu = library;
        }

        try
        {
            NativeLibrary.Load(bridge);
        }
        catch (DllNotFoundException error) when (error.Message.Contains(UnusedRequirement, StringComparison.Ordinal))
        {
            NativeLibrary.Load(WithoutUnusedRequirement(bridge));
        }
    }

    private static string? Find(string name)
    {
        var hostDirectories = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return hostDirectories
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Prepend(Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"))
            .Prepend(AppContext.BaseDirectory)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>The path of a copy, kept in the user's cache by content, that loads with an older C++ library.</summary>
    private static string WithoutUnusedRequirement(string bridge)
    {
        var bytes = File.ReadAllBytes(bridge);
        if (!ElfVersionRequirement.MakeWeak(bytes, UnusedRequirement))
            throw new TextualInversionException(
                $"{bridge}: asks for {UnusedRequirement}, which this system's libstdc++ lacks; install GCC 13's libstdc++6."
            );
        var directory = Path.Combine(
            CacheDirectory(),
            "ti",
            "native",
            Convert.ToHexString(SHA256.HashData(bytes))[..16]
        );
        var copy = Path.Combine(directory, Bridge);
        if (File.Exists(copy) && new FileInfo(copy).Length == bytes.Length)
            return copy;
        try
        {
            Directory.CreateDirectory(directory);
            var temporary = $"{copy}.{Environment.ProcessId}";
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, copy, overwrite: true);
            return copy;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException(
                $"{directory}: cannot keep a copy of {Bridge} there ({error.Message}); set XDG_CACHE_HOME to a folder that can be written.",
                error
            );
        }
    }

    private static string CacheDirectory()
    {
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache)
            return cache;
        var home = Environment.GetFolderPath(
            Environment.SpecialFolder.UserProfile,
            Environment.SpecialFolderOption.DoNotVerify
        );
        return home.Length > 0 ? Path.Combine(home, ".cache") : Path.GetTempPath();
    }
}
