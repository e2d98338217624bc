namespace TextualInversion;

/// <summary>
/// Settings of <see cref="TorchRuntime.Initialize"/>. All of them have an effect on the whole process.
/// </summary>
public sealed record TorchRuntimeOptions
{
    /// <summary>
    /// A folder for a changed copy of one native library (2 MB), so that later runs need not write it again. Only Linux
    /// systems with a C++ library older than GCC 13's need that copy. The folder is created if it does not exist.
    /// Default: null; a temporary folder is used and removed at once, as it is if this folder cannot be written.
    /// </summary>
    public string? CacheFolder { get; init; }

    /// <summary>
    /// The folder of a libtorch to use instead of the program's own, such as that of an installed PyTorch with CUDA:
    /// <c>torch/lib</c>. Its version should be the one that TorchSharp was built for, 2.10. A program that uses this is
    /// built without a libtorch of its own. Default: null; the program's own.
    /// </summary>
    public string? LibtorchFolder { get; init; }

    /// <summary>
    /// Receives a warning if <see cref="LibtorchFolder"/> holds another version than TorchSharp was built for. Default:
    /// null.
    /// </summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>
    /// Makes glibc's heap keep freed memory, for a program whose main work is training: a training step then takes
    /// about a tenth less time, and the process holds more memory. Default: false.
    /// </summary>
    public bool TuneAllocator { get; init; }

    /// <summary>
    /// Turns off the messages that libtorch writes to standard error, such as a warning about NNPACK for each
    /// convolution on some processors. Its errors are exceptions in any case. The environment variable
    /// TORCH_CPP_LOG_LEVEL, where it is set, has precedence. Default: true.
    /// </summary>
    public bool SilenceWarnings { get; init; } = true;
}
