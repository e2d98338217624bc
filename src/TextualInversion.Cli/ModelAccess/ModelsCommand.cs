using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary><c>ti models</c>: the models in the cache.</summary>
internal sealed class ModelsCommand : CommandBase
{
    /// <param name="variable">Gives the value of an environment variable, or null if it is not set.</param>
    public ModelsCommand(Func<string, string?> variable)
        : base(
            "models",
            "List, download, verify and remove models of the Hugging Face hub, in the cache that Python tools use too "
                + "(HF_HOME, HF_HUB_CACHE)."
        )
    {
        Subcommands.Add(new ModelsListCommand(variable));
        Subcommands.Add(new ModelsGetCommand(variable));
        Subcommands.Add(new ModelsVerifyCommand(variable));
        Subcommands.Add(new ModelsPathCommand(variable));
        Subcommands.Add(new ModelsRemoveCommand(variable));
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
        id.Validators.Add(Suggestions.RefuseOptions);
        id.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && string.IsNullOrWhiteSpace(text))
                result.AddError($"ID: {PathText.IsEmpty}");
        });
        return id;
    }

    /// <exception cref="TextualInversionException">The cache does not have it.</exception>
    public static string Snapshot(HubCache cache, HubId id)
    {
        return cache.FindSnapshot(id) ?? throw NotCached(cache, id);
    }

    /// <summary>The error for a model that the cache does not have, with the nearest one that it has.</summary>
    public static TextualInversionException NotCached(HubCache cache, HubId id) =>
        new(
            $"{id}: is not in the cache {cache.Folder}.{Suggestions.DidYouMean(id.Name, cache.ModelNames())} "
                + $"Download it with `ti models get {id}`."
        );
}
