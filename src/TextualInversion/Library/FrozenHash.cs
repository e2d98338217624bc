using TextualInversion.Models;

namespace TextualInversion;

/// <summary>The hash of a network before and after a training. They are equal, or the training fails.</summary>
/// <param name="Before">The SHA-256 of the values, in lower-case hexadecimal.</param>
/// <param name="After">The same after the training.</param>
public sealed record FrozenHash(string Before, string After)
{
    /// <exception cref="InvalidOperationException">They are not equal.</exception>
    internal static FrozenHash Of(ModelPart part, string before, string after) =>
        before == after
            ? new FrozenHash(before, after)
            : throw new InvalidOperationException($"the frozen {part} changed during training");
}
