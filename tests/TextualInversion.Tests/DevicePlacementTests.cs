using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests;

/// <summary>
/// Each new tensor names its device, or is moved to one in the same expression, except in files that compute on the CPU
/// whatever the device of the model is. <see cref="MetaDeviceTests"/> runs the code.
/// </summary>
public sealed class DevicePlacementTests
{
    private static readonly HashSet<string> Factories =
    [
        "arange",
        "empty",
        "eye",
        "from_file",
        "full",
        "linspace",
        "ones",
        "rand",
        "randn",
        "tensor",
        "zeros",
    ];

    /// <summary>The files, below the library's folder, each with the reason.</summary>
    private static readonly Dictionary<string, string> OnTheCpu = new()
    {
        ["Checkpoints/SingleFile/RandomCheckpoint.cs"] = "a file",
        ["Data/TrainingImage.cs"] = "the dataset of latents moves the pixels",
        ["Embeddings/EmbeddingMerge.cs"] = "embeddings in files are on the CPU",
        ["Embeddings/PaperFormat.cs"] = "a file",
        ["Embeddings/PngCardFormat.cs"] = "a file",
        ["Evaluation/ClipImageProcessor.cs"] = "ClipModel moves the pixels",
        ["Generation/InitImage.cs"] = "TextToImage moves the pixels",
        ["Library/Embedding.cs"] = "embeddings in files are on the CPU",
        ["Library/ImageGenerator.cs"] = "the rows are moved once they are joined",
        ["Models/Clip/ClipModel.cs"] = "token ids are counted on the CPU",
        ["Models/Clip/PromptEncoder.cs"] = "token ids are counted on the CPU",
        ["Native/TensorArithmetic.cs"] = "the next line moves the number",
        ["Schedulers/NoiseSchedule.cs"] = "the numbers of a schedule",
        ["Schedulers/UniPcScheduler.cs"] = "the numbers of a schedule",
        ["Tensors/FileTensor.cs"] = "files are read on the CPU",
        ["Tensors/SafetensorsFile.cs"] = "files are read on the CPU",
        ["Tensors/Torch/TorchPickle.cs"] = "files are read on the CPU",
        ["Training/LossScale.cs"] = "numbers of the state",
        ["Training/Optimizers/Prodigy.cs"] = "numbers of the state",
        ["Training/RowValues.cs"] = "values on the CPU are its purpose",
        ["Training/Stopping/FixedExamples.cs"] = "the noise of a batch is moved once it is joined",
        ["Training/TrainState.cs"] = "a file",
        ["Training/Translation/SharedTokens.cs"] = "embeddings in files are on the CPU",
        ["Training/Translation/VocabularyMap.cs"] = "embeddings in files are on the CPU",
    };

    [Fact]
    public void Library_NewTensors_NameTheirDevice()
    {
        var files = SourceFiles.Below("src/TextualInversion").ToDictionary(NameOf, Unplaced);

        var wrong = files.Where(file => !OnTheCpu.ContainsKey(file.Key)).SelectMany(file => file.Value);
        Assert.Empty(wrong);
        Assert.DoesNotContain(OnTheCpu.Keys, name => !files.TryGetValue(name, out var found) || found.Count == 0);
    }

    [Theory]
    [InlineData("zeros(3)", 1)]
    [InlineData("torch.randn(shape, generator: generator)", 1)]
    [InlineData("zeros(3, device: x.device)", 0)]
    [InlineData("full(count, scalar, ScalarType.Float32, device)", 0)]
    [InlineData("randn(shape, generator: generator).to(model.Device)", 0)]
    [InlineData("tensor(values).to(ScalarType.Float32)", 1)]
    public void Unplaced_Expression_IsFound(string expression, int count) =>
        Assert.Equal(count, In(CSharpSyntaxTree.ParseText($"var x = {expression};").GetRoot()).Count());

    private static List<string> Unplaced(string file)
    {
        var code = File.ReadAllText(file);
        return code.Contains("TorchSharp.torch", StringComparison.Ordinal)
            ? [.. In(CSharpSyntaxTree.ParseText(code).GetRoot()).Select(call => $"{NameOf(file)}: {call}")]
            : [];
    }

    private static IEnumerable<InvocationExpressionSyntax> In(SyntaxNode root) =>
        root.DescendantNodes()
            .OfType<InvocationExpressionSyntax>()
            .Where(call => Factories.Contains(NameOf(call)) && !NamesDevice(call.ArgumentList) && !IsMoved(call));

    private static string NameOf(InvocationExpressionSyntax call) =>
        call.Expression switch
        {
            IdentifierNameSyntax name => name.Identifier.Text,
            MemberAccessExpressionSyntax { Expression: var owner, Name: var name }
                when owner.ToString().EndsWith("torch", StringComparison.Ordinal) => name.Identifier.Text,
            _ => "",
        };

    private static bool NamesDevice(ArgumentListSyntax arguments) =>
        arguments.Arguments.Any(argument => argument.ToString().Contains("device", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether <c>.to(device)</c> follows at once.</summary>
    private static bool IsMoved(InvocationExpressionSyntax call) =>
        call.Parent
            is MemberAccessExpressionSyntax { Name.Identifier.Text: "to", Parent: InvocationExpressionSyntax to }
        && NamesDevice(to.ArgumentList);

    private static string NameOf(string file) =>
        SourceFiles.NameOf(file).Replace('\\', '/')["src/TextualInversion/".Length..];
}
