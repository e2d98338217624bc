using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TextualInversion.Cli.Report;
using TextualInversion.Cli.Runs;
using TextualInversion.Cli.Tests.Runs;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Report;

public sealed partial class RunReportTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Write_Run_ShowsAllOfIt()
    {
        var page = Write();

        Assert.Contains("<h1>&lt;my-cat&gt;</h1>", page);
        Assert.Contains(
            "Completed after 10 steps. The embedding is that of step 5; relative to an empty prompt, its loss is "
                + "40.0 % lower.",
            page
        );
        Assert.Equal(5, Images().Count(page)); // two training images, three samples
        Assert.Contains("<div class=\"cell best\">", page);
        foreach (
            var title in new[]
            {
                "Validation loss",
                "Training loss",
                "Gradient norm",
                "Drift of each vector from its initial value",
                "Norm of each vector",
                "Cosine of each vector to its nearest token",
            }
        )
            Assert.Contains($"aria-label=\"{title}\"", page);
        foreach (
            var text in new[]
            {
                "initializer",
                "empty prompt",
                "best: 5",
                ">kitten<b>0.50</b>",
                "0.50 to 1.50, 1.00 on average",
                "<dt>best step</dt><dd>5</dd>",
                "400.0 MB",
            }
        )
            Assert.Contains(text, page);
        Assert.Contains(
            "ti train \\\n  --images &#39;my cats&#39; \\\n  --token &#39;&lt;my-cat&gt;&#39; \\\n  --seed 1</pre>",
            page
        );
    }

    [Fact]
    public void Write_Settings_NamesChangedOnesFirst()
    {
        var page = Write();

        var changed = page[
            page.IndexOf("Changed settings", StringComparison.Ordinal)..page.IndexOf(
                "All other settings",
                StringComparison.Ordinal
            )
        ];
        Assert.Equal(["vectors", "steps"], Names().Matches(changed).Select(match => match.Groups[1].Value));
        Assert.Contains("learning rate", page[page.IndexOf("All other settings", StringComparison.Ordinal)..]);
    }

    [Fact]
    public void Write_SettingWithoutADefault_IsNamedIfItIsSet()
    {
        var page = Write(record => record["options"]!["maxTimestep"] = 800);

        var others = page.IndexOf("All other settings", StringComparison.Ordinal);
        Assert.Contains("max timestep", page[..others], StringComparison.Ordinal);
        Assert.Contains("resolution", page[others..], StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Page_NeedsNothingElse()
    {
        var page = Write();

        Assert.DoesNotContain("http", page);
        Assert.DoesNotContain("<script", page);
        Assert.All(
            Images().Matches(page),
            image => Assert.StartsWith("data:image/jpeg;base64,", image.Groups[1].Value)
        );
        Assert.Contains("prefers-color-scheme: dark", page);
        Assert.Contains("width=device-width", page);
    }

    [Fact]
    public void Write_TextsOfUsers_AreEscapedEverywhere()
    {
        const string hostile = "\"'><script>alert(1)</script>&amp;";
        var path = RecordedRunFolder.Write(
            folder,
            "cat",
            record =>
            {
                record["result"]!["placeholder"] = hostile;
                record["result"]!["model"] = hostile;
                record["initializer"]!["phrase"] = hostile;
                record["command"] = new JsonArray("train", hostile);
                record["device"] = hostile;
                record["options"]![hostile] = hostile;
                record["frozenWeights"]![hostile] = JsonNode.Parse("""{"before": "a", "after": "b"}""");
                record["versions"]![hostile] = hostile;
                record["images"]![0]!["path"] = hostile;
                record["images"]![1]!["prompt"] = hostile;
                record["rows"]![0]!["nearest"]![0]!["word"] = hostile;
            }
        );
        RecordedRunFolder.WriteSample(path, 5, 2, hostile, seed: 0);

        var page = new RunReport(RunLog.Read(path)).Write();

        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("\"'>", page);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;", page);
        Assert.Contains("CHANGED", page); // the weights have changed
    }

    [Theory]
    [InlineData(
        "stoppedEarly",
        "Stopped after 10 steps: the validation loss no longer improved. The embedding is that of step 5"
    )]
    [InlineData("cancelled", "Canceled after 10 steps. The embedding is that of step 5")]
    [InlineData("diverged", "Training diverged after 10 steps (NaN or infinity). The embedding is that of step 5")]
    [InlineData("withoutGradient", "Stopped: the gradient was zero, so nothing could be learned")]
    public void Write_HowItEnded_IsShown(string end, string expected) =>
        Assert.Contains(expected, Write(record => record["end"] = end));

    [Fact]
    public void Write_StoppedEarly_MarksTheStop() =>
        Assert.Contains("stop: 10", Write(record => record["end"] = "stoppedEarly"));

    [Fact]
    public void Write_NoStepBetterThanTheInitializer_IsShown() =>
        Assert.Contains("No step was better than the initializer", Write(record => record["result"]!["bestStep"] = 0));

    [Fact]
    public void Write_NoValidation_ShowsTheTrainingLoss()
    {
        var page = Write(record => record["result"]!["validation"] = null);

        Assert.Contains("The embedding is that of the last step", page);
        Assert.Contains("<dt>training loss</dt><dd>0.0900</dd>", page);
    }

    [Fact]
    public void Write_ImageThatIsMissingOrChanged_IsNamed()
    {
        var path = RecordedRunFolder.Write(folder, "cat");
        File.Delete(folder.File("1.png"));
        File.Copy(Goldens.Sample("my-dog", "1.png"), folder.File("2.png"), overwrite: true);

        var page = new RunReport(RunLog.Read(path)).Write();

        Assert.Contains("1.png is missing or has changed", page);
        Assert.Contains("2.png is missing or has changed", page);
        Assert.Equal(3, Images().Count(page));
    }

    [Fact]
    public void Write_SamplesThatAreDamagedOrOfAnotherProgram_AreLeftOut()
    {
        var path = RecordedRunFolder.Write(folder, "cat");
        File.WriteAllText(Path.Combine(path, "samples", "step-000007-1.png"), "no image");
        File.Copy(Goldens.Sample("my-cat", "1.png"), Path.Combine(path, "samples", "step-000008-1.png"));
        File.Copy(Goldens.Sample("my-cat", "1.png"), Path.Combine(path, "samples", "mine.png"));

        Assert.Equal([0, 5, 10], RunLog.Read(path).Samples.Select(sample => sample.Step));
    }

    [Fact]
    public void Write_ManySamples_ShowsAFewAndTheBest()
    {
        var path = RecordedRunFolder.Write(folder, "cat");
        for (var step = 0; step < 60; step++)
            RecordedRunFolder.WriteSample(path, step, 1, "a photo of <my-cat>", 3);

        var page = new RunReport(RunLog.Read(path)).Write();

        Assert.InRange(Images().Count(page), 2 + 24, 2 + 25);
        Assert.Contains("5 · best", page);
        Assert.Contains("\n59</div>", page);
        Assert.Contains("\nbefore</div>", page);
    }

    [Fact]
    public void Write_ManyTrainingImages_ShowsTheFirstAndHowManyMore()
    {
        var page = Write(record =>
        {
            var images = record["images"]!.AsArray();
            while (images.Count < 300)
                images.Add(images[0]!.DeepClone());
        });

        Assert.Equal(24 + 3, Images().Count(page)); // three are samples
        Assert.Contains("and 276 more", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_NoSamples_NamesTheOption()
    {
        var path = RecordedRunFolder.Write(folder, "cat");
        Directory.Delete(Path.Combine(path, "samples"), recursive: true);

        Assert.Contains("--sample-every 50", new RunReport(RunLog.Read(path)).Write());
    }

    private string Write(Action<JsonObject>? change = null) =>
        new RunReport(RunLog.Read(RecordedRunFolder.Write(folder, "cat", change))).Write();

    [GeneratedRegex("<img src=\"([^\"]*)\"")]
    private static partial Regex Images();

    [GeneratedRegex("<td class=\"soft\">([^<]*)</td>")]
    private static partial Regex Names();
}
