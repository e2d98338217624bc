namespace TextualInversion.Native;

/// <summary>libtorch's own messages on standard error.</summary>
internal static unsafe partial class TorchLog
{
    // c10::initLogging(): reads TORCH_CPP_LOG_LEVEL. Python calls it on import, and nothing calls it elsewhere
    // (https://github.com/pytorch/pytorch/blob/main/c10/util/Logging.cpp).
    private const string InitLogging = "_ZN3c1011initLoggingEv";

    /// <summary>
    /// Shows only what ends the process, or what TORCH_CPP_LOG_LEVEL says where it is set: other errors are exceptions
    /// or codes too, and libtorch prints those of <see cref="OneDnn"/>, such as exhausted memory, with a stack trace.
    /// Does nothing where libtorch is not ours to load.
    /// </summary>
    public static void SilenceWarnings(TorchLibraries libraries)
    {
        var function = libraries.CoreFunction(InitLogging);
        if (function == 0)
            return;
        NativeEnvironment.SetDefault("TORCH_CPP_LOG_LEVEL", "FATAL");
        ((delegate* unmanaged<void>)function)();
    }
}
