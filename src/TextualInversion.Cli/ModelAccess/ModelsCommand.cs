using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary><c>ti models</c>: what is in the cache, and what is to come into it.</summary>
internal sealed class ModelsCommand : CommandBase
{
    /// <param name="variable">from an environment variable's name to its value</param>
    public ModelsCommand(Func<string, string?> variable)
        : base(
            "models",
            "Lists, downloads and checks models of the Hugging Face hub, in the cache that Python's tools share (HF_HOME, HF_HUB_CACHE)."
        )
    {
        Subcommands.Add(new ModelsListCommand(variable));
        Subcommands.Add(new ModelsGetCommand(variable));
        Subcommands.Add(new ModelsVerifyCommand(variable));
        Subcommands.Add(new ModelsPathCommand(variable));
        SetAction(parsed => new HelpPage().Invoke(parsed));
    }

    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples =>
        [$"ti models get {ModelLocator.Default} --variant fp16", "ti models list"];

    public static Argument<string> Id()
    {
        var id = new Argument<string>("ID")
        {
            HelpName = "ID",
            Description = "owner/name, or owner/name@revision for a branch, tag or commit other than main.",
        };
        id.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(given => given.Value.StartsWith('-')) is { } option)
                result.AddError($"Unrecognized option '{option.Value}'.");
        });
        return id;
    }

    /// <exception cref="TextualInversionException">The cache does not have it.</exception>
    public static string Snapshot(HubCache cache, HubId id)
    {
        if (cache.FindSnapshot(id) is { } snapshot)
            return snapshot;
        var nearest = cache.ModelNames().MinBy(name => EditDistance.Between(name, id.Name));
        throw new TextualInversionException(
            $"{id}: is not in the cache {cache.Folder}{(nearest is null || nearest == id.Name ? "" : $", where the nearest is {nearest}")}; download it with `ti models get {id}`."
        );
    }
}
