using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Fixtures;

internal static class TorchSetup
{
    /// <summary>
    /// Loads libtorch before any test uses TorchSharp, as a program does at its start. Uses one thread for each tensor
    /// operation: tests run in parallel, and the reference values were made with one thread. The number of threads
    /// changes the order of sums, which shows in ill-conditioned cases.
    /// </summary>
    [ModuleInitializer]
    internal static void Initialize()
    {
        TorchRuntime.Initialize(new TorchRuntimeOptions { TuneAllocator = true });
        UseOneThread();
    }

    // TorchSharp's type initializer may run on entry to the method that uses it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UseOneThread() => set_num_threads(1);
}
