using System.CommandLine;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Options that more than one command has.</summary>
internal static class SharedOptions
{
    public static OptionalNumberOption<ulong> Seed() =>
        new("--seed")
        {
            HelpName = "N",
            Description =
                "Fixes everything random: the same command on the same machine gives the same bytes. Default: drawn and printed.",
        };

    public static Option<string> Device() =>
        new("--device")
        {
            HelpName = "NAME",
            Description = "auto, cpu, cuda or cuda:N. Default: auto, a CUDA device where there is one.",
            DefaultValueFactory = _ => "auto",
        };

    public static ChoiceOption<Precision> Precision() =>
        new("--precision")
        {
            Description =
                "What the U-Net computes in; text encoders, VAE and learned rows are always fp32. Default: fp32.",
            DefaultValueFactory = _ => TextualInversion.Precision.Fp32,
        };

    public static Option<bool> Quiet() => new("--quiet") { Description = "No progress, only warnings and errors." };

    public static Option<bool> Json() => new("--json") { Description = "Prints the result as one JSON document." };

    public static PathOption Output() =>
        new("--output")
        {
            HelpName = "DIR",
            Description = "Where embeddings/ and runs/ are made. Default: the current folder.",
            DefaultValueFactory = _ => ".",
        };

    public static NameOption Name() =>
        new("--name") { HelpName = "NAME", Description = "Of the file and of the run's folder. Default: the token's." };

    public static Option<bool> Overwrite() => new("--overwrite") { Description = "Allows files to be replaced." };

    /// <summary>A seed for those who gave none: short enough to be typed.</summary>
    public static ulong DrawSeed() => (ulong)Random.Shared.Next();
}
