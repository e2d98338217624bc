using System.Reflection;
using System.Reflection.Emit;

namespace TextualInversion.Tests.Fixtures;

/// <summary>Finds the calls in compiled methods by reading their instructions (ECMA-335, partition III).</summary>
internal static class MethodCalls
{
    private const byte TwoByteCode = 0xFE;

    private const BindingFlags Declared =
        BindingFlags.DeclaredOnly
        | BindingFlags.Instance
        | BindingFlags.Static
        | BindingFlags.Public
        | BindingFlags.NonPublic;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes)
        .GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    /// <summary>All methods and constructors of an assembly.</summary>
    public static IEnumerable<MethodBase> In(Assembly assembly) =>
        assembly
            .GetTypes()
            .SelectMany(type => type.GetMethods(Declared).Concat<MethodBase>(type.GetConstructors(Declared)));

    /// <summary>The methods that a method calls or takes a delegate of; generic ones as their definitions.</summary>
    public static IEnumerable<MethodBase> Of(MethodBase method) =>
        Instructions(method).Select(instruction => instruction.Called).OfType<MethodBase>();

    /// <summary>A method's instructions, with the method that one calls or takes a delegate of.</summary>
    public static IEnumerable<(OpCode Code, MethodBase? Called)> Instructions(MethodBase method)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var position = 0; position < code.Length; )
        {
            var instruction =
                code[position] == TwoByteCode
                    ? Codes[BitConverter.ToInt16([code[position + 1], TwoByteCode])]
                    : Codes[code[position]];
            position += instruction.Size;
            var isOfMethod = instruction.OperandType == OperandType.InlineMethod;
            yield return (instruction, isOfMethod ? Resolve(method, BitConverter.ToInt32(code, position)) : null);
            position += OperandSize(instruction.OperandType, code, position);
        }
    }

    private static MethodBase? Resolve(MethodBase from, int token)
    {
        var ofType = from.DeclaringType?.GetGenericArguments();
        var ofMethod = from.IsGenericMethod ? from.GetGenericArguments() : null;
        var called = from.Module.ResolveMethod(token, ofType, ofMethod);
        return called is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericMethodDefinition() : called;
    }

    private static int OperandSize(OperandType type, byte[] code, int position) =>
        type switch
        {
            OperandType.InlineNone => 0,
            OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
            OperandType.InlineVar => 2,
            OperandType.InlineI8 or OperandType.InlineR => 8,
            OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, position),
            _ => 4,
        };
}
