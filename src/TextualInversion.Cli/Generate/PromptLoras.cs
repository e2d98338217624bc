using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.Loras;
using TextualInversion.Cli.ModelAccess;

namespace TextualInversion.Cli.Generate;

/// <summary>The LoRAs of each prompt: those of <c>--lora</c>, and those that the prompt itself calls.</summary>
internal sealed class PromptLoras
{
    private readonly ModelWithLoras? model; // null if no LoRA is used
    private readonly IReadOnlyList<Lora> always;

    private PromptLoras(ModelWithLoras? model, IReadOnlyList<Lora> always, IModelFiles files) =>
        (this.model, this.always, Files) = (model, always, files);

    /// <summary>The model, with the LoRAs of the prompt for which <see cref="Use"/> was called last.</summary>
    public IModelFiles Files { get; }

    /// <summary>Whether a LoRA is used by a prompt or by all.</summary>
    public bool Any => model is not null;

    /// <summary>Makes a model ready for the LoRAs of prompts.</summary>
    /// <param name="files">The model.</param>
    /// <param name="prompts">The prompts.</param>
    /// <param name="always">The LoRAs of <c>--lora</c>.</param>
    /// <param name="compared">Those that a grid compares.</param>
    /// <exception cref="TextualInversionException">A LoRA cannot be read, or is for another kind of model.</exception>
    public static PromptLoras For(
        IModelFiles files,
        IReadOnlyList<string> prompts,
        IReadOnlyList<Lora> always,
        params IReadOnlyList<Lora> compared
    )
    {
        if (always.Count + compared.Count == 0 && prompts.All(prompt => Called(prompt).Count == 0))
            return new PromptLoras(null, always, files);
        var model = files as ModelWithLoras ?? new ModelWithLoras(files);
        foreach (var lora in prompts.SelectMany(Called).Concat(compared).Distinct())
            model.Check(lora);
        var loras = new PromptLoras(model, always, model);
        loras.Use(prompts[0]); // before the networks are loaded
        return loras;
    }

    /// <summary>
    /// The files of the LoRAs that all prompts load, and so of embeddings that all may call. What only some of them
    /// load is no part of the others.
    /// </summary>
    /// <param name="prompts">The prompts.</param>
    /// <param name="always">The LoRAs of <c>--lora</c>.</param>
    /// <exception cref="TextualInversionException">A tag is not understood.</exception>
    public static IReadOnlyList<string> OfAll(IReadOnlyList<string> prompts, IReadOnlyList<Lora> always) =>
        [
            .. prompts
                .Select(prompt => always.Concat(Called(prompt)).Select(lora => lora.Path))
                .Aggregate((all, next) => all.Intersect(next))
                .Distinct(),
        ];

    /// <summary>The LoRAs for a prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="variation">The changes that a grid makes to those of <c>--lora</c>, or null for none.</param>
    public IReadOnlyList<Lora> Of(string prompt, LoraVariation? variation = null) =>
        [.. variation?.Apply(always) ?? always, .. Called(prompt)];

    /// <summary>Changes the model's weights to those with the LoRAs of a prompt.</summary>
    /// <inheritdoc cref="Of"/>
    public void Use(string prompt, LoraVariation? variation = null) => model?.Use(Of(prompt, variation));

    /// <summary>Those that are there; a tag without a file was reported, and is ordinary text.</summary>
    private static List<Lora> Called(string prompt) =>
        [.. LoraTag.Find(prompt).Select(tag => tag.Resolve()).OfType<Lora>()];
}
