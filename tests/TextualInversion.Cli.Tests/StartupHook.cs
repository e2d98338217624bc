using System.Diagnostics.CodeAnalysis;

/// <summary>
/// Collects garbage without a pause in a program that is started with DOTNET_STARTUP_HOOKS naming this assembly
/// (https://github.com/dotnet/runtime/blob/main/docs/design/features/host-startup-hook.md).
/// </summary>
[SuppressMessage("Design", "CA1050", Justification = "The runtime looks for this name without a namespace.")]
internal static class StartupHook
{
    public static void Initialize() => new Thread(Collect) { IsBackground = true }.Start();

    private static void Collect()
    {
        while (true)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
