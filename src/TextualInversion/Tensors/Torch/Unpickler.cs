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
    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = new();
    private readonly List<object?> memo = [];
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
        marks.Clear();
        memo.Clear();
        while (true)
        {
            Spend(1);
            var opcode = (char)bytes.Byte();
            if (opcode == '.')
                return Pop();
            if (!Push(opcode) && !Collect(opcode) && !Refer(opcode) && !Make(opcode))
                throw new MalformedFileException(
                    $"byte {bytes.Position - 1:N0} of its pickle, 0x{(int)opcode:x2}, is not an opcode"
                );
        }
    }

    /// <summary>Opcodes that push a plain value.</summary>
    private bool Push(char opcode)
    {
        object? value = opcode switch
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
            _ => this,
        };
        if (value == this)
            return false;
        stack.Add(value);
        return true;
    }

    /// <summary>Opcodes that put values of the stack into a collection.</summary>
    private bool Collect(char opcode)
    {
        switch (opcode)
        {
            case '(':
                marks.Push(stack.Count);
                break;
            case '1':
                PopToMark();
                break;
            case 't':
                stack.Add(PopToMark());
                break;
            case '\x85':
                stack.Add(Pop(1));
                break;
            case '\x86':
                stack.Add(Pop(2));
                break;
            case '\x87':
                stack.Add(Pop(3));
                break;
            case 'l' or '\x91':
                stack.Add(PopToMark().ToList());
                break;
            case 'a':
                Append(Pop(1));
                break;
            case 'e' or '\x90':
                Append(PopToMark());
                break;
            case 'd':
                var items = PopToMark();
                stack.Add(new PickledDict());
                SetItems(items);
                break;
            case 's':
                SetItems(Pop(2));
                break;
            case 'u':
                SetItems(PopToMark());
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>Opcodes of the memo, and those without effect.</summary>
    private bool Refer(char opcode)
    {
        switch (opcode)
        {
            case '0' when stack.Count == Floor && marks.Count > 0:
                marks.Pop();
                break; // as Python does
            case '0':
                Pop();
                break;
            case '2':
                stack.Add(Top);
                break;
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
            case 'g':
                stack.Add(Recall(PickleText.Index(bytes.Line())));
                break;
            case 'h':
                stack.Add(Recall(bytes.Byte()));
                break;
            case 'j':
                stack.Add(Recall(bytes.UInt32()));
                break;
            case '\x80':
                if (bytes.Byte() is > 5 and var protocol)
                    throw new MalformedFileException($"its pickle is of protocol {protocol}, 5 is the newest known");
                break;
            case '\x95':
                bytes.UInt64();
                break; // how long the next frame is; each value is checked for itself
            default:
                return false;
        }

        return true;
    }

    /// <summary>Opcodes that name classes and make objects.</summary>
    private bool Make(char opcode)
    {
        switch (opcode)
        {
            case 'c':
                stack.Add(PickleGlobals.Find(bytes.Line(), bytes.Line()));
                break;
            case '\x93':
                stack.Add(
                    Pop(2) is [string module, string name]
                        ? PickleGlobals.Find(module, name)
                        : throw new MalformedFileException("it names a class by something that is not a text")
                );
                break;
            case 'Q':
                stack.Add(calls.Persistent(Pop()));
                break;
            case 'R' or '\x81':
                Call(Pop(2));
                break;
            case '\x92':
                var made = Pop(3);
                Call([made[0], made[1]]);
                break;
            case 'i':
                Call([PickleGlobals.Find(bytes.Line(), bytes.Line()), PopToMark()]);
                break;
            case 'o':
                var values = PopToMark();
                Call(values.Length > 0 ? [values[0], values[1..]] : [null, EmptyTuple]);
                break;
            case 'b':
                var state = Pop();
                if (Top is PickledObject built)
                    built.State = state; // other values' attributes, such as a state dict's versions, mean nothing here
                break;
            case 'P':
                throw new MalformedFileException(
                    "it refers to something outside by a line of text (protocol 0); save it again with "
                        + "torch.save as it is"
                );
            case '\x82' or '\x83' or '\x84':
                throw new MalformedFileException(
                    "it asks for a class by a number (an EXT opcode), which torch never writes; nothing was run"
                );
            case '\x97' or '\x98':
                throw new MalformedFileException("it refers to buffers outside, which torch never writes");
            default:
                return false;
        }

        return true;
    }

    private void Call(ReadOnlySpan<object?> functionAndArguments) =>
        stack.Add(calls.Call(functionAndArguments[0], functionAndArguments[1]));

    private void Append(ReadOnlySpan<object?> values)
    {
        if (Top is List<object?> list)
            list.AddRange(values);
        else if (Top is not PickledObject)
            throw new MalformedFileException("it appends to something that is not a list");
    }

    private void SetItems(ReadOnlySpan<object?> keysAndValues)
    {
        if (keysAndValues.Length % 2 != 0)
            throw new MalformedFileException("it sets a key without a value");
        if (Top is PickledDict dictionary)
            for (var i = 0; i < keysAndValues.Length; i += 2)
                dictionary.Set(keysAndValues[i], keysAndValues[i + 1]);
        else if (Top is not PickledObject)
            throw new MalformedFileException("it sets a key of something that is not a dictionary");
    }

    /// <summary>
    /// Remembers the top of the stack. A PUT takes two bytes, so its number is below the number of bytes read; a larger
    /// one is an attack on the memory.
    /// </summary>
    private void Remember(long index)
    {
        if (index > bytes.Position)
            throw new MalformedFileException($"it numbers a value {index:N0} after {bytes.Position:N0} bytes");
        while (memo.Count <= index)
            memo.Add(this); // never a value
        memo[(int)index] = Top;
    }

    private object? Recall(long index) =>
        index < memo.Count && memo[(int)index] is var value && value != this
            ? value
            : throw new MalformedFileException($"it refers to its value {index:N0}, which does not exist");

    /// <summary>The part of the stack that may be popped lies above the last mark.</summary>
    private int Floor => marks.Count > 0 ? marks.Peek() : 0;

    private object? Top =>
        stack.Count > Floor ? stack[^1] : throw new MalformedFileException("it takes a value from an empty stack");

    private object? Pop() => Pop(1)[0];

    private object?[] Pop(int count)
    {
        if (stack.Count - Floor < count)
            throw new MalformedFileException("it takes a value from an empty stack");
        var values = stack.GetRange(stack.Count - count, count).ToArray();
        stack.RemoveRange(stack.Count - count, count);
        return values;
    }

    private object?[] PopToMark()
    {
        if (marks.Count == 0)
            throw new MalformedFileException("it collects values without a mark");
        var values = Pop(stack.Count - Floor);
        marks.Pop();
        return values;
    }

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
