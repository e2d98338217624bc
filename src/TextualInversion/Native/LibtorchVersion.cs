namespace TextualInversion.Native;

/// <summary>The version of a libtorch, as the library itself tells it.</summary>
internal static unsafe class LibtorchVersion
{
    /// <summary>The version whose interface this build of TorchSharp uses: others may lack functions.</summary>
    public static readonly Version Expected = new(2, 10);

    // uint64_t aoti_torch_abi_version(void): a byte each for major, minor and patch, from the top
    // (https://github.com/pytorch/pytorch/blob/main/torch/csrc/inductor/aoti_torch/c/shim.h).
    private const string Function = "aoti_torch_abi_version";

    /// <returns>The version, or null if the library is older than this function or was not loaded here.</returns>
    public static Version? Of(TorchLibraries libraries)
    {
        var function = libraries.CpuFunction(Function);
        return function == 0 ? null : Decode(((delegate* unmanaged<ulong>)function)());
    }

    /// <summary>A warning for a libtorch of another minor version, or null.</summary>
    /// <param name="folder">Where it is.</param>
    /// <param name="version">Its version, or null if it does not tell it.</param>
    public static string? Warning(string folder, Version? version) =>
        (version?.Major, version?.Minor) == (Expected.Major, Expected.Minor)
            ? null
            : $"{folder}: is libtorch {version?.ToString() ?? "of an unknown version"}, and TorchSharp was built for "
                + $"{Expected}; it may fail or compute something else";

    internal static Version Decode(ulong number) =>
        new((int)(number >> 56), (int)(number >> 48 & 0xff), (int)(number >> 40 & 0xff));
}

/// <summary>The libtorch that is loaded.</summary>
/// <param name="Version">Its version; null if it does not say it.</param>
/// <param name="Folder">Where it is; null if TorchSharp's own search found it.</param>
internal sealed record LibtorchReport(string? Version, string? Folder);
