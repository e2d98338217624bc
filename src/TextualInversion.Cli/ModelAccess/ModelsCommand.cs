using System.CommandLine;
using System.CommandLine.Parsing;
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

    /// <summary>The argument that names a model. Another text than an id is wrong usage.</summary>
    public static Argument<HubId> Id()
    {
        var id = new Argument<HubId>("ID")
        {
            HelpName = "ID",
            Description = "owner/name, or owner/name@revision for a branch, tag or commit other than main.",
            CustomParser = Parse,
        };
        id.Validators.Add(Suggestions.RefuseOptions);
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

    private static HubId? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (string.IsNullOrWhiteSpace(text))
            result.AddError($"ID: {PathText.IsEmpty}");
        else if (HubId.TryParse(text) is { } id)
            return id;
        else if (!text.StartsWith('-')) // that is a mistyped option
            result.AddError(HubId.Problem(text));
        return null;
    }
}
