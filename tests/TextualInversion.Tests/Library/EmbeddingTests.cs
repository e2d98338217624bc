using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Library;

public sealed class EmbeddingTests : IDisposable
{
    private static readonly float[,] Narrow =
    {
        { 1, 2, 3 },
        { 4, 5, 6 },
    };

    private static readonly float[,] Wide =
    {
        { 1, 2, 3, 4 },
        { 5, 6, 7, 8 },
    };

    private static readonly EmbeddingProvenance Provenance = new()
    {
        BaseModel = "owner/model",
        BaseModelSha256 = new string('a', 64),
        Initializer = "cat",
        Steps = 300,
        Seed = ulong.MaxValue,
        Software = "TextualInversion 0.1.0",
        Others = new Dictionary<string, string> { ["author"] = "somebody" },
    };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<EmbeddingFormat> Formats => [.. Enum.GetValues<EmbeddingFormat>()];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Load_EveryLayout_GivesTheRowsBack(EmbeddingFormat format)
    {
        IReadOnlyList<float[,]> rows = format == EmbeddingFormat.Sdxl ? [Narrow, Wide] : [Narrow];
        var path = folder.File("my-cat.file");
        new Embedding("<my-cat>", rows, Provenance).Save(path, format);

        var read = Embedding.Load(path);

        Assert.Equal(rows, read.Rows);
        Assert.Equal(2, read.Vectors);
    }

    [Fact]
    public void Load_WhatWasSaved_HasTokenAndProvenance()
    {
        var path = folder.File("my-cat.safetensors");
        new Embedding("<my-cat>", [Narrow], Provenance).Save(path);

        var read = Embedding.Load(path);

        Assert.Equal("<my-cat>", read.Token);
        Assert.Equal("somebody", read.Provenance.Others["author"]);
        Assert.Equal(Provenance with { Others = read.Provenance.Others }, read.Provenance);
    }

    [Fact]
    public void Load_LorasThatWereSaved_HaveStrengthsAndHashes()
    {
        var path = folder.File("my-cat.safetensors");
        Lora both = new("a.safetensors", 0.5),
            text = new("b.safetensors") { TextStrength = 0.25 };
        var hashes = new Dictionary<string, string> { ["b.safetensors"] = new('b', 64) };
        var provenance = Provenance with { Loras = [both, text], LoraSha256 = hashes };

        new Embedding("<my-cat>", [Narrow], provenance).Save(path);

        var read = Embedding.Load(path).Provenance;
        Assert.Equal([both, text], read.Loras);
        Assert.Equal(hashes, read.LoraSha256);
    }

    [Theory]
    [InlineData("my-cat.safetensors", 1, EmbeddingFormat.Diffusers)]
    [InlineData("my-cat.safetensors", 2, EmbeddingFormat.Sdxl)]
    [InlineData("my-cat.png", 1, EmbeddingFormat.Png)]
    public void Save_WithoutFormat_TakesThatOfTheFamily(string name, int encoders, EmbeddingFormat format)
    {
        var embedding = new Embedding("<my-cat>", encoders == 1 ? [Narrow] : [Narrow, Wide]);

        embedding.Save(folder.File(name));
        embedding.Save(folder.File("explicit"), format);

        Assert.Equal(File.ReadAllBytes(folder.File("explicit")), File.ReadAllBytes(folder.File(name)));
    }

    [Fact]
    public void Save_WhereAFileIs_RefusesUnlessAsked()
    {
        var path = folder.File("my-cat.safetensors");
        new Embedding("<my-cat>", [Narrow]).Save(path);

        Assert.Throws<TextualInversionException>(() => new Embedding("<other>", [Narrow]).Save(path));
        Assert.Equal("<my-cat>", Embedding.Load(path).Token);
        new Embedding("<other>", [Narrow]).Save(path, overwrite: true);
        Assert.Equal("<other>", Embedding.Load(path).Token);
    }

    [Fact]
    public void Save_LayoutOfAnotherFamily_Throws() =>
        Assert.Throws<TextualInversionException>(() =>
            new Embedding("<my-cat>", [Narrow]).Save(folder.File("my-cat.safetensors"), EmbeddingFormat.Sdxl)
        );

    [Fact]
    public void Rows_OfAnArrayThatChangesLater_StayAsTheyWere()
    {
        var own = (float[,])Narrow.Clone();
        var embedding = new Embedding("<my-cat>", [own]);

        own[0, 0] = 99;

        Assert.Equal(1, embedding.Rows[0][0, 0]);
    }

    [Fact]
    public void Constructor_RowsThatAreNone_Throws()
    {
        var notFinite = new float[,]
        {
            { 1, float.NaN },
        };
        IReadOnlyList<float[,]>[] wrong =
        [
            [],
            [new float[0, 3]],
            [Narrow, new float[1, 4]],
            [Narrow, Narrow, Narrow],
            [notFinite],
        ];

        Assert.All(
            wrong,
            rows => Assert.Equal("rows", Assert.Throws<ArgumentException>(() => new Embedding("<x>", rows)).ParamName)
        );
    }

    [Fact]
    public void Load_NoFile_Throws() =>
        Assert.Throws<TextualInversionException>(() => Embedding.Load(folder.File("missing.safetensors")));
}
