using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Hub;
using TextualInversion.IO;

namespace TextualInversion.Cli.ModelAccess;

/// <summary><c>ti models remove</c>: deletes a model from the cache.</summary>
internal sealed class ModelsRemoveCommand : CommandBase
{
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = 0,
    };

    private readonly Argument<HubId> id = ModelsCommand.Id();
    private readonly Option<bool> yes = new("--yes") { Description = "Delete without asking, for scripts." };
    private readonly Option<bool> json = SharedOptions.Json();

    public ModelsRemoveCommand(Func<string, string?> variable)
        : base(
            "remove",
            "Delete a model with all its revisions from the cache, for other tools that use the cache too. Shows what "
                + "will be deleted and asks first."
        )
    {
        Arguments.Add(id);
        AddGroup("Most used", yes);
        AddGroup("Output", json);
        SetAction(parsed => Run(parsed, HubEnvironment.Resolve(variable)));
    }

    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples =>
        [$"ti models remove {ModelLocator.Default}", $"ti models remove {ModelLocator.Default} --yes --json"];

    private int Run(ParseResult parsed, HubOptions options)
    {
        var model = parsed.GetValue(id)!;
        if (model.Revision != "main")
            throw new UsageException($"{model}: all revisions are deleted together; write {model.Name}.");
        var cache = new HubCache(options.CacheFolder);
        var folder = cache.RepositoryFolder(model);
        if (!Directory.Exists(folder))
            throw ModelsCommand.NotCached(cache, model);
        var bytes = SizeOf(folder);
        if (!parsed.GetValue(yes) && !Confirm(parsed.InvocationConfiguration.Error, cache, model, folder, bytes))
            return ExitCode.Problem;

        Delete(folder);
        parsed.InvocationConfiguration.Output.WriteLine(
            parsed.GetValue(json)
                ? JsonOutput.Serialize(
                    new
                    {
                        Model = model.Name,
                        Removed = folder,
                        Bytes = bytes,
                    }
                )
                : folder
        );
        return ExitCode.Done;
    }

    private static bool Confirm(TextWriter error, HubCache cache, HubId model, string folder, long bytes)
    {
        error.WriteLine($"{model.Name}: {ByteSize.Format(bytes)} in {folder}");
        foreach (var snapshot in cache.List().Where(snapshot => snapshot.Model == model.Name))
            error.WriteLine(
                $"  {string.Join(", ", snapshot.Revisions.DefaultIfEmpty("no branch"))}, commit {snapshot.Commit}"
            );
        if (error != Console.Error || Console.IsInputRedirected)
            throw new UsageException("--yes: add it to delete this; nobody can be asked here.");
        error.Write("Delete it? [y/N] ");
        error.Flush();
        return Console.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    /// <summary>The bytes of the files. Links, which snapshots are made of, count nothing.</summary>
    private static long SizeOf(string folder) =>
        new DirectoryInfo(folder)
            .EnumerateFiles("*", Everything)
            .Where(file => file.LinkTarget is null)
            .Sum(file => file.Length);

    private static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Wrap(folder, "deleted completely", error);
        }
    }
}
