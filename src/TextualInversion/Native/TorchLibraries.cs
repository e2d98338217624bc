using System.Runtime.InteropServices;

namespace TextualInversion.Native;

/// <summary>
/// The native libraries of libtorch, loaded before TorchSharp looks for them: its own search then finds them in the
/// process by their names. Linux needs this where its C++ library is older than GCC 13's, see
/// <see cref="BridgeLibrary"/>.
/// </summary>
internal sealed class TorchLibraries
{
    private const string Core = "libc10.so",
        Cpu = "libtorch_cpu.so",
        Main = "libtorch.so";

    // In the order in which they need one another. The two of CUDA exist only in its packages.
    private static readonly string[] Names = [Core, Cpu, "libc10_cuda.so", "libtorch_cuda.so", Main];

    private readonly Dictionary<string, nint> handles = [];

    private TorchLibraries() { }

    /// <summary>
    /// Loads what is installed next to the program. Without it, TorchSharp has a search and an error of its own.
    /// </summary>
    /// <param name="cacheFolder">See <see cref="TorchRuntimeOptions.CacheFolder"/>.</param>
    /// <exception cref="TextualInversionException">
    /// The libraries are there, but this system cannot load them.
    /// </exception>
    public static TorchLibraries Load(string? cacheFolder)
    {
        var loaded = new TorchLibraries();
        if (!OperatingSystem.IsLinux() || Find(BridgeLibrary.Name) is not { } bridge || Find(Main) is not { } main)
            return loaded;
        var folder = Path.GetDirectoryName(main)!;
        foreach (var path in Names.Select(name => Path.Combine(folder, name)).Where(File.Exists))
            loaded.handles.Add(Path.GetFileName(path), LoadFile(path));
        BridgeLibrary.Load(bridge, cacheFolder);
        return loaded;
    }

    /// <summary>
    /// The address of a function of the library for the CPU, or 0 if it is not exported or TorchSharp is to find the
    /// library.
    /// </summary>
    public nint CpuFunction(string name) => Function(Cpu, name);

    /// <summary>The address of a function of the library that the others build on, or 0 as above.</summary>
    public nint CoreFunction(string name) => Function(Core, name);

    private nint Function(string library, string name) =>
        handles.TryGetValue(library, out var handle) && NativeLibrary.TryGetExport(handle, name, out var function)
            ? function
            : 0;

    private static nint LoadFile(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new TextualInversionException($"{path}: this system cannot load it ({error.Message}).", error);
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
}
