using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace TextualInversion.Tests.Library;

/// <summary>The page docs/api.md: the public members of the library with their comments.</summary>
internal sealed partial class ApiPage
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private const string Introduction = """
        # API

        The public members of the library, all in the namespace `TextualInversion`, with their comments in the code. How
        they work together is shown in [Library](library.md).

        | | |
        |---|---|

        """;

    private readonly ApiComments comments = new();
    private readonly StringBuilder page = new(Introduction.ReplaceLineEndings("\n"));

    /// <summary>The page for the exported types of the library.</summary>
    public static string Make()
    {
        var types = typeof(StableDiffusionModel)
            .Assembly.GetExportedTypes()
            .OrderBy(type => type.Name, StringComparer.Ordinal)
            .ToList();
        var page = new ApiPage();
        foreach (var type in types)
            page.page.Append($"| [{type.Name}](#{ApiComments.Anchor(type)}) | {page.FirstSentence(type)} |\n");
        foreach (var type in types)
            page.Add(type);
        return page.page.ToString();
    }

    private string FirstSentence(Type type)
    {
        var text = ApiComments.Text(comments.Of(type)?.Element("summary"));
        var end = SentenceEnd().Match(text);
        return end.Success ? text[..(end.Index + 1)] : text;
    }

    private void Add(Type type)
    {
        page.Append($"\n## {type.Name}\n\n`{CSharpNames.Declaration(type)}`\n");
        AddText(comments.Of(type)?.Element("summary"));
        AddText(comments.Of(type)?.Element("remarks"));
        if (type.IsEnum)
            AddList(
                type.GetFields(BindingFlags.Public | BindingFlags.Static)
                    .Select(field => Item($"`{field.Name}`", field))
            );
        else
            AddMembers(type);
    }

    private void AddMembers(Type type)
    {
        AddList(
            type.GetConstructors()
                .Where(each => each.GetParameters().Length > 0)
                .Select(each => Item($"`new {type.Name}({CSharpNames.Parameters(each)})`", each, IsPositional(each)))
        );
        AddList(type.GetProperties(Declared).Select(Property));
        AddList(
            type.GetMethods(Declared)
                .Where(IsWritten)
                .Select(each => Item($"`{Start(each)} {each.Name}({CSharpNames.Parameters(each)})`", each))
        );
    }

    private string Property(PropertyInfo property)
    {
        var isStatic = property.GetMethod?.IsStatic == true ? "static " : "";
        return Item($"`{isStatic}{CSharpNames.Of(property)} {property.Name}`", property);
    }

    private static string Start(MethodInfo method) =>
        (method.IsStatic ? "static " : "") + CSharpNames.Of(method.ReturnParameter);

    /// <summary>Neither an accessor nor what the compiler adds to records, nor what every object has.</summary>
    private static bool IsWritten(MethodInfo method) =>
        !method.IsSpecialName
        && !method.IsDefined(typeof(CompilerGeneratedAttribute))
        && method.GetBaseDefinition().DeclaringType != typeof(object);

    /// <summary>Whether a constructor is that of a record whose parameters are its properties.</summary>
    private static bool IsPositional(ConstructorInfo constructor) =>
        CSharpNames.IsRecord(constructor.DeclaringType!)
        && constructor
            .GetParameters()
            .All(parameter => constructor.DeclaringType!.GetProperty(parameter.Name!) is not null);

    /// <summary>A member with its comment, and its parameters and exceptions below.</summary>
    private string Item(string signature, MemberInfo member, bool isPositional = false)
    {
        if (isPositional)
            return $"- {signature}\n";
        var comment = comments.Of(member);
        var item = new StringBuilder($"- {signature}");
        AppendText(item, ": ", ApiComments.Text(comment?.Element("summary")));
        AppendText(item, " ", ApiComments.Text(comment?.Element("remarks")));
        item.Append('\n');
        foreach (var parameter in comment?.Elements("param") ?? [])
            item.Append($"  - `{parameter.Attribute("name")?.Value}`: {ApiComments.Text(parameter)}\n");
        AppendText(item, "  - Returns: ", ApiComments.Text(comment?.Element("returns")), "\n");
        foreach (var exception in comment?.Elements("exception") ?? [])
            item.Append($"  - Throws {ApiComments.Reference(exception)}: {ApiComments.Text(exception)}\n");
        return item.ToString();
    }

    private static void AppendText(StringBuilder item, string start, string text, string end = "")
    {
        if (text.Length > 0)
            item.Append(start).Append(text).Append(end);
    }

    [GeneratedRegex(@"(?<!et al)\. ")]
    private static partial Regex SentenceEnd();

    private void AddText(XElement? element) => AppendText(page, "\n", ApiComments.Text(element), "\n");

    private void AddList(IEnumerable<string> items)
    {
        var list = string.Concat(items);
        AppendText(page, "\n", list);
    }
}
