namespace TextualInversion.Tensors.Torch;

/// <summary>
/// The stack on which a pickle builds its values, with marks that begin a collection. Values below the last mark cannot
/// be reached.
/// </summary>
internal sealed class PickleStack
{
    private readonly List<object?> values = [];
    private readonly Stack<int> marks = new();

    public bool HasMark => marks.Count > 0;

    /// <summary>Whether there is no value above the last mark.</summary>
    public bool IsEmpty => values.Count == Floor;

    /// <summary>The last value.</summary>
    /// <exception cref="MalformedFileException">There is none above the last mark.</exception>
    public object? Top =>
        values.Count > Floor ? values[^1] : throw new MalformedFileException("it takes a value from an empty stack");

    private int Floor => marks.Count > 0 ? marks.Peek() : 0;

    public void Clear()
    {
        values.Clear();
        marks.Clear();
    }

    public void Push(object? value) => values.Add(value);

    public void PushMark() => marks.Push(values.Count);

    public void PopMark() => marks.Pop();

    /// <exception cref="MalformedFileException">There is no value above the last mark.</exception>
    public object? Pop() => Pop(1)[0];

    /// <summary>Removes the last values, and returns them in the order in which they were pushed.</summary>
    /// <exception cref="MalformedFileException">There are fewer values above the last mark.</exception>
    public object?[] Pop(int count)
    {
        if (values.Count - Floor < count)
            throw new MalformedFileException("it takes a value from an empty stack");
        var popped = values.GetRange(values.Count - count, count).ToArray();
        values.RemoveRange(values.Count - count, count);
        return popped;
    }

    /// <summary>Removes the last mark and all values above it, and returns them.</summary>
    /// <exception cref="MalformedFileException">There is no mark.</exception>
    public object?[] PopToMark()
    {
        if (marks.Count == 0)
            throw new MalformedFileException("it collects values without a mark");
        var popped = Pop(values.Count - Floor);
        marks.Pop();
        return popped;
    }
}
