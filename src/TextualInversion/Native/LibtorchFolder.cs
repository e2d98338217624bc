using System.Runtime.InteropServices;

namespace TextualInversion.Native;

/// <summary>A folder with the libraries of libtorch.</summary>
internal static class LibtorchFolder
{
    /// <summary>The folder next to the program in which TorchSharp's own search finds nothing.</summary>
    private const string Apart = "libtorch";

    /// <summary>The library that the others build on, and the one for the CPU.</summary>
    public static string Core => Names[0];

    /// <inheritdoc cref="Core"/>
    public static string Cpu => Names[1];

    /// <summary>Whether the program's own libtorch is where TorchSharp loads it, whatever was loaded before.</summary>
    public static bool IsFoundByTorchSharp => SearchedByTorchSharp().Any(HasLibtorch);

    // In the order in which they need one another. Those of CUDA exist only in its builds.
    private static string[] Names { get; } =
        OperatingSystem.IsWindows() ? ["c10.dll", "torch_cpu.dll", "c10_cuda.dll", "torch_cuda.dll", "torch.dll"]
        : OperatingSystem.IsMacOS() ? ["libc10.dylib", "libtorch_cpu.dylib", "libtorch.dylib"]
        : ["libc10.so", "libtorch_cpu.so", "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"];

    /// <summary>The libraries of a folder, in the order in which they have to be loaded.</summary>
    public static IEnumerable<string> Libraries(string folder) =>
        Names.Select(name => Path.Combine(folder, name)).Where(File.Exists);

    /// <summary>The libtorch that came with the program, or null if there is none.</summary>
    public static string? OfProgram() => InProgram().FirstOrDefault(HasLibtorch);

    /// <summary>A file that came with the program, or null if there is none.</summary>
    public static string? FindInProgram(string name) =>
        InProgram().Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>The folder that the user names.</summary>
    /// <exception cref="TextualInversionException">It does not hold libtorch.</exception>
    public static string Require(string folder)
    {
        var full = Path.GetFullPath(folder);
        if (HasLibtorch(full))
            return full;
        var inner = Path.Combine(full, "lib");
        if (HasLibtorch(inner))
            return inner; // the folder of PyTorch, or of a libtorch that was unpacked
        throw new TextualInversionException(
            $"{folder}: is not a folder of libtorch, since it has no {Cpu} and {Names[^1]}; for an installed PyTorch, "
                + "name what this prints: python3 -c \"import torch; print(torch.__path__[0] + '/lib')\"."
        );
    }

    /// <summary>Whether two paths are one folder.</summary>
    public static bool IsSame(string first, string second) => Real(first) == Real(second);

    private static string Real(string folder)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return new DirectoryInfo(full).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? full;
    }

    private static bool HasLibtorch(string folder) =>
        File.Exists(Path.Combine(folder, Cpu)) && File.Exists(Path.Combine(folder, Names[^1]));

    private static IEnumerable<string> InProgram() =>
        SearchedByTorchSharp().Prepend(Path.Combine(AppContext.BaseDirectory, Apart));

    private static IEnumerable<string> SearchedByTorchSharp()
    {
        var hostDirectories = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return hostDirectories
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Prepend(Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"))
            .Prepend(AppContext.BaseDirectory);
    }
}
