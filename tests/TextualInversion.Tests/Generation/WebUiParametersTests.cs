using TextualInversion.Data;
using TextualInversion.Generation;

namespace TextualInversion.Tests.Generation;

public sealed class WebUiParametersTests
{
    private static readonly GenerationSettings Options = new()
    {
        Prompt = "a (red:1.3) cat",
        Sampler = SamplerKind.DpmSolverMultistepKarras,
        Steps = 7,
        Guidance = 4.5,
        Width = 64,
        Height = 72,
    };

    [Fact]
    public void Format_Settings_AreWrittenAsTheWebUiDoes() =>
        Assert.Equal(
            "a (red:1.3) cat\nSteps: 7, Sampler: DPM++ 2M Karras, CFG scale: 4.5, Seed: 9, Size: 64x72, Model: "
                + "demo, Denoising strength: 0.6, Clip skip: 2, Eta: 0.5, Guidance rescale: 0.7, Version: ti",
            WebUiParameters.Format(
                Options with
                {
                    Init = new RgbImage([], 0, 0),
                    Strength = 0.6,
                    ClipSkip = 2,
                    Eta = 0.5,
                    GuidanceRescale = 0.7,
                },
                9,
                "demo",
                "ti"
            )
        );

    /// <summary>The WebUI trims the whole text, so the line of an empty prompt is missing.</summary>
    [Theory]
    [InlineData("Steps: 7, Sampler: Euler", null)]
    [InlineData("Negative prompt: blur\nSteps: 7, Sampler: Euler", "blur")]
    public void Parse_EmptyPromptOfTheWebUi_IsEmpty(string text, string? negative)
    {
        var parameters = WebUiParameters.Parse(text);
        Assert.Equal(("", negative, "7"), (parameters.Prompt, parameters.Negative, parameters.Find("Steps")));
    }

    [Theory]
    [InlineData(null, "a cat")]
    [InlineData("", "a cat")]
    [InlineData("blur, \"text\"", "two\nlines")]
    public void Parse_WhatFormatWrote_GivesItBack(string? negative, string prompt)
    {
        var text = WebUiParameters.Format(
            Options with
            {
                Prompt = prompt,
                Negative = negative,
            },
            ulong.MaxValue,
            "a: strange, \"name\"",
            "ti",
            [KeyValuePair.Create("Embeddings", "[\"a=b@0.5\",\"c\"]")]
        );

        var read = WebUiParameters.Parse(text);

        Assert.Equal((prompt, negative), (read.Prompt, read.Negative));
        Assert.Equal(ulong.MaxValue, read.Number<ulong>("Seed"));
        Assert.Equal(4.5, read.Number<double>("CFG scale"));
        Assert.Equal("a: strange, \"name\"", read.Find("Model"));
        Assert.Equal("[\"a=b@0.5\",\"c\"]", read.Find("Embeddings"));
        Assert.Null(read.Number<int>("Clip skip"));
    }

    [Fact]
    public void Parse_ANumberThatIsNone_Throws() =>
        Assert.Equal(
            "its Seed is \"many\"",
            Assert
                .Throws<FormatException>(() => WebUiParameters.Parse("a\nSteps: 2, Seed: many").Number<int>("Seed"))
                .Message
        );

    [Theory]
    [InlineData("")]
    [InlineData("a cat")]
    [InlineData("Steps: 20")]
    public void Parse_NoSettings_Throws(string text) =>
        Assert.Throws<FormatException>(() => WebUiParameters.Parse(text));
}
