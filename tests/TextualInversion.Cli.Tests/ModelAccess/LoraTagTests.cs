using TextualInversion.Cli.ModelAccess;

namespace TextualInversion.Cli.Tests.ModelAccess;

/// <summary>The strengths are those that the WebUI's own extra_networks_lora.py (version 1.10) gives.</summary>
public sealed class LoraTagTests
{
    [Theory]
    [InlineData("<lora:my-style>", 1, 1)]
    [InlineData("<lora:my-style:0.8>", 0.8, 0.8)]
    [InlineData("<LORA: my-style : -0.5 >", -0.5, -0.5)]
    [InlineData("<lyco:my-style:0.8:0.3>", 0.3, 0.8)]
    [InlineData("<lora:my-style:unet=0.3>", 0.3, 1)]
    [InlineData("<lora:my-style:te=0.25:unet=2>", 2, 0.25)]
    [InlineData("<lora:my-style:te=0.25>", 0.25, 0.25)]
    [InlineData("<lora:my-style:te=0.25:1:2>", 2, 0.25)]
    [InlineData("<lora:my-style:te=0.25:0.8>", 0.25, 0.25)]
    [InlineData("<lora:my-style:0.8:te=0.25>", 0.25, 0.25)]
    [InlineData("<lora:my-style:0.8:0.5:te=0.25>", 0.5, 0.25)]
    [InlineData("<lora:my-style:0.5:unet=-100>", -100, 0.5)]
    public void Find_EverySpelling_GivesTheStrengths(string text, double unet, double encoder)
    {
        var tag = Assert.Single(LoraTag.Find($"a cat {text}, red"));
        Assert.Equal(("my-style", unet, encoder), (tag.Name, tag.Strength, tag.TextStrength));
        Assert.Equal("a cat , red", LoraTag.Remove($"a cat {text}, red"));
    }

    [Fact]
    public void Find_SeveralOrNone_AreFoundInOrder()
    {
        Assert.Equal(["a", "b c"], LoraTag.Find("x <lora:a:1> <lora:b c:0.5> <my-cat>").Select(tag => tag.Name));
        Assert.Empty(LoraTag.Find("a <my-cat> <embedding:x:1.2> lora:x"));
    }

    [Theory]
    [InlineData("<lora:x:0,8>")]
    [InlineData("<lora:x:strong>")]
    [InlineData("<lora:x:dyn=4>")]
    [InlineData("<lora:x:>")]
    [InlineData("<lora:>")]
    [InlineData("<lora: :1>")]
    [InlineData("<lora:x:1:2:3>")]
    [InlineData("<lora:x:1e30>")]
    [InlineData("<lora:x:nan>")]
    [InlineData("<lora:x:te=-101>")]
    public void Find_WhatIsNotUnderstood_NamesTheTag(string text)
    {
        var error = Assert.Throws<TextualInversionException>(() => LoraTag.Find(text));
        Assert.StartsWith(text + ":", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a cat <lora:x:0.8", "<lora:x:0.8")]
    [InlineData("<lora:x:1 a cat <lora:y:1>", "<lora:x:1 a cat")]
    [InlineData("<LYCO:x", "<LYCO:x")]
    [InlineData("<lora:x:1> and <lora:y>", null)]
    [InlineData("a < lora:x", null)]
    public void FindUnclosed_TagWithoutEnd_IsFound(string prompt, string? expected) =>
        Assert.Equal(expected, LoraTag.FindUnclosed(prompt));
}
