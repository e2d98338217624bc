using System.Reflection;
using TorchSharp;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// Finds code that creates a <see cref="Scalar"/> which a garbage collection can free while libtorch reads it.
/// </summary>
internal static class TemporaryScalars
{
    /// <summary>
    /// TorchSharp's own methods that create one, directly or through another of its methods, such as Tensor's
    /// operators.
    /// </summary>
    private static readonly HashSet<MethodBase> Creators = FindCreators();

    /// <summary>
    /// The calls in an assembly that create one, as text, except those of the types <paramref name="exempt"/>.
    /// </summary>
    public static IEnumerable<string> CreatedIn(Assembly assembly, params Type[] exempt) =>
        from method in MethodCalls.In(assembly)
        where !exempt.Contains(method.DeclaringType)
        from called in MethodCalls.Of(method)
        where IsCreation(called) || Creators.Contains(called)
        select $"{method.DeclaringType}.{method.Name} calls "
            + $"{called.DeclaringType?.Name}.{called.Name}({Parameters(called)})";

    private static HashSet<MethodBase> FindCreators()
    {
        var calls = MethodCalls
            .In(typeof(Scalar).Assembly)
            .Where(method => !IsOfScalar(method))
            .Select(method => (Method: method, Called: MethodCalls.Of(method).ToHashSet()))
            .ToList();
        HashSet<MethodBase> creators = [];
        int before;
        do
        {
            before = creators.Count;
            var found = calls.Where(each => each.Called.Any(IsCreation) || each.Called.Overlaps(creators));
            creators.UnionWith(found.Select(each => each.Method).ToList());
        } while (creators.Count > before);
        return creators;
    }

    private static bool IsCreation(MethodBase called) =>
        IsOfScalar(called) && (called.IsConstructor || called.Name is "op_Implicit" or "ToScalar");

    private static bool IsOfScalar(MethodBase method) =>
        method.DeclaringType == typeof(Scalar) || method.DeclaringType == typeof(ScalarExtensionMethods);

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(parameter => parameter.ParameterType.Name));
}
