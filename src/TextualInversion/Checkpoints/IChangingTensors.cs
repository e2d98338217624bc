using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints;

/// <summary>Tensors whose values may change while networks hold them.</summary>
internal interface IChangingTensors : ITensorFile
{
    /// <summary>Tells the names of the tensors that are to be read again.</summary>
    event Action<IReadOnlyCollection<string>> Changed;
}
