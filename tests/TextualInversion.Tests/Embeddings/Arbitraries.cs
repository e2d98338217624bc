using System.Text;
using FsCheck;
using FsCheck.Fluent;
using TextualInversion.Embeddings;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Embeddings;

/// <summary>The types in which embeddings are written.</summary>
public enum EmbeddingType
{
    Float32 = ScalarType.Float32,
    Float16 = ScalarType.Float16,
    BFloat16 = ScalarType.BFloat16,
}

/// <summary>Any text that is not empty.</summary>
public sealed record AnyText(string Value);

/// <summary>The parameters of an embedding, so that a failure's message shows them.</summary>
public sealed record AnyEmbedding(
    string Trigger,
    string? Name,
    int Vectors,
    int Width,
    int SecondWidth,
    float[] Values,
    string Note
)
{
    /// <summary>
    /// The embedding for a number of text encoders, with the same number of vectors for each. The values repeat.
    /// </summary>
    internal LearnedEmbedding Embedding(int encoders) =>
        new(
            Trigger,
            [
                .. new[] { Width, SecondWidth }
                    .Take(encoders)
                    .Select(width =>
                        tensor(
                            Enumerable.Range(0, Vectors * width).Select(i => Values[i % Values.Length]).ToArray(),
                            [Vectors, width]
                        )
                    ),
            ],
            new Dictionary<string, string> { ["steps"] = "7", ["note"] = Note }
        )
        {
            Name = Name,
        };
}

/// <summary>A tensor of any type that files hold and of any shape, including no elements and no dimensions.</summary>
public sealed record AnyTensor(ScalarType Type, long[] Shape)
{
    internal Tensor Tensor()
    {
        using var scope = NewDisposeScope();
        return (arange(Shape.Aggregate(1L, (product, size) => product * size)) % 2)
            .to(Type)
            .view(Shape)
            .MoveToOuterDisposeScope();
    }
}

/// <summary>Generators and shrinkers for FsCheck.</summary>
public static class Arbitraries
{
    private static readonly ScalarType[] Types =
    [
        ScalarType.Float64,
        ScalarType.Float32,
        ScalarType.Float16,
        ScalarType.BFloat16,
        ScalarType.Int64,
        ScalarType.Int32,
        ScalarType.Int16,
        ScalarType.Int8,
        ScalarType.Byte,
        ScalarType.Bool,
    ];

    private static readonly float[] Special =
    [
        0f,
        -0f,
        1f,
        float.Epsilon,
        -float.Epsilon,
        1.17549435e-38f,
        3.0e-8f,
        65504f,
        1f / 3,
    ];

    public static Arbitrary<AnyText> Text() =>
        Arb.From(
            Texts.Select(text => new AnyText(text)),
            text => Shorter(text.Value).Select(shorter => new AnyText(shorter))
        );

    public static Arbitrary<AnyEmbedding> Embedding() =>
        Arb.From(
            from trigger in Texts
            from name in Gen.Frequency((3, Gen.Constant<string?>(null)), (1, Texts.Select(text => (string?)text)))
            from vectors in Gen.Choose(1, 9)
            from width in Gen.Choose(1, 40)
            from second in Gen.Choose(1, 40)
            from values in Gen.NonEmptyListOf(
                Gen.OneOf(
                    Gen.Elements(Special),
                    Gen.Choose(int.MinValue, int.MaxValue).Select(number => number * 1e-10f),
                    Gen.Choose(0, 0x7f7fffff).Select(BitConverter.Int32BitsToSingle)
                )
            )
            from note in Texts
            select new AnyEmbedding(Allowed(trigger), name, vectors, width, second, [.. values], note),
            Smaller
        );

    public static Arbitrary<AnyTensor> Tensor() =>
        Arb.From(
            from type in Gen.Elements(Types)
            from dimensions in Gen.Choose(0, 5)
            from shape in Gen.ArrayOf(Gen.Choose(0, 4), dimensions)
            select new AnyTensor(type, [.. shape.Select(size => (long)size)])
        );

    /// <summary>
    /// Texts with letters of all planes, slashes, quotes and control characters, mostly short and sometimes very long.
    /// </summary>
    private static Gen<string> Texts =>
        from length in Gen.Frequency((8, Gen.Choose(1, 12)), (1, Gen.Choose(13, 400)), (1, Gen.Constant(5000)))
        from runes in Gen.ArrayOf(
            Gen.OneOf(
                Gen.Elements("/\\.:*?\"'|%<>{}[]\n\t\r\0\u0001\u007f\u0085\u2028\ufeff".ToCharArray())
                    .Select(letter => new Rune(letter)),
                Gen.Choose('a', 'z').Select(letter => new Rune(letter)),
                Gen.Choose(0xa0, 0xd7ff).Select(code => new Rune(code)),
                Gen.Choose(0xe000, 0x10ffff).Select(code => new Rune(code))
            ),
            length
        )
        select string.Concat(runes);

    /// <summary>The trigger, changed if it is one that files refuse because it identifies a layout.</summary>
    private static string Allowed(string trigger) =>
        EncoderKeys.IsReserved(trigger) || trigger is "__metadata__" or "string_to_param" ? "x" : trigger;

    private static IEnumerable<string> Shorter(string text)
    {
        var runes = text.EnumerateRunes().ToList();
        if (runes.Count < 2)
            return text == "a" ? [] : ["a"];
        return
        [
            string.Concat(runes.Take(runes.Count / 2)),
            string.Concat(runes.Skip(runes.Count / 2)),
            string.Concat(runes.Skip(1)),
            string.Concat(runes.SkipLast(1)),
        ];
    }

    private static IEnumerable<AnyEmbedding> Smaller(AnyEmbedding any)
    {
        if (any.Vectors > 1)
            yield return any with
            {
                Vectors = any.Vectors / 2,
            };
        if (any.Width > 1)
            yield return any with
            {
                Width = any.Width / 2,
            };
        if (any.SecondWidth > 1)
            yield return any with
            {
                SecondWidth = any.SecondWidth / 2,
            };
        if (any.Name is not null)
            yield return any with
            {
                Name = null,
            };
        if (any.Values.Length > 1)
            yield return any with
            {
                Values = any.Values[..(any.Values.Length / 2)],
            };
        if (any.Values.Length > 1)
            yield return any with
            {
                Values = any.Values[(any.Values.Length / 2)..],
            };
        foreach (var shorter in Shorter(any.Trigger))
            yield return any with
            {
                Trigger = Allowed(shorter),
            };
        foreach (var shorter in Shorter(any.Note))
            yield return any with
            {
                Note = shorter,
            };
    }
}
