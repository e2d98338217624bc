using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using static TorchSharp.torch;

namespace TextualInversion.Tensors.Torch;

/// <summary>
/// A <c>torch.nn.ParameterDict</c> to be pickled. The code of the textual inversion paper keeps its vectors in one.
/// </summary>
internal sealed record SavedParameters(string Key, Tensor Value);

/// <summary>
/// Pickles of protocol 2 (the opcodes are documented in Python's <c>pickletools</c>), byte for byte as torch.save
/// writes them. Values are numbered as they come and referred to by number when they come again. Tensors are calls with
/// a reference to their storage.
/// </summary>
internal sealed class PickleWriter
{
    private static readonly string[] Hooks =
    [
        "_backward_pre_hooks",
        "_backward_hooks",
        "_is_full_backward_hook",
        "_forward_hooks",
        "_forward_hooks_with_kwargs",
        "_forward_hooks_always_called",
        "_forward_pre_hooks",
        "_forward_pre_hooks_with_kwargs",
        "_state_dict_hooks",
        "_state_dict_pre_hooks",
        "_load_state_dict_pre_hooks",
        "_load_state_dict_post_hooks",
    ];

    private readonly List<byte> bytes = [];
    private readonly Dictionary<string, int> numbers = []; // of texts, and of classes under their opcode
    private readonly List<Tensor> storages = [];
    private int next;

    /// <summary>The tensors whose elements the archive must hold; the first one is storage 0.</summary>
    public IReadOnlyList<Tensor> Storages => storages;

    /// <param name="root">
    /// Null, a string, a long, a tensor, <see cref="SavedParameters"/>, or a dictionary of these with strings as keys.
    /// </param>
    public byte[] Write(object? root)
    {
        bytes.AddRange([0x80, 2]);
        Value(root);
        Opcode('.');
        return [.. bytes];
    }

    private void Value(object? value)
    {
        switch (value)
        {
            case null:
                Opcode('N');
                break;
            case string text:
                Text(text);
                break;
            case long number:
                Integer(number);
                break;
            case Tensor tensor:
                Tensor(tensor);
                break;
            case SavedParameters parameters:
                ParameterDict(parameters);
                break;
            case IReadOnlyDictionary<string, object?> dictionary:
                Dictionary([.. dictionary.Select(pair => (pair.Key, (Action)(() => Value(pair.Value))))]);
                break;
            default:
                throw new ArgumentException($"{value.GetType().Name} cannot be pickled.", nameof(value));
        }
    }

    private void Dictionary(params IReadOnlyList<(string Key, Action Value)> entries)
    {
        Opcode('}');
        Number();
        if (entries.Count > 1)
            Opcode('(');
        foreach (var (key, value) in entries)
        {
            Text(key);
            value();
        }

        if (entries.Count > 0)
            Opcode(entries.Count > 1 ? 'u' : 's');
    }

    /// <summary>
    /// _rebuild_tensor_v2(('storage', class, key, 'cpu', elements), 0, shape, strides, False, OrderedDict())
    /// </summary>
    private void Tensor(Tensor tensor)
    {
        Global("torch._utils", "_rebuild_tensor_v2");
        Opcode('(');
        Opcode('(');
        Text("storage");
        Global("torch", PickleGlobals.Storages.First(storage => storage.Value == tensor.dtype).Key["torch.".Length..]);
        Text(storages.Count.ToString(CultureInfo.InvariantCulture));
        storages.Add(tensor);
        Text("cpu");
        Integer(tensor.numel());
        Numbered('t');
        Opcode('Q');
        Integer(0);
        Tuple(tensor.shape);
        Tuple([
            .. tensor.shape.Select((_, i) => tensor.shape[(i + 1)..].Aggregate(1L, (product, size) => product * size)),
        ]); // contiguous
        Opcode('\x89');
        OrderedDict();
        Numbered('t');
        Numbered('R');
    }

    /// <summary>All attributes of the module, as torch 2 saves them. Torch 1 reads them too.</summary>
    private void ParameterDict(SavedParameters parameters)
    {
        Global("torch.nn.modules.container", "ParameterDict");
        Opcode(')');
        Numbered('\x81');
        Dictionary([
            ("training", () => Opcode('\x88')),
            ("_parameters", () => Dictionary((parameters.Key, () => Parameter(parameters.Value)))),
            ("_buffers", () => Dictionary()),
            ("_non_persistent_buffers_set", EmptySet),
            .. Hooks.Select(name => (name, name == "_is_full_backward_hook" ? () => Opcode('N') : (Action)OrderedDict)),
            ("_modules", () => Dictionary()),
            ("_keys", () => Dictionary((parameters.Key, () => Opcode('N')))),
        ]);
        Opcode('b');
    }

    /// <summary>_rebuild_parameter(tensor, True, OrderedDict())</summary>
    private void Parameter(Tensor tensor)
    {
        Global("torch._utils", "_rebuild_parameter");
        Tensor(tensor);
        Opcode('\x88');
        OrderedDict();
        Numbered('\x87');
        Numbered('R');
    }

    private void OrderedDict()
    {
        Global("collections", "OrderedDict");
        Opcode(')');
        Numbered('R');
    }

    private void EmptySet()
    {
        Global("__builtin__", "set");
        Numbered(']');
        Numbered('\x85');
        Numbered('R');
    }

    private void Tuple(long[] values)
    {
        if (values.Length == 0)
        {
            Opcode(')');
            return;
        }

        if (values.Length > 3)
            Opcode('(');
        foreach (var value in values)
            Integer(value);
        Numbered(
            values.Length switch
            {
                1 => '\x85',
                2 => '\x86',
                3 => '\x87',
                _ => 't',
            }
        );
    }

    private void Integer(long value)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(eight, value);
        switch (value)
        {
            case >= 0 and <= byte.MaxValue:
                Opcode('K', eight[..1]);
                break;
            case >= 0 and <= ushort.MaxValue:
                Opcode('M', eight[..2]);
                break;
            case >= int.MinValue and <= int.MaxValue:
                Opcode('J', eight[..4]);
                break;
            default:
                var shortest = new BigInteger(value).ToByteArray();
                Opcode('\x8a', [(byte)shortest.Length, .. shortest]);
                break;
        }
    }

    private void Text(string text)
    {
        if (Repeats(text))
            return;
        var utf8 = Encoding.UTF8.GetBytes(text);
        Opcode('X', [.. BitConverter.GetBytes(utf8.Length), .. utf8]);
        Number();
    }

    private void Global(string module, string name)
    {
        var line = $"{module}\n{name}\n";
        if (Repeats($"c{line}"))
            return;
        Opcode('c', Encoding.ASCII.GetBytes(line));
        Number();
    }

    /// <summary>
    /// Writes a reference to the value if it has a number already. Otherwise the next number is its own.
    /// </summary>
    private bool Repeats(string value)
    {
        if (numbers.TryAdd(value, next))
            return false;
        Refer('h', 'j', numbers[value]);
        return true;
    }

    private void Number() => Refer('q', 'r', next++);

    private void Numbered(char opcode)
    {
        Opcode(opcode);
        Number();
    }

    private void Refer(char small, char large, int number)
    {
        if (number <= byte.MaxValue)
            Opcode(small, [(byte)number]);
        else
            Opcode(large, BitConverter.GetBytes(number));
    }

    private void Opcode(char opcode, ReadOnlySpan<byte> argument = default)
    {
        bytes.Add((byte)opcode);
        bytes.AddRange(argument);
    }
}
