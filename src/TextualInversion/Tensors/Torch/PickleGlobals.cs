using static TorchSharp.torch;

namespace TextualInversion.Tensors.Torch;

/// <summary>
/// The classes and functions that a pickle may name: those that torch writes for tensors, and those that trainers leave
/// in checkpoints. They are only names here: <see cref="PickleCalls"/> carries out the few that make a tensor or a
/// dictionary, and ignores the rest.
/// </summary>
internal static class PickleGlobals
{
    public const string OrderedDict = "collections.OrderedDict";
    public const string DefaultDict = "collections.defaultdict";
    public const string RebuildTensor = "torch._utils._rebuild_tensor";
    public const string RebuildTensor2 = "torch._utils._rebuild_tensor_v2";
    public const string RebuildParameter = "torch._utils._rebuild_parameter";
    public const string RebuildParameterWithState = "torch._utils._rebuild_parameter_with_state";
    public const string Parameter = "torch.nn.parameter.Parameter";
    public const string Size = "torch.Size";
    public const string Reconstructor = "copyreg._reconstructor";

    /// <summary>The element types by the storage class that stands for them.</summary>
    public static readonly IReadOnlyDictionary<string, ScalarType> Storages = new Dictionary<string, ScalarType>
    {
        ["torch.DoubleStorage"] = ScalarType.Float64,
        ["torch.FloatStorage"] = ScalarType.Float32,
        ["torch.HalfStorage"] = ScalarType.Float16,
        ["torch.BFloat16Storage"] = ScalarType.BFloat16,
        ["torch.LongStorage"] = ScalarType.Int64,
        ["torch.IntStorage"] = ScalarType.Int32,
        ["torch.ShortStorage"] = ScalarType.Int16,
        ["torch.CharStorage"] = ScalarType.Int8,
        ["torch.ByteStorage"] = ScalarType.Byte,
        ["torch.BoolStorage"] = ScalarType.Bool,
        ["torch.storage.UntypedStorage"] = ScalarType.Byte,
    };

    private static readonly HashSet<string> Others =
    [
        OrderedDict,
        RebuildTensor,
        RebuildTensor2,
        RebuildParameter,
        RebuildParameterWithState,
        Parameter,
        Size,
        Reconstructor,
        "torch.nn.modules.container.ParameterDict",
        "torch.nn.modules.container.ParameterList",
        "torch.device",
        "torch.float64",
        "torch.float32",
        "torch.float16",
        "torch.bfloat16",
        "torch.int64",
        "torch.int32",
        "torch.uint8",
        "torch.bool",
        // Trainers leave these in checkpoints: PyTorch Lightning's callbacks are keys of a dictionary, their scores are
        // NumPy scalars, and hyperparameters are OmegaConf objects.
        "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
        "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
        "pytorch_lightning.callbacks.lr_monitor.LearningRateMonitor",
        "pytorch_lightning.utilities.parsing.AttributeDict",
        "lightning.pytorch.callbacks.model_checkpoint.ModelCheckpoint",
        "lightning_fabric.utilities.data.AttributeDict",
        "numpy.core.multiarray.scalar",
        "numpy.core.multiarray._reconstruct",
        "numpy._core.multiarray.scalar",
        "numpy._core.multiarray._reconstruct",
        "numpy.dtype",
        "numpy.ndarray",
        "_codecs.encode",
        "omegaconf.dictconfig.DictConfig",
        "omegaconf.listconfig.ListConfig",
        "omegaconf.nodes.AnyNode",
        "omegaconf.base.Metadata",
        "omegaconf.base.ContainerMetadata",
        "typing.Any",
        "argparse.Namespace",
        DefaultDict,
        "pathlib.PosixPath",
        "pathlib.WindowsPath",
        "builtins.object",
        "builtins.dict",
        "builtins.list",
        "builtins.tuple",
        "builtins.set",
        "builtins.frozenset",
        "builtins.int",
        "builtins.float",
        "builtins.str",
        "builtins.bool",
        "builtins.bytes",
        "builtins.bytearray",
    ];

    /// <exception cref="MalformedFileException">The name is not one of the above.</exception>
    public static PickledGlobal Find(string module, string name)
    {
        // Python 2 had other names for two modules.
        var today = module switch
        {
            "__builtin__" => "builtins",
            "copy_reg" => "copyreg",
            _ => module,
        };
        var full = $"{today}.{name}";
        return Others.Contains(full) || Storages.ContainsKey(full)
            ? new PickledGlobal(full)
            : throw new MalformedFileException(
                $"it asks for {MalformedFileException.Shown(full)}, which does not belong in a file of tensors and "
                    + "could run code; nothing was run. Get it as .safetensors, or from someone you trust"
            );
    }
}
