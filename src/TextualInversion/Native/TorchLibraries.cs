using System.Runtime.InteropServices;

namespace TextualInversion.Native;

/// <summary>
/// The native libraries of libtorch, loaded before TorchSharp looks for them: its own search then finds them in the
/// process by their names. Linux needs this where its C++ library is older than GCC 13's, see
/// <see cref="BridgeLibrary"/>, and every system for a libtorch that is not the program's own.
/// </summary>
internal sealed class TorchLibraries
{
    private const int NamedFunctions = 3; // of those that are missing

    private readonly Dictionary<string, nint> handles = [];

    private TorchLibraries(string? folder) => Folder = folder;

    /// <summary>Where libtorch is, or null if it is left to TorchSharp to find it.</summary>
    public string? Folder { get; }

    /// <summary>Loads what is installed with the program, or what a folder holds.</summary>
    /// <param name="cacheFolder">See <see cref="TorchRuntimeOptions.CacheFolder"/>.</param>
    /// <param name="libtorchFolder">See <see cref="TorchRuntimeOptions.LibtorchFolder"/>.</param>
    /// <exception cref="TextualInversionException">
    /// There are no libraries in the folder, this system cannot load them, or functions are missing.
    /// </exception>
    public static TorchLibraries Load(string? cacheFolder, string? libtorchFolder = null)
    {
        if (libtorchFolder is null && !OperatingSystem.IsLinux())
            return new TorchLibraries(null); // TorchSharp has a search and an error of its own
        var own = LibtorchFolder.OfProgram();
        if (libtorchFolder is null)
            return own is null ? new TorchLibraries(null) : LoadFrom(own, cacheFolder, requireFunctions: false);
        var folder = LibtorchFolder.Require(libtorchFolder);
        if (own is not null && LibtorchFolder.IsFoundByTorchSharp && !LibtorchFolder.IsSame(own, folder))
            throw new TextualInversionException(
                $"{libtorchFolder}: cannot be used, since this program brings a libtorch of its own in {own}, and "
                    + "two in one process do not work; build the program without one."
            );
        return LoadFrom(folder, cacheFolder, requireFunctions: true);
    }

    /// <summary>
    /// The address of a function of the library for the CPU, or 0 if it is not exported or TorchSharp is to find the
    /// library.
    /// </summary>
    public nint CpuFunction(string name) => Function(LibtorchFolder.Cpu, name);

    /// <summary>The address of a function of the library that the others build on, or 0 as above.</summary>
    public nint CoreFunction(string name) => Function(LibtorchFolder.Core, name);

    private static TorchLibraries LoadFrom(string folder, string? cacheFolder, bool requireFunctions)
    {
        var loaded = new TorchLibraries(folder);
        foreach (var path in LibtorchFolder.Libraries(folder))
            loaded.handles.Add(Path.GetFileName(path), LoadFile(path));
        if (!OperatingSystem.IsLinux() || LibtorchFolder.FindInProgram(BridgeLibrary.Name) is not { } bridge)
            return loaded;
        if (requireFunctions)
            loaded.RequireFunctions(bridge);
        BridgeLibrary.Load(bridge, cacheFolder);
        return loaded;
    }

    /// <summary>
    /// Refuses a libtorch without all functions that TorchSharp calls. The system looks for most of them only when they
    /// are called, and then ends the process.
    /// </summary>
    private void RequireFunctions(string bridge)
    {
        var missing = ElfSymbols
            .Undefined(File.ReadAllBytes(bridge))
            .Where(name => name != BridgeLibrary.UnusedFunction)
            .Where(name => !handles.Values.Any(handle => NativeLibrary.TryGetExport(handle, name, out _)))
            .ToList();
        if (missing.Count == 0)
            return;
        var version = LibtorchVersion.Of(this)?.ToString() ?? "of an unknown version";
        throw new TextualInversionException(
            $"{Folder}: this libtorch, {version}, lacks {missing.Count} functions that TorchSharp calls, which was "
                + $"built for {LibtorchVersion.Expected}: {string.Join(", ", missing.Take(NamedFunctions))}"
                + $"{(missing.Count > NamedFunctions ? ", …" : "")}. Use a libtorch or PyTorch "
                + $"{LibtorchVersion.Expected}."
        );
    }

    private nint Function(string library, string name) =>
        handles.TryGetValue(library, out var handle) && NativeLibrary.TryGetExport(handle, name, out var function)
            ? function
            : 0;

    private static nint LoadFile(string path)
    {
        if (OperatingSystem.IsLinux() && ElfFile.IsCutOff(path))
            throw new TextualInversionException(
                $"{path}: is incomplete, as after a download or a copy that was interrupted; install this libtorch "
                    + "again."
            );
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw LoaderError.Of(path, error);
        }
    }
}
