using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints;

/// <summary>
/// The configs, weights and tokenizers of one Stable Diffusion under diffusers' names, wherever they are stored. A part
/// is a sub-folder of diffusers' layout: <c>unet</c>, <c>vae</c>, <c>text_encoder</c>, <c>text_encoder_2</c>.
/// </summary>
internal interface IModelFiles
{
    /// <summary>The folder or file.</summary>
    string Path { get; }

    ModelFamily Family { get; }

    /// <summary>The config record of a part, validated. Keys that the record does not have are ignored.</summary>
    /// <exception cref="TextualInversionException">
    /// The file is missing or malformed, or a value is not supported.
    /// </exception>
    T Config<T>(string part);

    /// <summary>The weights of a part, headers checked, no tensor read yet.</summary>
    /// <exception cref="TextualInversionException">The file is missing, truncated or malformed.</exception>
    ITensorFile Weights(string part);

    /// <summary>The folder of <c>tokenizer</c> or <c>tokenizer_2</c>.</summary>
    /// <exception cref="TextualInversionException">The model has no such tokenizer.</exception>
    string TokenizerFolder(string name);

    /// <summary>Whether the model has a file such as <c>scheduler/scheduler_config.json</c>.</summary>
    bool Has(string file);

    /// <summary>The text of such a file.</summary>
    /// <exception cref="TextualInversionException">The file is missing.</exception>
    string ReadText(string file);

    /// <summary>The name of such a file in errors.</summary>
    string DisplayPath(string file);
}
