using System.Reflection;

namespace TextualInversion.Tests.Library;

/// <summary>Types and members as they are written in C#.</summary>
internal static class CSharpNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    /// <summary>For example <c>public sealed record TrainOptions</c>.</summary>
    public static string Declaration(Type type)
    {
        var kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsValueType: true } => IsRecord(type) ? "readonly record struct" : "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsSealed: true } => IsRecord(type) ? "sealed record" : "sealed class",
            _ => "class",
        };
        return $"{kind} {type.Name}";
    }

    /// <summary>For example <c>IReadOnlyList&lt;string&gt;?</c>.</summary>
    public static string Of(PropertyInfo property) =>
        Of(property.PropertyType, new NullabilityInfoContext().Create(property));

    /// <summary>For example <c>string path, bool overwrite = false</c>.</summary>
    public static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(parameter => Of(parameter) + Default(parameter)));

    /// <summary>The type of a parameter or of what a method returns, and its name.</summary>
    public static string Of(ParameterInfo parameter)
    {
        var prefix = parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "";
        var type = Of(parameter.ParameterType, new NullabilityInfoContext().Create(parameter));
        return $"{prefix}{type} {parameter.Name}".Trim();
    }

    /// <summary>Whether the compiler wrote the members that make a type a record.</summary>
    public static bool IsRecord(Type type) =>
        type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            is not null;

    private static string Of(Type type, NullabilityInfo? nullability)
    {
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Of(value, null) + "?";
        var end = !type.IsValueType && nullability?.ReadState == NullabilityState.Nullable ? "?" : "";
        if (Keywords.TryGetValue(type, out var keyword))
            return keyword + end;
        if (type.IsArray)
        {
            var commas = new string(',', type.GetArrayRank() - 1);
            return $"{Of(type.GetElementType()!, nullability?.ElementType)}[{commas}]{end}";
        }

        if (!type.IsGenericType)
            return type.Name + end;
        var arguments = type.GetGenericArguments()
            .Select((argument, i) => Of(argument, nullability?.GenericTypeArguments.ElementAtOrDefault(i)));
        return $"{type.Name.Split('`')[0]}<{string.Join(", ", arguments)}>{end}";
    }

    private static string Default(ParameterInfo parameter) =>
        parameter switch
        {
            { HasDefaultValue: false } => "",
            { DefaultValue: null, ParameterType.IsValueType: true } when !IsNullable(parameter) => " = default",
            { DefaultValue: null } => " = null",
            { DefaultValue: bool value } => value ? " = true" : " = false",
            { DefaultValue: string value } => $" = \"{value}\"",
            { DefaultValue: var value } => FormattableString.Invariant($" = {value}"),
        };

    private static bool IsNullable(ParameterInfo parameter) =>
        Nullable.GetUnderlyingType(parameter.ParameterType) is not null;
}
