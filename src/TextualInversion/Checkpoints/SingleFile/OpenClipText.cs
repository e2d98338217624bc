using System.Globalization;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>
/// Translates the names of OpenCLIP's text encoder (https://github.com/mlfoundations/open_clip, transformer.py) to
/// those of transformers. In OpenCLIP, query, key and value are one matrix.
/// </summary>
internal static class OpenClipText
{
    private static readonly string[] Projections = ["q_proj", "k_proj", "v_proj"];

    /// <summary>The number of blocks.</summary>
    public static int Layers(IReadOnlyDictionary<string, TensorSource> tensors)
    {
        var layers = 0;
        while (tensors.ContainsKey($"transformer.resblocks.{layers}.ln_1.weight"))
            layers++;
        return layers;
    }

    /// <param name="tensors">The tensors under their names without the prefix.</param>
    /// <param name="layers">How many blocks are used: Stable Diffusion 2 takes the states before the last one.</param>
    /// <param name="hasProjection">Whether the pooled output is used.</param>
    public static IEnumerable<(string Name, TensorSource Source)> Rename(
        IReadOnlyDictionary<string, TensorSource> tensors,
        int layers,
        bool hasProjection
    )
    {
        foreach (var (name, source) in tensors)
        {
            if (name.Split('.') is not ["transformer", "resblocks", var block, .. var rest])
            {
                if (Outside(name, source, hasProjection) is { } tensor)
                    yield return tensor;
                continue;
            }

            if (
                int.TryParse(block, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number >= layers
            )
                continue;
            foreach (var (inside, part) in Inside(rest, source))
                yield return ($"text_model.encoder.layers.{block}.{inside}", part);
        }
    }

    private static (string, TensorSource)? Outside(string name, TensorSource source, bool hasProjection) =>
        name switch
        {
            "token_embedding.weight" => ("text_model.embeddings.token_embedding.weight", source),
            "positional_embedding" => ("text_model.embeddings.position_embedding.weight", source),
            "ln_final.weight" => ("text_model.final_layer_norm.weight", source),
            "ln_final.bias" => ("text_model.final_layer_norm.bias", source),
            "text_projection" when hasProjection => ("text_projection.weight", Transposed(source)),
            "text_projection.weight" when hasProjection => ("text_projection.weight", source),
            _ => null, // logit_scale and the like are for comparison with images
        };

    private static IEnumerable<(string, TensorSource)> Inside(string[] names, TensorSource source) =>
        names switch
        {
            ["ln_1", var what] => [($"layer_norm1.{what}", source)],
            ["ln_2", var what] => [($"layer_norm2.{what}", source)],
            ["mlp", "c_fc", var what] => [($"mlp.fc1.{what}", source)],
            ["mlp", "c_proj", var what] => [($"mlp.fc2.{what}", source)],
            ["attn", "out_proj", var what] => [($"self_attn.out_proj.{what}", source)],
            ["attn", "in_proj_weight"] => Thirds(source, "weight"),
            ["attn", "in_proj_bias"] => Thirds(source, "bias"),
            _ => [(string.Join('.', names), source)],
        };

    /// <summary>Splits (3 d, …) into three tensors (d, …).</summary>
    private static IEnumerable<(string, TensorSource)> Thirds(TensorSource source, string what)
    {
        var rows = source.Shape.Length > 0 ? source.Shape[0] / Projections.Length : 0;
        long[] shape = [rows, .. source.Shape.Skip(1)];
        return Projections.Select(
            (name, i) =>
                (
                    $"self_attn.{name}.{what}",
                    source with
                    {
                        Shape = shape,
                        View = tensor => tensor.narrow(0, i * rows, rows),
                    }
                )
        );
    }

    /// <summary>The transposed matrix, as a copy: hashes are over the memory.</summary>
    private static TensorSource Transposed(TensorSource source) =>
        source.Shape is [var rows, var columns] ? source with { Shape = [columns, rows], View = Transposed } : source;

    private static Tensor Transposed(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        return matrix.t().contiguous().MoveToOuterDisposeScope();
    }
}
