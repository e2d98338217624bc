using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests;

/// <summary>
/// Completes libtorch's <c>meta</c> device, whose tensors have a shape and no values. A network that runs there ran
/// wholly on one device, as it must on a GPU. PyTorch has some of the device's kernels in Python only
/// (https://github.com/pytorch/pytorch/blob/main/torch/_meta_registrations.py); those that are needed here are
/// registered by the C functions for extensions
/// (https://github.com/pytorch/pytorch/blob/main/torch/csrc/stable/c/shim.h). Copies to the CPU, an error otherwise,
/// give ones and are counted.
/// </summary>
internal static unsafe class MetaKernels
{
    private static readonly ConcurrentQueue<string> Problems = new();
    private static int copiesToHost;

    static MetaKernels()
    {
        nint library;
        fixed (
            byte* name = "aten\0"u8,
                key = "Meta\0"u8,
                file = "MetaKernels\0"u8
        )
            Check(Native.Init(name, key, file, 1, &library));
        Register(library, "convolution", &Convolution);
        Register(library, "convolution_backward", &ConvolutionBackward);
        Register(library, "native_group_norm", &GroupNorm);
        Register(library, "native_layer_norm", &LayerNorm);
        Register(library, "native_group_norm_backward", &GroupNormBackward);
        Register(library, "native_layer_norm_backward", &LayerNormBackward);
        Register(library, "mse_loss_backward", &MseLossBackward);
        Register(library, "index_select", &IndexSelect);
        Register(library, "flip", &Same);
        Register(library, "abs", &Same);
        Register(library, "where.self", &Where);
        Register(library, "where.self_out", &WhereInto);
        Register(library, "std.dim", &Std);
        Register(library, "min", &Extreme);
        Register(library, "max", &Extreme);
        Register(library, "cat", &Cat);
        Register(library, "mm", &MatrixProduct);
        Register(library, "gather", &Gather);
        Register(library, "copy_", &Copy);
    }

    /// <summary>The copies from the device to the CPU so far.</summary>
    public static int CopiesToHost => Volatile.Read(ref copiesToHost);

    /// <summary>
    /// Registers the kernels, if that was not done yet, and forgets the copies and errors of earlier tests.
    /// </summary>
    public static void Reset()
    {
        Problems.Clear();
        Volatile.Write(ref copiesToHost, 0);
    }

    /// <summary>Whether <see cref="AssertNoProblems"/> fails.</summary>
    public static bool HasProblems => !Problems.IsEmpty;

    /// <summary>What the kernels could not report by an exception, which would end the process.</summary>
    public static void AssertNoProblems() => Assert.Empty(Problems);

