using System.Reflection;
using System.Reflection.Emit;
using TextualInversion.Checkpoints;
using TextualInversion.Embeddings;
using TorchSharp;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// Where code makes tensors for which no dispose scope is open. TorchSharp hands libtorch the address of a tensor and
/// does not refer to the tensor any more, so that a garbage collection may free it while libtorch reads it. A scope
/// refers to every tensor that is made in it. Methods may rely on the scope of those that call them.
/// </summary>
internal sealed class UnscopedTensors
{
    // They hand a tensor on, or keep it.
    private static readonly string[] Passing =
    [
        nameof(torch.Tensor.DetachFromDisposeScope),
        nameof(torch.Tensor.MoveToOuterDisposeScope),
        nameof(torch.Tensor.requires_grad_),
        nameof(Weights.Keep),
    ];

    // They return a tensor that somebody keeps or gets to keep.
    private static readonly (Type Type, string Method)[] Keeping =
    [
        (typeof(Weights), nameof(Weights.Take)),
        (typeof(WeightStore), nameof(WeightStore.Take)),
        (typeof(EmbeddingRows), nameof(EmbeddingRows.Read)),
    ];

    private readonly HashSet<Assembly> own;
    private readonly Dictionary<MethodBase, List<(OpCode Code, MethodBase? Called)>> code;
    private readonly ILookup<MethodBase, MethodBase> implementations;

    private UnscopedTensors(Assembly[] assemblies)
    {
        own = [.. assemblies];
        code = assemblies
            .SelectMany(MethodCalls.In)
            .ToDictionary(method => method, method => MethodCalls.Instructions(method).ToList());
        implementations = assemblies
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => !type.IsInterface && !type.IsGenericTypeDefinition)
            .SelectMany(Implemented)
            .ToLookup(pair => pair.Declared, pair => pair.Implementation);
    }

    /// <summary>
    /// The ways to tensors without a scope, as text: each from a method that nothing else in these assemblies calls, or
    /// that everybody may call.
    /// </summary>
    public static IEnumerable<string> In(params Assembly[] assemblies)
    {
        var all = new UnscopedTensors(assemblies);
        var next = all.FindUnscoped();
        var called = all
            .code.Keys.SelectMany(method => all.CalledBy(method).Where(other => other != method))
            .ToHashSet();
        return next
            .Keys.Where(method => !called.Contains(method) || IsPublic(method))
            .Select(method => Way(method, next))
            .Order(StringComparer.Ordinal);
    }

    /// <summary>
    /// The methods that make tensors without a scope of their own, each with the method through which it does, or
    /// itself.
    /// </summary>
    private Dictionary<MethodBase, MethodBase> FindUnscoped()
    {
        var open = code.Keys.Where(method => !OpensScope(method)).ToList();
        var found = open.Where(KeepsTensor).ToDictionary(method => method, method => method);
        int before;
        do
        {
            before = found.Count;
            foreach (var method in open.Where(method => !found.ContainsKey(method)))
            {
                if (CalledBy(method).FirstOrDefault(found.ContainsKey) is { } through)
                    found.Add(method, through);
            }
        } while (found.Count > before);
        return found;
    }

    private bool OpensScope(MethodBase method) =>
        code[method].Any(instruction => instruction.Called?.Name == nameof(torch.NewDisposeScope));

    /// <summary>Whether a tensor that the method makes is neither returned nor stored at once.</summary>
    private bool KeepsTensor(MethodBase method)
    {
        var instructions = code[method];
        for (var i = 0; i < instructions.Count; i++)
        {
            if (instructions[i].Code == OpCodes.Ldftn || !Makes(instructions[i].Called))
                continue;
            var following = instructions[i + 1];
            var isHandedOn =
                following.Code == OpCodes.Ret
                || following.Code == OpCodes.Stfld
                || Passing.Contains(following.Called?.Name);
            if (!isHandedOn)
                return true;
        }

        return false;
    }

    private bool Makes(MethodBase? called) =>
        called is MethodInfo method
        && !Passing.Contains(method.Name)
        && (
            own.Contains(method.Module.Assembly)
                ? method.ReturnType == typeof(torch.Tensor) && !IsGetter(method) && !IsKeeping(method)
                : method.Module.Assembly == typeof(torch.Tensor).Assembly
                    && (method.ReturnType == typeof(torch.Tensor) || method.ReturnType == typeof(torch.Tensor[]))
                    && !method.Name.EndsWith('_') // in place
        );

    private static bool IsGetter(MethodInfo method) =>
        method.IsSpecialName && method.Name.StartsWith("get_", StringComparison.Ordinal);

    private static bool IsKeeping(MethodInfo method) => Keeping.Contains((method.DeclaringType!, method.Name));

    private IEnumerable<MethodBase> CalledBy(MethodBase method) =>
        code[method]
            .Select(instruction => instruction.Called)
            .OfType<MethodBase>()
            .SelectMany(called => implementations[called].Append(called))
            .Where(code.ContainsKey);

    /// <summary>The methods of interfaces of these assemblies, each with its implementation in a type.</summary>
    private IEnumerable<(MethodBase Declared, MethodBase Implementation)> Implemented(Type type) =>
        type.GetInterfaces()
            .Where(each => own.Contains(each.Assembly))
            .Select(type.GetInterfaceMap)
            .SelectMany(map => map.InterfaceMethods.Zip<MethodBase, MethodBase>(map.TargetMethods));

    private static bool IsPublic(MethodBase method) => method.IsPublic && method.DeclaringType!.IsVisible;

    private static string Way(MethodBase method, Dictionary<MethodBase, MethodBase> next)
    {
        List<string> way = [Name(method)];
        while (next[method] != method)
            way.Add(Name(method = next[method]));
        return string.Join(" -> ", way);
    }

    private static string Name(MethodBase method) => $"{method.DeclaringType}.{method.Name}";
}
