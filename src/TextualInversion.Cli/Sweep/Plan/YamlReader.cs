using TextualInversion.IO;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace TextualInversion.Cli.Sweep.Plan;

/// <summary>
/// Reads a YAML file whose top level is a map. Aliases are refused, since a few lines of them can stand for billions of
/// values; so are tags, several documents, deep nesting and large files.
/// </summary>
internal static class YamlReader
{
    private const int MostBytes = 4 << 20,
        MostDepth = 8;

    /// <param name="path">The file.</param>
    /// <exception cref="TextualInversionException">
    /// It cannot be read, or is not such a file; the message names the line.
    /// </exception>
    public static YamlMap Read(string path)
    {
        SpecialFile.Refuse(path);
        try
        {
            if (new FileInfo(path).Length > MostBytes)
                throw new TextualInversionException(
                    $"{path}: is larger than {MostBytes >> 20} MiB, so it is no sweep."
                );
            return Parse(path, File.ReadAllText(path));
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(path, error);
        }
        catch (YamlException error)
        {
            var reason = error.Message.Split("): ")[^1].TrimEnd('.');
            throw Refuse(path, error.Start.Line, $"is not valid YAML ({reason})", error);
        }
    }

    private static YamlMap Parse(string path, string text)
    {
        var parser = new Parser(new StringReader(text));
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _))
            return new YamlMap([], 1);
        parser.Consume<DocumentStart>();
        var root = ReadNode(path, parser, depth: 0);
        parser.Consume<DocumentEnd>();
        if (!parser.Accept<StreamEnd>(out _))
            throw Refuse(path, parser.Current!.Start.Line, "a second document begins here; write one file for each");
        return root switch
        {
            YamlMap map => map,
            YamlScalar { Text: "" } => new YamlMap([], 1),
            _ => throw Refuse(path, root.Line, "write keys with values, such as train:"),
        };
    }

    private static YamlNode ReadNode(string path, Parser parser, int depth)
    {
        var line = parser.Current?.Start.Line ?? 0;
        if (depth > MostDepth)
            throw Refuse(path, line, $"is nested in more than {MostDepth} levels");
        if (parser.Accept<AnchorAlias>(out var alias))
            throw Refuse(path, line, $"*{alias.Value} is an alias, which a sweep does not take; write the value again");
        if (parser.Accept<NodeEvent>(out var node) && !node.Tag.IsEmpty)
            throw Refuse(path, line, $"{node.Tag} is a tag, which a sweep does not take; leave it out");
        if (parser.TryConsume<Scalar>(out var scalar))
            return new YamlScalar(scalar.IsPlainImplicit && scalar.Value is "~" or "null" ? "" : scalar.Value, line);
        return parser.Accept<SequenceStart>(out _)
            ? ReadList(path, parser, line, depth)
            : ReadMap(path, parser, line, depth);
    }

    private static YamlList ReadList(string path, Parser parser, long line, int depth)
    {
        var items = new List<YamlNode>();
        parser.Consume<SequenceStart>();
        while (!parser.TryConsume<SequenceEnd>(out _))
            items.Add(ReadNode(path, parser, depth + 1));
        return new YamlList(items, line);
    }

    private static YamlMap ReadMap(string path, Parser parser, long line, int depth)
    {
        var entries = new List<YamlEntry>();
        var keys = new HashSet<string>();
        parser.Consume<MappingStart>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(path, parser, depth + 1);
            if (key is not YamlScalar { Text: var name })
                throw Refuse(path, key.Line, "a key is a word, such as steps");
            if (!keys.Add(name))
                throw Refuse(path, key.Line, $"{name} occurs twice; leave one out");
            entries.Add(new YamlEntry(name, ReadNode(path, parser, depth + 1), key.Line));
        }

        return new YamlMap(entries, line);
    }

    private static TextualInversionException Refuse(string path, long line, string problem, Exception? error = null) =>
        error is null ? new($"{path}, line {line}: {problem}.") : new($"{path}, line {line}: {problem}.", error);
}
