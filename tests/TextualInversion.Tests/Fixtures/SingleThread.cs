using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// One thread for each tensor operation: the tests themselves run in parallel, and the reference numbers were made so. The number of
/// threads decides the order of sums, which an ill-conditioned case shows.
/// </summary>
internal static class SingleThread
{
    [ModuleInitializer]
    internal static void Set()
    {
        RuntimeHelpers.RunModuleConstructor(typeof(TextualInversionException).Module.ModuleHandle); // loads libtorch
        set_num_threads(1);
    }
}
