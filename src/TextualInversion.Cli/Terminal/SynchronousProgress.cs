namespace TextualInversion.Cli.Terminal;

/// <summary>Progress that is handled where it is reported: the framework's own class would hand it to another thread, out of order.</summary>
internal sealed class SynchronousProgress<T>(Action<T> handle) : IProgress<T>
{
    void IProgress<T>.Report(T value) => handle(value);
}
