using System.Reflection;
using TorchSharp;

namespace TextualInversion.Tests.Library;

public sealed class PublicSurfaceTests
{
    private static readonly Type[] Types = typeof(StableDiffusionModel).Assembly.GetExportedTypes();

    [Fact]
    public void PublicTypes_Namespace_IsThatOfTheLibrary() =>
        Assert.All(Types, type => Assert.Equal(nameof(TextualInversion), type.Namespace));

    [Fact]
    public void PublicMembers_TypesOfTorchSharp_DoNotOccur()
    {
        var members =
            from type in Types
            from member in type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static)
            from used in TypesOf(member)
            where used.Assembly == typeof(torch).Assembly
            select $"{type.Name}.{member.Name}";

        Assert.Empty(members);
    }

    [Fact]
    public void PublicTypes_StaticState_DoesNotExist()
    {
        var settable =
            from type in Types
            from property in type.GetProperties(BindingFlags.Public | BindingFlags.Static)
            where property.CanWrite
            select $"{type.Name}.{property.Name}";
        var fields =
            from type in Types.Where(type => !type.IsEnum)
            from field in type.GetFields(BindingFlags.Public | BindingFlags.Static)
            where !field.IsLiteral && !field.IsInitOnly
            select $"{type.Name}.{field.Name}";

        Assert.Empty(settable.Concat(fields));
    }

    private static IEnumerable<Type> TypesOf(MemberInfo member) =>
        member switch
        {
            PropertyInfo property => Parts(property.PropertyType),
            FieldInfo field => Parts(field.FieldType),
            MethodInfo method => Parts(method.ReturnType)
                .Concat(method.GetParameters().SelectMany(each => Parts(each.ParameterType))),
            ConstructorInfo constructor => constructor.GetParameters().SelectMany(each => Parts(each.ParameterType)),
            _ => [],
        };

    private static IEnumerable<Type> Parts(Type type) => type.GetGenericArguments().SelectMany(Parts).Append(type);
}
