using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Native;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Models.Clip;

/// <summary>The text encoder's states of B prompts.</summary>
/// <param name="Penultimate">
/// (B, S, d), before the last block, without the final norm: <c>hidden_states[-2]</c>.
/// </param>
/// <param name="Last">(B, S, d), after the last block and the final norm: <c>last_hidden_state</c>.</param>
internal sealed record ClipTextStates(Tensor Penultimate, Tensor Last);

/// <summary>
/// CLIP's text transformer (Radford et al. 2021, section 2.4): pre-norm blocks with causal attention. Frozen. Learned
/// vectors are passed in next to the embedding table, whose size does not change.
/// </summary>
internal sealed class ClipTextEncoder : IDisposable
{
    private readonly WeightStore store;
    private readonly ClipTextConfig config;
    private readonly Tensor tokenEmbedding,
        positionEmbedding;
    private readonly ClipLayer[] layers;
    private readonly LayerNorm finalNorm;
    private readonly Linear? textProjection;

    /// <param name="config">The widths and depths.</param>
    /// <param name="file">The weights.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="hasProjection">Whether there is a <c>text_projection</c>.</param>
    /// <exception cref="TextualInversionException">
    /// The file does not hold the network that the config describes.
    /// </exception>
    public ClipTextEncoder(ClipTextConfig config, ITensorFile file, Device device, bool hasProjection = false)
    {
        this.config = config;
        store = new WeightStore(file, ScalarType.Float32, device, Rename);
        var weights = store.Root;
        tokenEmbedding = (weights / "embeddings" / "token_embedding").Take(
            "weight",
            config.VocabSize,
            config.HiddenSize
        );
        positionEmbedding = (weights / "embeddings" / "position_embedding").Take(
            "weight",
            config.MaxPositionEmbeddings,
            config.HiddenSize
        );
        layers =
        [
            .. Enumerable
                .Range(0, config.NumHiddenLayers)
                .Select(i => new ClipLayer(weights / "encoder" / "layers" / i, config.Layer, isCausal: true)),
        ];
        finalNorm = new LayerNorm(weights / "final_layer_norm", config.HiddenSize, config.LayerNormEps);
        textProjection = hasProjection
            ? new Linear(weights / "text_projection", config.HiddenSize, config.ProjectionDim, hasBias: false)
            : null;
        store.RequireAllTaken();
    }

    /// <summary>d, the width of a token embedding.</summary>
    public int Width => config.HiddenSize;

    /// <summary>The token embeddings, (V, d). Frozen.</summary>
    public Tensor TokenEmbedding => tokenEmbedding;

    /// <summary>The width of the result of <see cref="Project"/>.</summary>
    public int ProjectionWidth => config.ProjectionDim;

    /// <param name="ids">
    /// (B, S) int64 on the CPU. The id <paramref name="firstRowId"/> + i stands for vector i of
    /// <paramref name="rows"/>.
    /// </param>
    /// <param name="rows">(n, d), the learned vectors, which may need a gradient. Null if no id stands for one.</param>
    /// <param name="firstRowId">The size of the tokenizer's vocabulary; the table may be longer.</param>
    /// <param name="skippedBlocks">The number of blocks at the end to leave out. Default: 0.</param>
    /// <exception cref="TextualInversionException">No block is left.</exception>
    public ClipTextStates Forward(Tensor ids, Tensor? rows, long firstRowId, int skippedBlocks = 0)
    {
        if (skippedBlocks < 0 || skippedBlocks >= layers.Length)
            throw TextualInversionException.ForParameter(
                "ClipSkip",
                $"{skippedBlocks + 1}: the text encoder has {layers.Length} blocks; choose from 1 to {layers.Length}."
            );
        using var scope = NewDisposeScope();
        var used = layers[..^skippedBlocks];
        var states = Embed(ids, rows, firstRowId);
        foreach (var layer in used[..^1])
            states = layer.Forward(states);
        var last = finalNorm.Forward(used[^1].Forward(states));
        return new ClipTextStates(states.MoveToOuterDisposeScope(), last.MoveToOuterDisposeScope());
    }

    /// <summary>Projects a pooled state into the space in which images and texts are compared.</summary>
    /// <param name="pooled">(B, d), see <see cref="Pool"/>.</param>
    /// <returns>(B, <see cref="ProjectionWidth"/>).</returns>
    public Tensor Project(Tensor pooled) =>
        (textProjection ?? throw new InvalidOperationException("This encoder has no projection.")).Forward(pooled);

    /// <summary>
    /// The state of each prompt's first end-of-text token. It is found by position: the largest id may be a
    /// placeholder's.
    /// </summary>
    /// <param name="states">(B, S, d), see <see cref="Forward"/>.</param>
    /// <param name="endOfTextPositions">(B) int64.</param>
    /// <returns>(B, d).</returns>
    public static Tensor Pool(Tensor states, Tensor endOfTextPositions)
    {
        using var scope = NewDisposeScope();
        var positions = endOfTextPositions.view(-1, 1, 1).expand(-1, 1, states.shape[2]); // (B, 1, d)
        return states.gather(1, positions).squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>See <see cref="WeightStore.Hash"/>.</summary>
    public string Hash() => store.Hash();

    public void Dispose() => store.Dispose();

    private Tensor Embed(Tensor ids, Tensor? rows, long firstRowId)
    {
        long batch = ids.shape[0],
            length = ids.shape[1];
        var device = tokenEmbedding.device;
        var flat = ids.reshape(-1); // (B S), on the CPU: a GPU would have to be waited for to count the rows
        var isRow = flat.IsAtLeast(firstRowId);
        var looked = tokenEmbedding.index_select(0, flat.ZeroedWhere(isRow).to(device)); // (B S, d)
        if (rows is not null)
        {
            var positions = isRow.nonzero().view(-1);
            var rowIds = flat.index_select(0, positions).Minus(firstRowId).to(device);
            looked = looked.index_copy(0, positions.to(device), rows.index_select(0, rowIds));
        }

        var tokens = looked.view(batch, length, config.HiddenSize); // (B, S, d)
        return tokens.Plus(positionEmbedding.narrow(0, 0, length)); // (B, S, d) + (S, d)
    }

    /// <summary>Files of 2022 have a prefix and the positions' indices as a tensor; newer ones have neither.</summary>
    internal static string? Rename(string key)
    {
        var name = key.StartsWith("text_model.", StringComparison.Ordinal) ? key["text_model.".Length..] : key;
        return name == "embeddings.position_ids" ? null : name;
    }
}
