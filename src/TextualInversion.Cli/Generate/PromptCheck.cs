using System.Text.RegularExpressions;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Generate;

/// <summary>Finds what a prompt asks for and nothing answers, before anything is loaded or downloaded.</summary>
/// <param name="prompts">The prompts.</param>
/// <param name="negative">The negative prompt, or null.</param>
/// <param name="set">All embeddings that may be called.</param>
/// <param name="messages">Receives the warnings.</param>
internal sealed partial class PromptCheck(
    IReadOnlyList<string> prompts,
    string? negative,
    EmbeddingSet set,
    ConsoleLog messages
)
{
    private const int NamesShown = 5;
    private const string RunsFolder = "runs"; // of the current folder, next to that of the embeddings

    private static readonly (Regex Pattern, string Meaning)[] UnsupportedSyntax =
    [
        (ExtraNetwork(), "adds a hypernetwork, which is not supported"),
        (Composition(), "composes prompts in the WebUI, which is not supported"),
        (Variant(), "is a random choice of another program's extension, which is not supported"),
        (Wildcard(), "is a wildcard of another program's extension, which is not supported"),
    ];

    private readonly IReadOnlyList<string> texts = [.. prompts, negative ?? ""];

    /// <summary>The texts that call an embedding which is not there.</summary>
    public IReadOnlyList<string> Unanswered { get; } =
    [
        .. PromptEmbeddings
            .Unanswered(set, [.. prompts.Append(negative ?? "").Select(LoraTag.Remove)])
            .Where(text => !ExtraNetwork().IsMatch(text)),
    ];

    /// <param name="ownTokens">Those of them that are tokens of the model itself.</param>
    /// <param name="allowUnknown">Whether the others are taken as text, with a warning.</param>
    /// <exception cref="TextualInversionException">A prompt calls an embedding that is not there.</exception>
    public void Run(IReadOnlyList<string> ownTokens, bool allowUnknown)
    {
        foreach (var (pattern, meaning) in UnsupportedSyntax)
        {
            if (texts.Select(text => pattern.Match(text)).FirstOrDefault(match => match.Success) is { } found)
                messages.Warn($"{found.Value} {meaning}; it is taken as text.");
        }

        RequireLoras(allowUnknown);
        var unknown = Unanswered.Except(ownTokens).ToList();
        if (unknown.Count > 0 && !allowUnknown)
            throw new TextualInversionException(
                $"{string.Join(" ", unknown.Select(text => Problem(text)))} "
                    + "To take it as text, add --allow-unknown."
            );
        foreach (var text in unknown)
            messages.Warn($"{Problem(text)} It is taken as text.");
    }

    /// <summary>Refuses a prompt that calls a LoRA which is not there.</summary>
    private void RequireLoras(bool allowUnknown)
    {
        if (LoraTag.Find(negative ?? "") is [var ignored, ..])
            messages.Warn($"{ignored.Text} has no effect in the negative prompt; write it into the prompt.");
        if (texts.Select(LoraTag.FindUnclosed).FirstOrDefault(found => found is not null) is { } unclosed)
        {
            var problem = $"{unclosed} is not closed; end the LoRA with >, as in <lora:NAME:0.8>.";
            if (!allowUnknown)
                throw new TextualInversionException($"{problem} To take it as text, add --allow-unknown.");
            messages.Warn($"{problem} It is taken as text.");
        }

        foreach (var tag in texts.SelectMany(LoraTag.Find).Where(tag => tag.Resolve() is null).Distinct())
        {
            var problem = Problem(tag);
            if (!allowUnknown)
                throw new TextualInversionException($"{problem} To leave it out, add --allow-unknown.");
            messages.Warn($"{problem} It is left out.");
        }
    }

    private static string Problem(LoraTag tag)
    {
        if (LoraFolder.Ambiguity(tag.Name) is { } several)
            return $"{tag.Text} is not clear. {several}";
        var known = LoraFolder.Known();
        return $"No LoRA is called {tag.Name}, as in {tag.Text}. "
            + (
                known.Count == 0 ? $"There are none in {LoraFolder.Name}/; put the file there, or name it with --lora."
                : Nearest(tag.Name, [.. known]) is { } nearest ? $"Did you mean {nearest}?"
                : $"There are {string.Join(", ", known.Take(NamesShown))}{More(known.Count - NamesShown)}."
            );
    }

    private string Problem(string text)
    {
        var names = set.Names.Select(name => name.Display).Distinct().ToList();
        var known =
            names.Count == 0 ? $"There are none in {EmbeddingSet.Folder}/; name a file with --embedding."
            : Nearest(text, names) is { } nearest ? $"Did you mean {nearest}?"
            : $"There are {string.Join(", ", names.Take(NamesShown))}{More(names.Count - NamesShown)}.";
        return $"No embedding is called {text}. {Interrupted(text) ?? known}";
    }

    /// <summary>What to do about a training of this name that did not finish, or null if there is none.</summary>
    private static string? Interrupted(string text)
    {
        var name = Bare(text);
        var run = PortableFileName.Problem(name) is null ? Path.Combine(RunsFolder, name) : null;
        return run is not null && File.Exists(RunFolder.StateIn(run)) && !File.Exists(RunFolder.RecordIn(run))
            ? $"Its training was interrupted; resume it with ti train --resume {ShellCommand.Quote(run)}."
            : null;
    }

    private static string More(int count) => count > 0 ? $" and {count} more" : "";

    /// <summary>The nearest name that is near enough to be meant, or null.</summary>
    private static string? Nearest(string text, List<string> names)
    {
        var typed = Bare(text).ToLowerInvariant();
        var nearest = names.MinBy(Distance)!;
        return Distance(nearest) <= Math.Max(2, typed.Length / 3) ? nearest : null;

        int Distance(string name) => EditDistance.Between(Bare(name).ToLowerInvariant(), typed);
    }

    private static string Bare(string name) =>
        name.Replace("embedding:", "", StringComparison.OrdinalIgnoreCase).Trim('<', '>');

    [GeneratedRegex(@"<hypernet:[^<>\n]*>", RegexOptions.IgnoreCase)]
    private static partial Regex ExtraNetwork();

    [GeneratedRegex(@"(?<!\w)AND(?!\w)")]
    private static partial Regex Composition();

    [GeneratedRegex(@"\{[^{}]*\|[^{}]*\}")]
    private static partial Regex Variant();

    [GeneratedRegex(@"(?<!\w)__[\w/*-]+?__(?!\w)")]
    private static partial Regex Wildcard();
}
