using System.Runtime.InteropServices;
using TextualInversion.IO;

namespace TextualInversion.Native;

/// <summary>
/// <para>TorchSharp's own native library, which connects .NET with libtorch, on Linux systems with an older C++
/// library.</para>
/// <para>
/// A shared library lists the versions of other libraries that it needs, and the system refuses to load it if one is
/// missing. libLibTorchSharp.so lists the version GLIBCXX_3.4.32 of the C++ library, which came with GCC 13. Debian 12
/// and Ubuntu 22.04 have older ones. But the file uses nothing of that version: the only symbol that carries it
/// (<c>std::ios_base_library_init()</c>) is never called. So the entry is not needed, and a copy of the file in which
/// it is marked as weak (not required) loads and works there. <see cref="ElfVersionRequirement"/> makes that change.
/// </para>
/// <para>
/// The copy is kept in a cache folder under the hash of its content, or is made in a temporary folder that is removed
/// once the library is loaded. The file that came with the package is never changed.
/// </para>
/// </summary>
internal static class BridgeLibrary
{
    public const string Name = "libLibTorchSharp.so";

    /// <summary>What the bridge takes from the C++ library of GCC 13 and never calls.</summary>
    public const string UnusedFunction = "_ZSt21ios_base_library_initv";

    private const string UnusedRequirement = "GLIBCXX_3.4.32";

    /// <param name="path">The file that came with the package.</param>
    /// <param name="cacheFolder">See <see cref="TorchRuntimeOptions.CacheFolder"/>.</param>
    /// <exception cref="TextualInversionException">This system cannot load it, or no folder can hold a copy that it
    /// can.</exception>
    public static void Load(string path, string? cacheFolder)
    {
        try
        {
            NativeLibrary.Load(path);
        }
        catch (DllNotFoundException error) when (error.Message.Contains(UnusedRequirement, StringComparison.Ordinal))
        {
            LoadWeakened(path, cacheFolder);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw LoaderError.Of(path, error);
        }
    }

    private static void LoadWeakened(string path, string? cacheFolder)
    {
        var bytes = File.ReadAllBytes(path);
        if (!ElfVersionRequirement.MakeWeak(bytes, UnusedRequirement))
            throw new TextualInversionException(
                $"{path}: needs {UnusedRequirement}, which this system's libstdc++ lacks; install libstdc++6 of "
                    + $"GCC 13 or later."
            );
        if (cacheFolder is not null && IsLoaded(() => LoadFromCache(bytes, cacheFolder), out _))
            return;
        if (!IsLoaded(() => LoadFromTemporaryFolder(bytes), out var problem))
            throw new TextualInversionException(
                $"{Path.GetTempPath()}: cannot load a copy of {Name} from there ({LoaderError.ReasonOf(problem!)}); "
                    + "set TMPDIR to a folder in which files can be written and executed.",
                problem!
            );
    }

    /// <summary>
    /// Whether it worked in this folder: it may be read-only or full, or mounted so that nothing in it can be executed.
    /// </summary>
    private static bool IsLoaded(Action load, out Exception? problem)
    {
        try
        {
            load();
            problem = null;
        }
        catch (Exception error) when (error is DllNotFoundException || IoErrors.IsFileError(error))
        {
            problem = error;
        }

        return problem is null;
    }

    private static void LoadFromCache(byte[] bytes, string cacheFolder)
    {
        var hash = Sha256.OfBytes(bytes);
        var folder = Directory.CreateDirectory(Path.Combine(cacheFolder, "native", hash[..16])).FullName;
        var copy = Path.Combine(folder, Name);
        if (!File.Exists(copy) || !File.ReadAllBytes(copy).AsSpan().SequenceEqual(bytes))
        {
            var temporary = Path.Combine(folder, Path.GetRandomFileName());
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, copy, overwrite: true);
        }

        NativeLibrary.Load(copy);
    }

    private static void LoadFromTemporaryFolder(byte[] bytes)
    {
        var folder = Directory.CreateTempSubdirectory("ti-native-"); // nobody else can write there
        try
        {
            var copy = Path.Combine(folder.FullName, Name);
            File.WriteAllBytes(copy, bytes);
            NativeLibrary.Load(copy);
        }
        finally
        {
            folder.Delete(recursive: true); // what is loaded stays in memory
        }
    }
}
