namespace TextualInversion.Tensors.Torch;

/// <summary>The values that a pickle numbers, so that it can refer to them again.</summary>
internal sealed class PickleMemo
{
    private readonly List<object?> values = [];

    public int Count => values.Count;

    public void Clear() => values.Clear();

    /// <summary>Numbers a value.</summary>
    /// <param name="index">The number.</param>
    /// <param name="value">The value.</param>
    /// <param name="bytesRead">
    /// The number of bytes read so far. An opcode that numbers a value takes two bytes, so a larger number is an attack
    /// on the memory.
    /// </param>
    /// <exception cref="MalformedFileException">The number is larger than <paramref name="bytesRead"/>.</exception>
    public void Remember(long index, object? value, int bytesRead)
    {
        if (index > bytesRead)
            throw new MalformedFileException($"it numbers a value {index:N0} after {bytesRead:N0} bytes");
        while (values.Count <= index)
            values.Add(this); // marks a number without a value
        values[(int)index] = value;
    }

    /// <summary>The value of a number.</summary>
    /// <exception cref="MalformedFileException">No value has the number.</exception>
    public object? Recall(long index) =>
        index < values.Count && values[(int)index] is var value && value != this
            ? value
            : throw new MalformedFileException($"it refers to its value {index:N0}, which does not exist");
}
