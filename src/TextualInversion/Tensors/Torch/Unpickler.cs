using System.Numerics;

namespace TextualInversion.Tensors.Torch;

/// <summary>
/// Reads pickles of the protocols 0 to 5 (the opcodes are documented in Python's <c>pickletools</c>) without running
/// any code that they name. One loop over a stack: an opcode adds at most one value and nothing is copied, so that time
/// and memory are bounded by the file's size.
/// </summary>
internal sealed class Unpickler
{
    private const int MaxOperations = 4_000_000; // a checkpoint of SDXL with averages and optimizer takes 300,000
    private const int MaxIntegerBytes = 64;

    private static readonly object?[] EmptyTuple = [];

    private readonly PickleBytes bytes;
    private readonly PickleCalls calls;
    private readonly PickleStack stack = new();
    private readonly PickleMemo memo = new();
    private int operations;

    /// <param name="bytes">One pickle, or several in a row.</param>
    public Unpickler(byte[] bytes)
    {
        this.bytes = new PickleBytes(bytes);
        calls = new PickleCalls(Spend);
    }

    /// <summary>The number of bytes read so far.</summary>
    public int Position => bytes.Position;

    /// <summary>All storages referred to so far.</summary>
    public IReadOnlyCollection<PickledStorage> Storages => calls.Storages;

    /// <summary>The value of the next pickle.</summary>
    /// <exception cref="MalformedFileException">
    /// It is malformed, or names a class or function that files of tensors do not need.
    /// </exception>
    public object? Read()
    {
        stack.Clear();
        memo.Clear();
        while (true)
        {
            Spend(1);
            var opcode = (char)bytes.Byte();
            if (opcode == '.')
                return stack.Pop();
            if (!TryPush(opcode) && !TryChangeStack(opcode) && !TryRemember(opcode))
                throw Refused(opcode);
        }
    }

    /// <summary>Runs an opcode that pushes one value.</summary>
    private bool TryPush(char opcode)
    {
        var value = PlainValue(opcode);
        if (value == this)
            value = ComposedValue(opcode);
        if (value == this)
            return false;
        stack.Push(value);
        return true;
    }

    /// <summary>The value of an opcode that does not use the stack, or this object for other opcodes.</summary>
    private object? PlainValue(char opcode) =>
        opcode switch
        {
            'N' => null,
            '\x88' => true,
            '\x89' => false,
            'K' => (long)bytes.Byte(),
            'M' => (long)bytes.UInt16(),
            'J' => (long)bytes.Int32(),
            '\x8a' => Integer(bytes.Byte()),
            '\x8b' => Integer(bytes.UInt32()),
            'I' => bytes.Line() switch
            {
                "00" => false,
                "01" => true,
                var line => PickleText.Integer(line),
            },
            'L' => PickleText.Integer(bytes.Line().TrimEnd('L')),
            'G' => bytes.Double(),
            'F' => PickleText.Double(bytes.Line()),
            'X' or 'T' => bytes.Text(bytes.UInt32()), // Python 2's byte strings ('T', 'U', 'S') were text
            '\x8c' or 'U' => bytes.Text(bytes.Byte()),
            '\x8d' => bytes.Text(bytes.UInt64()),
            'V' => PickleText.Unicode(bytes.Line()),
            'S' => PickleText.Quoted(bytes.Line()),
            'C' => bytes.Take(bytes.Byte()).ToArray(),
            'B' => bytes.Take(bytes.UInt32()).ToArray(),
            '\x8e' or '\x96' => bytes.Take(bytes.UInt64()).ToArray(),
            ')' => EmptyTuple,
            ']' or '\x8f' => new List<object?>(),
            '}' => new PickledDict(),
            'c' => PickleGlobals.Find(bytes.Line(), bytes.Line()),
            'g' => memo.Recall(PickleText.Index(bytes.Line())),
            'h' => memo.Recall(bytes.Byte()),
            'j' => memo.Recall(bytes.UInt32()),
            _ => this,
        };

