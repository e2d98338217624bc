using System.CommandLine;
using TextualInversion.Schedulers;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Options that more than one command has.</summary>
internal static class SharedOptions
{
    /// <summary>The name of the option that <see cref="Libtorch"/> makes.</summary>
    public const string LibtorchName = "--libtorch";

    /// <summary>The names of the samplers as people type them.</summary>
    public static string[] SamplerNames { get; } = [.. Samplers.DisplayNames.Select(name => name.ToLowerInvariant())];

    public static OptionalNumberOption<ulong> Seed() =>
        new("--seed")
        {
            HelpName = "N",
            Draws = DrawSeed,
            Description =
                "Random seed. The same seed gives byte-identical results on the same machine, with the same version of "
                + "ti and the same number of threads. -1: a random seed, which is printed. Default: drawn and printed.",
        };

    public static Option<string> Device() =>
        new("--device")
        {
            HelpName = "NAME",
            Description =
                "The device that computes: auto, cpu, cuda, cuda:N (the GPU number N) or mps (Apple's GPU). ti devices "
                + "lists them. Default: auto, the first CUDA GPU if there is one, else the CPU.",
            CompletionSources = { "auto", "cpu", "cuda", "mps" },
            DefaultValueFactory = _ => "auto",
        };

    public static ChoiceOption<Precision> Precision() =>
        new("--precision")
        {
            Description =
                "U-Net precision. bf16 and fp16 halve the U-Net's memory and are faster on GPUs; fp16 works on GPUs "
                + "only. Text encoders, VAE and the embedding are always fp32. Default: auto, which is bf16 on "
                + "CUDA GPUs since Ampere (compute capability 8.0), fp16 on older ones, and fp32 on the CPU.",
            DefaultValueFactory = _ => TextualInversion.Precision.Auto,
        };

    /// <summary>The libtorch to load; read before the command runs, since libtorch is loaded once.</summary>
    public static PathOption Libtorch() =>
        new(LibtorchName)
        {
            HelpName = "DIR",
            Description =
                "Folder of another libtorch, such as that of an installed PyTorch with CUDA (torch/lib). "
                + "Default: TI_LIBTORCH, else the one that ships with ti.",
        };

    public static Option<bool> Quiet() =>
        new("--quiet") { Description = "Show no progress, only warnings and errors." };

    public static Option<bool> Json() => new("--json") { Description = "Print the result as one JSON document." };

    public static PathOption Output() =>
        new("--output")
        {
            HelpName = "DIR",
            Description = "Folder in which embeddings/ and runs/ are created. Default: the current folder.",
            DefaultValueFactory = _ => ".",
        };

    public static NameOption Name() =>
        new("--name")
        {
            HelpName = "NAME",
            Description = "Name of the embedding file and run folder. Default: the token.",
        };

    public static Option<bool> Overwrite() => new("--overwrite") { Description = "Replace existing files." };

    /// <summary>The sampler of a name as it was typed, or null if there is no name.</summary>
    /// <exception cref="UsageException">No sampler has that name.</exception>
    public static SamplerKind? SamplerOf(string? name, Option<string?> option) =>
        name is null ? null : UsageException.Read(option.Name, () => Samplers.Parse(name));

    /// <summary>A random seed, short enough to be typed.</summary>
    public static ulong DrawSeed() => (ulong)Random.Shared.Next();
}
