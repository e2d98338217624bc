using TextualInversion.Native;

namespace TextualInversion;

/// <summary>
/// Loads libtorch, the native library behind TorchSharp, and adjusts the process to it. The library loads libtorch by
/// itself when it is first needed and adjusts nothing; a program that wants other settings calls
/// <see cref="Initialize"/> first.
/// </summary>
public static class TorchRuntime
{
    private static readonly Lock Gate = new();
    private static TorchLibraries? libraries;

    /// <summary>
    /// Applies the settings and loads libtorch. Call it once, at the start of the program and before the first use of
    /// TorchSharp. libtorch is loaded at most once: after that, <see cref="TorchRuntimeOptions.CacheFolder"/> and
    /// <see cref="TorchRuntimeOptions.LibtorchFolder"/> have no effect. Safe to call from several threads.
    /// </summary>
    /// <param name="options">Default: those of a new <see cref="TorchRuntimeOptions"/>.</param>
    /// <exception cref="TextualInversionException">
    /// libtorch is installed, but this system cannot load it; or the folder holds none, or one that cannot be used.
    /// </exception>
    public static void Initialize(TorchRuntimeOptions? options = null)
    {
        options ??= new TorchRuntimeOptions();
        lock (Gate)
        {
            if (options.TuneAllocator)
                Allocator.Configure();
            if (libraries is null && options.LibtorchFolder is { } folder)
                libraries = LoadFrom(folder, options);
            libraries ??= TorchLibraries.Load(options.CacheFolder);
            if (options.SilenceWarnings)
                TorchLog.SilenceWarnings(libraries);
        }
    }

    /// <summary>
    /// Loads libtorch unless it is loaded, and changes nothing else in the process. To be called before the first use
    /// of TorchSharp: its own search fails on Linux systems with an older C++ library.
    /// </summary>
    /// <exception cref="TextualInversionException">libtorch is installed, but this system cannot load it.</exception>
    internal static void EnsureLoaded() => _ = Loaded();

    /// <summary>The address of a function of libtorch's CPU library, or 0 if it is not exported.</summary>
    /// <exception cref="TextualInversionException">libtorch is installed, but this system cannot load it.</exception>
    internal static nint CpuFunction(string name) => Loaded().CpuFunction(name);

    /// <summary>The libtorch that is loaded.</summary>
    /// <exception cref="TextualInversionException">libtorch is installed, but this system cannot load it.</exception>
    internal static LibtorchReport Describe()
    {
        var loaded = Loaded();
        return new LibtorchReport(LibtorchVersion.Of(loaded)?.ToString(), loaded.Folder);
    }

    private static TorchLibraries LoadFrom(string folder, TorchRuntimeOptions options)
    {
        var loaded = TorchLibraries.Load(options.CacheFolder, folder);
        if (LibtorchVersion.Warning(folder, LibtorchVersion.Of(loaded)) is { } warning)
            options.OnWarning?.Invoke(warning);
        return loaded;
    }

    private static TorchLibraries Loaded()
    {
        lock (Gate)
            return libraries ??= TorchLibraries.Load(cacheFolder: null);
    }
}
