using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints;

/// <summary>
/// Compares a config with the shapes in its weights, so that an error names the key that is wrong. Tensors that the
/// file lacks are passed over: <see cref="WeightStore"/> names them.
/// </summary>
internal sealed class ConfigWeights
{
    private readonly ConfigCheck check;
    private readonly string weightsFile;
    private readonly Dictionary<string, long[]> shapes = [];

    /// <param name="check">The config file, for messages.</param>
    /// <param name="weights">The weights, headers read.</param>
    /// <param name="rename">
    /// From a name in the file to the one in use, as for <see cref="WeightStore"/>. Default: as they are.
    /// </param>
    public ConfigWeights(ConfigCheck check, ITensorFile weights, Func<string, string?>? rename = null)
    {
        this.check = check;
        weightsFile = weights.FilePath;
        foreach (var (key, entry) in weights.Tensors)
        {
            if ((rename is null ? key : rename(key)) is { } name)
                shapes.TryAdd(name, entry.Shape);
        }
    }

    public bool Contains(string tensor) => shapes.ContainsKey(tensor);

    /// <summary>The tensor's length along an axis, or null if it is not there or has no such axis.</summary>
    public long? Length(string tensor, int axis) =>
        shapes.TryGetValue(tensor, out var shape) && axis < shape.Length ? shape[axis] : null;

    /// <exception cref="TextualInversionException">
    /// The tensor has another length along <paramref name="axis"/>.
    /// </exception>
    public void Size(string key, long value, string tensor, int axis)
    {
        if (Length(tensor, axis) is { } expected)
            Require(value == expected, key, value, $"{expected}");
    }

    /// <param name="key">The key in the config.</param>
    /// <param name="value">How many parts it asks for.</param>
    /// <param name="tensor">A tensor of each part, by the part's number from 0.</param>
    /// <exception cref="TextualInversionException">The weights have more parts or fewer.</exception>
    public void Count(string key, long value, Func<int, string> tensor)
    {
        var found = 0;
        while (Contains(tensor(found)))
            found++;
        var hasGap = Enumerable.Range(found, (int)Math.Max(value - found, 0)).Any(part => Contains(tensor(part)));
        if (found > 0 && !hasGap)
            Require(found == value, key, value, $"{found}");
    }

    /// <exception cref="TextualInversionException">
    /// The condition is not met: the weights have <paramref name="expected"/>.
    /// </exception>
    public void Require(bool isMet, string key, object? value, string expected) =>
        check.Require(isMet, key, value, $"{expected} to fit the weights in {weightsFile}");
}
