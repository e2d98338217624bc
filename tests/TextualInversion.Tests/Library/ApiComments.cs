using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace TextualInversion.Tests.Library;

/// <summary>The comments of the library, as Markdown.</summary>
internal sealed partial class ApiComments
{
    private static readonly Assembly Library = typeof(StableDiffusionModel).Assembly;

    private readonly Dictionary<string, XElement> members = XDocument
        .Load(Path.ChangeExtension(Library.Location, ".xml"))
        .Descendants("member")
        .ToDictionary(member => member.Attribute("name")!.Value);

    /// <summary>The name by which links on the page go to a type.</summary>
    public static string Anchor(Type type) => type.Name.ToLowerInvariant();

    /// <summary>
    /// The comment of a member, or null. That of a positional property is the parameter of its record.
    /// </summary>
    public XElement? Of(MemberInfo member)
    {
        if (members.TryGetValue(IdOf(member), out var comment))
            return comment.Element("inheritdoc")?.Attribute("cref")?.Value is { } other ? members[other] : comment;
        var parameter =
            member is PropertyInfo
                ? Parameters(member.DeclaringType!).FirstOrDefault(each => Name(each) == member.Name)
                : null;
        return parameter is null ? null : new XElement("member", new XElement("summary", parameter.Nodes()));
    }

    /// <summary>The text of an element in one line, or nothing.</summary>
    public static string Text(XElement? element) =>
        element is null ? "" : Spaces().Replace(string.Concat(element.Nodes().Select(Text)), " ").Trim();

    /// <summary>What the attribute <c>cref</c> names: a link for a type of the library, otherwise code.</summary>
    public static string Reference(XElement element)
    {
        var id = element.Attribute("cref")?.Value ?? $"T:{element.Attribute("langword")?.Value}";
        var name = id[2..].Split('(')[0];
        if (Library.GetType(name) is { IsPublic: true } type)
            return $"[`{type.Name}`](#{Anchor(type)})";
        var parts = name.Split('.');
        var isMember = id[0] != 'T' && parts.Length > 1 && Library.GetType(name[..name.LastIndexOf('.')]) is not null;
        return isMember ? $"`{parts[^2]}.{parts[^1]}`" : $"`{parts[^1].Split('`')[0]}`";
    }

    private static string Text(XNode node) =>
        node switch
        {
            XText text => Escape(text.Value),
            XElement { Name.LocalName: "c" or "code" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "paramref" } parameter => $"`{Name(parameter)}`",
            XElement { Name.LocalName: "see" } see when see.Attribute("href") is { } target =>
                $"[{(see.Value.Length > 0 ? see.Value : target.Value)}]({target.Value})",
            XElement { Name.LocalName: "see" } see => Reference(see),
            XElement other => $" {Text(other)} ",
            _ => "",
        };

    private IEnumerable<XElement> Parameters(Type type) =>
        members.TryGetValue($"T:{type.FullName}", out var comment) ? comment.Elements("param") : [];

    private static string? Name(XElement parameter) => parameter.Attribute("name")?.Value;

    /// <summary>The identifier that the compiler gives to a member (C# specification, annex D.4).</summary>
    private static string IdOf(MemberInfo member)
    {
        var name = $"{member.DeclaringType?.FullName}.{member.Name}";
        return member switch
        {
            Type type => $"T:{type.FullName}",
            FieldInfo => $"F:{name}",
            PropertyInfo => $"P:{name}",
            ConstructorInfo constructor => $"M:{member.DeclaringType!.FullName}.#ctor{Parameters(constructor)}",
            MethodInfo method => $"M:{name}{Parameters(method)}",
            _ => "",
        };
    }

    private static string Parameters(MethodBase method)
    {
        var types = method.GetParameters().Select(parameter => IdOf(parameter.ParameterType)).ToList();
        return types.Count == 0 ? "" : $"({string.Join(",", types)})";
    }

    private static string IdOf(Type type)
    {
        if (type.IsArray)
        {
            var bounds = string.Join(",", Enumerable.Repeat("0:", type.GetArrayRank()));
            return $"{IdOf(type.GetElementType()!)}[{(type.GetArrayRank() == 1 ? "" : bounds)}]";
        }

        if (!type.IsGenericType)
            return type.FullName!;
        var arguments = string.Join(",", type.GetGenericArguments().Select(IdOf));
        return $"{type.GetGenericTypeDefinition().FullName!.Split('`')[0]}{{{arguments}}}";
    }

    private static string Escape(string text) =>
        text.Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace("*", "\\*", StringComparison.Ordinal)
            .Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
