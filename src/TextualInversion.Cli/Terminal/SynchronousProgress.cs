namespace TextualInversion.Cli.Terminal;

/// <summary>
/// Progress that is handled on the thread that reports it, in order, unlike <see cref="Progress{T}"/>.
/// </summary>
internal sealed class SynchronousProgress<T>(Action<T> handle) : IProgress<T>
{
    void IProgress<T>.Report(T value) => handle(value);
}
