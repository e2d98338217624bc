namespace TextualInversion.Training;

/// <summary>The names of everything in <c>state.safetensors</c>.</summary>
internal static class StateNames
{
    /// <summary>Keys of the metadata.</summary>
    public const string Step = "step",
        PatienceStart = "patience_start",
        Identity = "identity",
        Weights = "weights",
        Command = "command";

    /// <summary>Tensors of a whole run: the loss of each step, (k), and its validations, (k, 4).</summary>
    public const string Losses = "losses",
        Validations = "validations";

    /// <summary>See <see cref="TextualInversion.Training.LossScale.State"/>.</summary>
    public const string LossScale = "loss_scale";

    /// <summary>The steps of each word, if several are learned together: (words).</summary>
    public const string WordSteps = "word_steps";

    /// <summary>Tensors of each text encoder, followed by its number: see <see cref="Of(string, int)"/>.</summary>
    public const string Rows = "rows",
        Average = "average",
        Best = "best",
        FirstMoment = "first_moment",
        SecondMoment = "second_moment",
        InitialDirection = "initial_direction",
        InitialRows = "initial_rows",
        GradientSum = "gradient_sum",
        Distance = "distance";

    /// <summary>The name of a tensor of one text encoder, such as <c>rows.0</c>.</summary>
    public static string Of(string name, int encoder) => $"{name}.{encoder}";

    /// <summary>The name of a tensor of one word of several, such as <c>first_moment.0.1</c>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="encoder">The text encoder.</param>
    /// <param name="word">The word. The first one's tensors are named like those of a single word.</param>
    public static string Of(string name, int encoder, int word) =>
        word == 0 ? Of(name, encoder) : $"{name}.{encoder}.{word}";
}