    [UnmanagedCallersOnly]
    private static void Convolution(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (x, weight) = (arguments.Tensor(0), arguments.Tensor(1));
                RequireMeta(x, weight, arguments.OptionalTensor(2));
                var (stride, padding, dilation) = (arguments.Integers(3), arguments.Integers(4), arguments.Integers(5));
                long Side(int axis)
                {
                    long At(long[] values) => values[Math.Min(axis - 2, values.Length - 1)]; // one may stand for both
                    var covered = At(dilation) * (weight.shape[axis] - 1) + 1;
                    return (x.shape[axis] + 2 * At(padding) - covered) / At(stride) + 1;
                }

                return [New(x.dtype, x.shape[0], weight.shape[0], Side(2), Side(3))];
            }
        );

    [UnmanagedCallersOnly]
    private static void ConvolutionBackward(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (gradient, x, weight) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(2));
                RequireMeta(gradient, x, weight);
                return [Like(x), Like(weight), New(x.dtype, weight.shape[0])];
            }
        );

    [UnmanagedCallersOnly]
    private static void GroupNorm(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (x, weight, bias) = (arguments.Tensor(0), arguments.OptionalTensor(1), arguments.OptionalTensor(2));
                RequireMeta(x, weight, bias);
                long[] statistics = [arguments.Integer(3), arguments.Integer(6)];
                return [Like(x), New(x.dtype, statistics), New(x.dtype, statistics)];
            }
        );

    [UnmanagedCallersOnly]
    private static void GroupNormBackward(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (gradient, x) = (arguments.Tensor(0), arguments.Tensor(1));
                RequireMeta(gradient, x, arguments.Tensor(2), arguments.Tensor(3), arguments.OptionalTensor(4));
                return [Like(x), New(x.dtype, x.shape[1]), New(x.dtype, x.shape[1])];
            }
        );

    [UnmanagedCallersOnly]
    private static void LayerNorm(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (x, weight, bias) = (arguments.Tensor(0), arguments.OptionalTensor(2), arguments.OptionalTensor(3));
                RequireMeta(x, weight, bias);
                long[] statistics = [.. x.shape[..^1], 1];
                return [Like(x), New(x.dtype, statistics), New(x.dtype, statistics)];
            }
        );

    [UnmanagedCallersOnly]
    private static void LayerNormBackward(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (gradient, x) = (arguments.Tensor(0), arguments.Tensor(1));
                var (weight, bias) = (arguments.OptionalTensor(5), arguments.OptionalTensor(6));
                RequireMeta(gradient, x, arguments.Tensor(3), arguments.Tensor(4), weight, bias);
                var shape = arguments.Integers(2);
                return [Like(x), New(x.dtype, shape), New(x.dtype, shape)];
            }
        );

    [UnmanagedCallersOnly]
    private static void MseLossBackward(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (gradient, x, target) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(2));
                RequireMeta(gradient, x, target);
                return [Like(x)];
            }
        );

    [UnmanagedCallersOnly]
    private static void IndexSelect(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (x, dimension, index) = (arguments.Tensor(0), arguments.Integer(1), arguments.Tensor(2));
                RequireMeta(x, index);
                var shape = x.shape;
                shape[dimension] = index.numel();
                return [New(x.dtype, shape)];
            }
        );

    [UnmanagedCallersOnly]
    private static void Same(ulong* stack, ulong inputs, ulong outputs) =>
        Run(stack, outputs, arguments => [Like(arguments.Tensor(0))]);

    [UnmanagedCallersOnly]
    private static void Where(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                Tensor[] parts = [arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(2)];
                RequireMeta([.. parts.Where(part => part.dim() > 0)]); // a number may be on the CPU
                var shape = parts.Select(part => part.shape).Aggregate(Broadcast);
                return [New(parts[1].dtype, shape)];
            }
        );

    [UnmanagedCallersOnly]
    private static void WhereInto(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                Tensor[] parts = [arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(2)];
                RequireMeta([.. parts.Where(part => part.dim() > 0)]);
                return [arguments.Tensor(3)];
            }
        );

    [UnmanagedCallersOnly]
    private static void Std(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (x, keepsDimensions) = (arguments.Tensor(0), arguments.Boolean(3));
                var reduced =
                    arguments.OptionalIntegers(1) ?? [.. Enumerable.Range(0, (int)x.dim()).Select(i => (long)i)];
                var shape = x.shape.Select((length, i) => reduced.Contains(i) ? 1 : length);
                var left = x.shape.Where((_, i) => !reduced.Contains(i));
                return [New(x.dtype, [.. keepsDimensions ? shape : left])];
            }
        );

    [UnmanagedCallersOnly]
    private static void Extreme(ulong* stack, ulong inputs, ulong outputs) =>
        Run(stack, outputs, arguments => [New(arguments.Tensor(0).dtype)]);

    [UnmanagedCallersOnly]
    private static void Cat(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (parts, dimension) = (arguments.Tensors(0), arguments.Integer(1));
                RequireMeta([.. parts]);
                var shape = parts[0].shape;
                var axis = dimension < 0 ? shape.Length + dimension : dimension;
                shape[axis] = parts.Sum(part => part.shape[axis]);
                return [New(parts[0].dtype, shape)];
            }
        );

    [UnmanagedCallersOnly]
    private static void MatrixProduct(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (x, y) = (arguments.Tensor(0), arguments.Tensor(1));
                RequireMeta(x, y);
                return [New(x.dtype, x.shape[0], y.shape[1])];
            }
        );

    [UnmanagedCallersOnly]
    private static void Gather(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (x, index) = (arguments.Tensor(0), arguments.Tensor(2));
                RequireMeta(x, index);
                return [New(x.dtype, index.shape)];
            }
        );

    [UnmanagedCallersOnly]
    private static void Copy(ulong* stack, ulong inputs, ulong outputs) =>
        Run(
            stack,
            outputs,
            arguments =>
            {
                var (target, source) = (arguments.Tensor(0), arguments.Tensor(1));
                if (target.device_type == DeviceType.META)
                    return [target];
                Interlocked.Increment(ref copiesToHost);
                return [target.fill_(1)];
            }
        );

    private static void Run(
        ulong* stack,
        ulong outputs,
        Func<Arguments, Tensor[]> kernel,
        [CallerMemberName] string name = ""
    )
    {
        using var scope = NewDisposeScope();
        Tensor[] results;
        try
        {
            results = kernel(new Arguments((nint)stack));
        }
        catch (Exception error) // it must not reach native code
        {
            Problems.Enqueue($"{name}: {error.Message}");
            results = [.. Enumerable.Range(0, (int)outputs).Select(_ => New(ScalarType.Float32, 0))];
        }

        for (var i = 0; i < results.Length; i++)
            stack[i] = (ulong)NewHandle(results[i]);
    }

    private static Tensor New(ScalarType type, params long[] shape) => empty(shape, dtype: type, device: META);

    private static long[] Broadcast(long[] first, long[] second)
    {
        var (longer, shorter) = first.Length >= second.Length ? (first, second) : (second, first);
        var offset = longer.Length - shorter.Length;
        return [.. longer.Select((length, i) => length == 1 && i >= offset ? shorter[i - offset] : length)];
    }

    private static Tensor Like(Tensor x) => New(x.dtype, x.shape);

    private static void RequireMeta(params Tensor?[] tensors)
    {
        if (tensors.OfType<Tensor>().FirstOrDefault(each => each.device_type != DeviceType.META) is { } other)
            throw new InvalidOperationException($"A tensor ({string.Join(", ", other.shape)}) is on {other.device}.");
    }

    private static nint NewHandle(Tensor tensor)
    {
        nint handle;
        Check(Native.NewTensorHandle(tensor.Handle, &handle));
        GC.KeepAlive(tensor);
        return handle;
    }

    private static void Register(nint library, string name, delegate* unmanaged<ulong*, ulong, ulong, void> kernel)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
            Check(Native.Implement(library, text, kernel));
    }

    private static void Check(int code)
    {
        if (code != 0)
            throw new InvalidOperationException($"libtorch reports {code}");
    }

    /// <summary>
    /// The arguments of a kernel, which owns the tensors and lists among them: each is taken once.
    /// </summary>
    private readonly struct Arguments(nint stack)
    {
        public Tensor Tensor(int index) => torch.Tensor.UnsafeCreateTensor((nint)Value(index));

        /// <summary>Null if there is none, which libtorch may also say by a tensor that is not defined.</summary>
        public Tensor? OptionalTensor(int index)
        {
            if (Value(index) == 0)
                return null;
            byte isDefined;
            Check(Native.IsDefined((nint)Inner(index), &isDefined));
            return isDefined == 0 ? null : torch.Tensor.UnsafeCreateTensor((nint)Inner(index));
        }

        public IReadOnlyList<Tensor> Tensors(int index) =>
            [.. Items(Value(index)).Select(handle => torch.Tensor.UnsafeCreateTensor((nint)handle))];

        public long[] Integers(int index) => [.. Items(Value(index)).Select(item => (long)item)];

        public long[]? OptionalIntegers(int index) =>
            Value(index) == 0 ? null : [.. Items(Inner(index)).Select(item => (long)item)];

        public int Integer(int index) => (int)(long)Value(index);

        public bool Boolean(int index) => (byte)Value(index) != 0;

        private ulong Value(int index) => ((ulong*)stack)[index];

        private ulong Inner(int index) => *(ulong*)Value(index);

        private static ulong[] Items(ulong list)
        {
            nuint count;
            Check(Native.ListSize((nint)list, &count));
            var items = new ulong[(int)count];
            fixed (ulong* first = items)
            {
                for (nuint i = 0; i < count; i++)
                    Check(Native.ListItem((nint)list, i, first + i));
            }

            Check(Native.DeleteList((nint)list));
            return items;
        }
    }

    /// <summary>The C functions. Each returns 0 if all went well.</summary>
    private static class Native
    {
        public static readonly delegate* unmanaged<byte*, byte*, byte*, uint, nint*, int> Init = (delegate* unmanaged<
            byte*,
            byte*,
            byte*,
            uint,
            nint*,
            int>)Find("aoti_torch_library_init_impl");

        public static readonly delegate* unmanaged<
            nint,
            byte*,
            delegate* unmanaged<ulong*, ulong, ulong, void>,
            int> Implement = (delegate* unmanaged<
            nint,
            byte*,
            delegate* unmanaged<ulong*, ulong, ulong, void>,
            int>)Find("aoti_torch_library_impl");

        public static readonly delegate* unmanaged<nint, nint*, int> NewTensorHandle = (delegate* unmanaged<
            nint,
            nint*,
            int>)Find("aoti_torch_new_tensor_handle");

        public static readonly delegate* unmanaged<nint, byte*, int> IsDefined = (delegate* unmanaged<
            nint,
            byte*,
            int>)Find("aoti_torch_is_defined");

        public static readonly delegate* unmanaged<nint, nuint*, int> ListSize = (delegate* unmanaged<
            nint,
            nuint*,
            int>)Find("torch_list_size");

        public static readonly delegate* unmanaged<nint, nuint, ulong*, int> ListItem = (delegate* unmanaged<
            nint,
            nuint,
            ulong*,
            int>)Find("torch_list_get_item");

        public static readonly delegate* unmanaged<nint, int> DeleteList = (delegate* unmanaged<nint, int>)Find(
            "torch_delete_list"
        );

        private static nint Find(string name)
        {
            var function = TorchRuntime.CpuFunction(name);
            return function != 0 ? function : throw new InvalidOperationException($"libtorch does not export {name}");
        }
    }
}
