using System.Text.Json.Nodes;
using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints;

/// <summary>A model whose VAE is replaced by another.</summary>
internal sealed class ModelWithVae : IModelFiles
{
    private const string ConfigFile = "vae/config.json";

    private readonly IModelFiles model;
    private readonly ITensorFile weights;
    private readonly string configText,
        configPath;

    /// <param name="model">The model.</param>
    /// <param name="vae">
    /// A diffusers folder of a VAE or of a whole model, or a file: a VAE under LDM's or diffusers' names, or a
    /// checkpoint that contains one.
    /// </param>
    /// <exception cref="TextualInversionException">The folder or file contains no VAE.</exception>
    public ModelWithVae(IModelFiles model, string vae)
    {
        this.model = model;
        var inside = System.IO.Path.Combine(vae, "vae");
        var folder = Directory.Exists(inside) ? inside : vae;
        if (Directory.Exists(folder))
        {
            weights = TensorFile.Open(WeightFiles.Find(folder, variant: null));
            configPath = System.IO.Path.Combine(folder, "config.json");
            configText = ConfigJson.ReadText(configPath);
        }
        else
        {
            weights = OpenFile(vae);
            configPath = $"{vae} (config inferred from its tensors)";
            configText = Inferred();
        }
    }

    public string Path => model.Path;

    public ModelFamily Family => model.Family;

    public T Config<T>(string part) =>
        part == "vae" ? ConfigJson.Parse<T>(configText, configPath) : model.Config<T>(part);

    public ITensorFile Weights(string part) => part == "vae" ? weights : model.Weights(part);

    public string TokenizerFolder(string name) => model.TokenizerFolder(name);

    public bool Has(string file) => file == ConfigFile || model.Has(file);

    public string ReadText(string file) => file == ConfigFile ? configText : model.ReadText(file);

    public string DisplayPath(string file) => file == ConfigFile ? configPath : model.DisplayPath(file);

    private static ITensorFile OpenFile(string path)
    {
        var file = TensorFile.Open(path);
        if (LdmVae.Find(file, "") is { } alone)
            return alone;
        if (LdmVae.Find(file, LdmVae.Prefix) is { } inside)
            return inside;
        return file.Tensors.ContainsKey("decoder.mid_block.resnets.0.norm1.weight")
            ? file
            : throw new TextualInversionException(
                $"{path}: holds no VAE of Stable Diffusion; name another file or folder, or use the model's own VAE."
            );
    }

    /// <summary>The config of the model's own VAE, with the widths that the tensors show.</summary>
    private string Inferred()
    {
        var config = model.Config<JsonObject>("vae");
        foreach (var (key, value) in InferredConfig.Vae(weights, scalingFactor: 0))
            if (key != "scaling_factor")
                config[key] = value?.DeepClone();
        return config.ToJsonString();
    }
}