    /// <summary>The value that an opcode makes of values on the stack, or this object for other opcodes.</summary>
    private object? ComposedValue(char opcode) =>
        opcode switch
        {
            '2' => stack.Top,
            't' => stack.PopToMark(),
            '\x85' => stack.Pop(1),
            '\x86' => stack.Pop(2),
            '\x87' => stack.Pop(3),
            'l' or '\x91' => stack.PopToMark().ToList(),
            'd' => SetItems(new PickledDict(), stack.PopToMark()),
            '\x93' => stack.Pop(2) is [string module, string name]
                ? PickleGlobals.Find(module, name)
                : throw new MalformedFileException("it names a class by something that is not a text"),
            'Q' => calls.Persistent(stack.Pop()),
            'R' or '\x81' => Call(stack.Pop(2)),
            '\x92' => Call(stack.Pop(3)),
            'i' => Call([PickleGlobals.Find(bytes.Line(), bytes.Line()), stack.PopToMark()]),
            'o' => stack.PopToMark() is [var function, .. var arguments]
                ? Call([function, arguments])
                : Call([null, EmptyTuple]),
            _ => this,
        };

    /// <summary>Runs an opcode that removes values, or changes the value on top.</summary>
    private bool TryChangeStack(char opcode)
    {
        switch (opcode)
        {
            case '(':
                stack.PushMark();
                break;
            case '1':
                stack.PopToMark();
                break;
            case '0' when stack.IsEmpty && stack.HasMark: // as Python does
                stack.PopMark();
                break;
            case '0':
                stack.Pop();
                break;
            case 'a':
                Append(stack.Pop(1));
                break;
            case 'e' or '\x90':
                Append(stack.PopToMark());
                break;
            case 's':
                var pair = stack.Pop(2);
                SetItems(stack.Top, pair);
                break;
            case 'u':
                var pairs = stack.PopToMark();
                SetItems(stack.Top, pairs);
                break;
            case 'b':
                SetState(stack.Pop());
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>Runs an opcode that numbers the value on top, or one without effect.</summary>
    private bool TryRemember(char opcode)
    {
        switch (opcode)
        {
            case 'p':
                Remember(PickleText.Index(bytes.Line()));
                break;
            case 'q':
                Remember(bytes.Byte());
                break;
            case 'r':
                Remember(bytes.UInt32());
                break;
            case '\x94':
                Remember(memo.Count);
                break;
            case '\x80':
                if (bytes.Byte() is > 5 and var protocol)
                    throw new MalformedFileException($"its pickle is of protocol {protocol}, 5 is the newest known");
                break;
            case '\x95': // the length of the next frame; each value is checked for itself
                bytes.UInt64();
                break;
            default:
                return false;
        }

        return true;
    }

    private MalformedFileException Refused(char opcode) =>
        new(
            opcode switch
            {
                'P' => "it refers to something outside by a line of text (protocol 0); save it again with torch.save "
                    + "as it is",
                '\x82' or '\x83' or '\x84' => "it asks for a class by a number (an EXT opcode), which torch never "
                    + "writes; nothing was run",
                '\x97' or '\x98' => "it refers to buffers outside, which torch never writes",
                _ => $"byte {bytes.Position - 1:N0} of its pickle, 0x{(int)opcode:x2}, is not an opcode",
            }
        );

    private object? Call(ReadOnlySpan<object?> functionAndArguments) =>
        calls.Call(functionAndArguments[0], functionAndArguments[1]);

    private void Append(ReadOnlySpan<object?> values)
    {
        if (stack.Top is List<object?> list)
            list.AddRange(values);
        else if (stack.Top is not PickledObject)
            throw new MalformedFileException("it appends to something that is not a list");
    }

    private static object? SetItems(object? target, ReadOnlySpan<object?> keysAndValues)
    {
        if (keysAndValues.Length % 2 != 0)
            throw new MalformedFileException("it sets a key without a value");
        if (target is PickledDict dictionary)
            for (var i = 0; i < keysAndValues.Length; i += 2)
                dictionary.Set(keysAndValues[i], keysAndValues[i + 1]);
        else if (target is not PickledObject)
            throw new MalformedFileException("it sets a key of something that is not a dictionary");
        return target;
    }

    /// <summary>
    /// Sets the attributes of an object. Those of other values, such as a state dict's versions, are ignored.
    /// </summary>
    private void SetState(object? state)
    {
        if (stack.Top is PickledObject built)
            built.State = state;
    }

    private void Remember(long index) => memo.Remember(index, stack.Top, bytes.Position);

    private object Integer(uint length) =>
        length <= MaxIntegerBytes
            ? PickleText.Integer(new BigInteger(bytes.Take(length)))
            : throw new MalformedFileException($"it holds an integer of {length:N0} bytes");

    private void Spend(int work)
    {
        operations += work;
        if (operations > MaxOperations)
            throw new MalformedFileException($"its pickle takes more than {MaxOperations:N0} steps");
    }
}
