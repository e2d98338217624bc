namespace TextualInversion.Tests.Fixtures;

/// <summary>Calls its action on the reporting thread, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class ImmediateProgress<T>(Action<T> action) : IProgress<T>
{
    public void Report(T value) => action(value);
}
