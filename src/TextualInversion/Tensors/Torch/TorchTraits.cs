namespace TextualInversion.Tensors.Torch;

/// <summary>What programs that read torch files in their own way go by.</summary>
[Flags]
internal enum TorchTraits
{
    None = 0,

    /// <summary>The archive has entries of newer versions of torch, which promise aligned storages.</summary>
    Aligned = 1,

    /// <summary>A stream of pickles, as before torch 1.6.</summary>
    Legacy = 2,

    /// <summary>The first value of its dictionary is a Parameter, not a plain tensor.</summary>
    Parameter = 4,
}
