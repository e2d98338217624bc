using System.CommandLine;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Tests.Infrastructure;

/// <summary>The library names properties, and the command line names its options in their place.</summary>
public sealed partial class ParameterNamesTests
{
    private static readonly RootCommand Root = CommandLine.CreateRoot(_ => null);

    /// <summary>The numbers among the options of a training; the library checks their ranges.</summary>
    public static TheoryData<string> TrainNumbers =>
        [
            .. typeof(TrainOptions)
                .GetProperties()
                .Where(property => property.PropertyType == typeof(int) || property.PropertyType == typeof(double))
                .Select(property => property.Name),
        ];

    [Theory]
    [MemberData(nameof(TrainNumbers))]
    public void OptionOf_NumberOfATraining_IsAnOption(string property)
    {
        var command = Find("train");
        Assert.Contains(command.OptionOf(property), command.Options.Select(option => option.Name));
    }

    [Theory]
    [InlineData("train", nameof(TrainOptions.GradientAccumulationSteps), "--accumulate")]
    [InlineData("check", nameof(TrainingImageOptions.Masks), "--mask")]
    [InlineData("train", nameof(TrainOptions.Initializer), "--initializer")]
    [InlineData("check", nameof(LoadOptions.Device), "--device")]
    [InlineData("generate", nameof(GenerateOptions.ClipSkip), "--clip-skip")]
    [InlineData("generate", nameof(LoadOptions.Config), "--config")]
    [InlineData("eval", nameof(EvaluateOptions.Clip), "--clip-model")]
    [InlineData("eval", nameof(GenerateOptions.ClipSkip), null)]
    public void OptionOf_Property_IsTheOptionThatSetsIt(string command, string property, string? option) =>
        Assert.Equal(option, Find(command).OptionOf(property));

    [Fact]
    public void MessageOf_Parameter_IsReplacedByTheOption()
    {
        var problem = TextualInversionException.ForParameter(nameof(TrainOptions.BatchSize), "0: choose at least 1.");

        Assert.Equal("--batch 0: choose at least 1.", Find("train").MessageOf(problem));
        Assert.Equal("BatchSize 0: choose at least 1.", Find("convert").MessageOf(problem));
        Assert.Equal("no", Find("train").MessageOf(new TextualInversionException("no")));
    }

    [Fact]
    public void Library_StringLiterals_NameNoOption()
    {
        var options = All(Root).SelectMany(command => command.Options).Select(option => option.Name).ToHashSet();
        var literals = Literals(typeof(StableDiffusionModel).Assembly.Location).ToList();

        Assert.Contains(
            literals,
            text => text.Contains("choose auto, cpu, cuda, cuda:N or mps", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(literals, text => Option().Matches(text).Any(match => options.Contains(match.Value)));
    }

    /// <summary>The string literals of an assembly, those within interpolated strings too.</summary>
    private static IEnumerable<string> Literals(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        // The first entry is empty.
        var handle = metadata.GetNextHandle(MetadataTokens.UserStringHandle(0));
        for (; !handle.IsNil; handle = metadata.GetNextHandle(handle))
            yield return metadata.GetUserString(handle);
    }

    private static CommandBase Find(string name) =>
        Root.Subcommands.OfType<CommandBase>().Single(command => command.Name == name);

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    [GeneratedRegex("(?<![a-z-])--[a-z][a-z-]*")]
    private static partial Regex Option();
}
