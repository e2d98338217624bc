using System.Text.Json;
using System.Text.Json.Nodes;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

public sealed class TrainStateTests : IDisposable
{
    private static readonly string?[] BadTexts =
    [
        null,
        "",
        "null",
        "true",
        "-1",
        "1e308",
        "x",
        "[]",
        "[null]",
        "{}",
        "{\"a\": null}",
        "{\"a\": 1}",
        "[1]",
        "{",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A run that was killed while the first images were generated: its folder is that of a run.</summary>
    [Theory]
    [InlineData("metrics.csv")]
    [InlineData("initializer.json")] // ended between the search and the first step
    public void Read_RunThatEndedBeforeItsFirstStep_SaysSo(string file)
    {
        File.WriteAllText(folder.File(file), "step\n");
        var error = Assert.Throws<TextualInversionException>(() => TrainState.Read(folder.File("state.safetensors")));
        Assert.Contains("start it again", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Written_IsTheSame()
    {
        Write();

        using var state = TrainState.Read(Path);

        Assert.Equal(2, state.Step);
        Assert.Equal([0.2, 0.1], state.Losses);
        Assert.Equal([new Validation(0, 0.3, 0.9), new Validation(2, 0.25, 0.8, 0.5)], state.Validations);
        Assert.Equal("3", state.Identity["option Steps"]);
        Assert.Equal(["--images", "a b"], state.Command);
        Assert.Equal("aa", state.Weights["UNet"]);
        Assert.Equal([2L, 4], state.Rows.Single().shape);
        Assert.Equal(0, state.PatienceStart);
        Assert.Equal(2, state.Extended().PatienceStart);
    }

    [Theory]
    [InlineData("identity", "null", "identity is null")]
    [InlineData("identity", "{\"a\": null}", "identity.a is null")]
    [InlineData("command", "[\"--images\", null]", "command[1] is null")]
    [InlineData("weights", "[]", "weights is not an object")]
    [InlineData("weights", "{", "weights is not valid JSON")]
    [InlineData("step", "two", "step is not a whole number")]
    [InlineData("step", "3", "losses has 2 values for 3 steps")]
    [InlineData("command", null, "command is missing")]
    public void Read_MetadataThatDoNotFit_NamesTheKey(string key, string? text, string expected)
    {
        Write();
        Change(key, text);

        var error = Assert.Throws<TextualInversionException>(() => TrainState.Read(Path));

        Assert.Contains($"state.safetensors: is not a run's state ({expected}", error.Message);
    }

    /// <summary>
    /// Replaces every key, and every value within a key's JSON, by null or another type, or deletes it.
    /// </summary>
    [Fact]
    public void Read_EveryKeyMutated_IsReadOrRefusedByName()
    {
        Write();
        var metadata = SafetensorsFile.Open(Path).Metadata;
        var original = File.ReadAllBytes(Path);
        foreach (var key in metadata.Keys)
        {
            foreach (var text in BadTexts.Concat(Inner(metadata[key])))
            {
                Change(key, text);
                var error = Record.Exception(() => TrainState.Read(Path).Dispose());
                Assert.True(error is null or TextualInversionException, $"{key}={text}: {error}");
                File.WriteAllBytes(Path, original);
            }
        }
    }

    private string Path => folder.File("state.safetensors");

    private void Write()
    {
        using var scope = NewDisposeScope();
        using var state = new TrainState
        {
            Step = 2,
            Tensors = new Dictionary<string, Tensor> { ["rows.0"] = zeros(2, 4), ["best.0"] = ones(2, 4) },
            Losses = [0.2, 0.1],
            Validations = [new Validation(0, 0.3, 0.9), new Validation(2, 0.25, 0.8, 0.5)],
            Weights = new Dictionary<string, string> { ["UNet"] = "aa" },
        };
        state.Write(Path, new Dictionary<string, string> { ["option Steps"] = "3" }, ["--images", "a b"]);
    }

    private void Change(string key, string? text)
    {
        using var scope = NewDisposeScope();
        var file = SafetensorsFile.Open(Path);
        var metadata = new Dictionary<string, string>(file.Metadata);
        metadata.Remove(key);
        if (text is not null)
            metadata[key] = text;
        var tensors = file.Tensors.Keys.ToDictionary(name => name, name => file.Read(name).clone());
        SafetensorsFile.Write(Path, tensors, metadata, overwrite: true);
    }

    private static IEnumerable<string> Inner(string json)
    {
        if (JsonNode.Parse(json) is not (JsonObject or JsonArray))
            yield break;
        foreach (var value in BadTexts)
        {
            JsonNode? node = null;
            try
            {
                node = value is null ? null : JsonNode.Parse(value);
            }
            catch (JsonException)
            {
                continue; // not JSON
            }

            var copy = JsonNode.Parse(json)!;
            if (copy is JsonArray list)
                list[0] = node;
            else
                copy.AsObject()[copy.AsObject().First().Key] = node;
            yield return copy.ToJsonString();
        }
    }
}
