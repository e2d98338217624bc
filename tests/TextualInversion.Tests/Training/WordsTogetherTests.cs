using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

/// <summary>Several words that are learned together from images whose captions name them.</summary>
public sealed class WordsTogetherTests : IDisposable
{
    private static readonly Placeholder Cat = Placeholder.Parse("my-cat", 2),
        Hat = Placeholder.Parse("my-hat", 1);

    private static readonly TrainOptions Options = new()
    {
        Steps = 4,
        Optimizer = OptimizerKind.AdamW,
        BatchSize = 2,
        ValidateEvery = 2,
        Patience = 0,
        Flip = false,
        Seed = 1,
    };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Step_PromptsNameOneWord_LearnsItAsAloneAndLeavesTheOther()
    {
        using var scope = NewDisposeScope();
        using var fixture = Fixture("a <my-cat>", "a <my-cat> on grass", "my <my-cat>", "one <my-cat>", "<my-cat>");
        var both = Words(fixture);
        using var together = new Learner(fixture.Model, fixture.Schedule, Concept(fixture, both), Options);
        using var alone = new Learner(fixture.Model, fixture.Schedule, Concept(fixture, both[..1]), Options);
        var hat = RowValues.FromTensor(both[1].InitialRows[0]);

        Step(together, Batches(fixture, Cat, Hat));
        Step(alone, Batches(fixture, Cat));

        var rows = together.HostRows[0];
        Assert.Equal(RowValues.FromTensor(alone.HostRows[0]), RowValues.FromTensor(rows[..2]));
        Assert.NotEqual(RowValues.FromTensor(both[0].InitialRows[0]), RowValues.FromTensor(rows[..2]));
        Assert.Equal(hat, RowValues.FromTensor(rows[2..]));
        Assert.Equal([3L, 0L], together.State[StateNames.WordSteps].data<long>().ToArray());
    }

    [Fact]
    public void Step_WordsWithOwnRates_MovesEachByItsOwn()
    {
        using var scope = NewDisposeScope();
        using var fixture = Fixture([.. Enumerable.Repeat("a <my-cat> in <my-hat>", 5)]);
        var words = Words(fixture);
        var concept = Concept(fixture, [words[0], words[1] with { LearningRate = 0.02 }]);
        using var learner = new Learner(fixture.Model, fixture.Schedule, concept, Options with { LearningRate = 0.01 });

        Step(learner, Batches(fixture, Cat, Hat), steps: 1, learningRate: 0.01);

        // AdamW's first step moves every value by the learning rate.
        var moved = (learner.HostRows[0] - concept.InitialRows()[0]).abs();
        Assert.Equal(0.01, moved[..2].mean().item<float>(), 1e-4);
        Assert.Equal(0.02, moved[2..].mean().item<float>(), 1e-4);
    }

    [Fact]
    public void ClipGradients_SeveralWords_ClipsEachByItself()
    {
        using var scope = NewDisposeScope();
        using var fixture = Fixture([.. Enumerable.Repeat("a <my-cat> in <my-hat>", 5)]);
        var options = Options with { MaxGradientNorm = 1e-6 };
        using var learner = new Learner(fixture.Model, fixture.Schedule, Concept(fixture, Words(fixture)), options);
        var loss = learner.Forward(Batches(fixture, Cat, Hat).Sample(0, 0));
        learner.Backward(loss);

        learner.ClipGradients([loss]);

        var gradients = learner.Gradients[0];
        Assert.Equal(1e-6, gradients[..2].norm().item<float>(), 1e-9);
        Assert.Equal(1e-6, gradients[2..].norm().item<float>(), 1e-9);
    }

    [Theory]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.Direction)]
    [InlineData(OptimizerKind.Prodigy)]
    public void Run_ResumedAfterTwoSteps_GivesTheSameBytes(OptimizerKind optimizer)
    {
        using var scope = NewDisposeScope();
        var options = Options with { Optimizer = optimizer, EmaDecay = 0.9 };
        using var fixture = Fixture("a <my-cat>", "a <my-hat>", "a <my-cat> in <my-hat>", "<my-cat>", "<my-hat>");
        var concept = Concept(fixture, Words(fixture));
        var path = folder.File("state.safetensors");
        using var whole = Run(null, _ => { });
        using var part = Run(null, state => state.Write(path, new Dictionary<string, string>(), []), cancelAfter: 2);
        using var state = TrainState.Read(path);
        Assert.Equal(2, state.Step);

        using var resumed = Run(state, _ => { });

        Assert.Equal(RowValues.FromTensor(whole.LastRows[0]), RowValues.FromTensor(resumed.LastRows[0]));
        Assert.Equal(RowValues.FromTensor(whole.Rows[0]), RowValues.FromTensor(resumed.Rows[0]));

        TrainerResult Run(TrainState? resumeFrom, Action<TrainState> save, int? cancelAfter = null)
        {
            using var source = new CancellationTokenSource();
            return new Trainer(fixture.Model, fixture.Schedule, options).Run(
                concept,
                resumeFrom,
                save,
                new ImmediateProgress<TrainProgress>(step =>
                {
                    if (step.Step == cancelAfter)
                        source.Cancel();
                }),
                source.Token
            );
        }
    }

    [Theory]
    [InlineData("a my-cat in MY-HAT", "a <my-cat> in <my-hat>")]
    [InlineData("<my-cat>, my-cat-food, <MY-HAT>", "<my-cat>, my-cat-food, <my-hat>")]
    public void Prompts_AnyFormOfTheTokens_AreThePlaceholders(string caption, string expected)
    {
        var source = Prompts([Image(caption)], Options);

        Assert.Equal([expected], source.Descriptions(Cat));
        Assert.Equal([expected], source.All(Hat));
    }

    [Fact]
    public void Prompts_DroppedTags_KeepThoseThatNameAWord()
    {
        var source = Prompts([Image("red, a <my-cat>, green, <my-hat>")], Options with { DropTags = 1 });

        Assert.Equal("a <my-cat>, <my-hat>", source.Prompt(0, Cat, new StepRandom(1, RandomStream.Prompt, 0)));
    }

    [Theory]
    [InlineData(null, "1.png: has no caption, which says which of <my-cat>, <my-hat> it shows")]
    [InlineData("a {} in <my-hat>", "1.txt: {} could be any of <my-cat>, <my-hat>")]
    [InlineData("a cat", "1.txt: names none of <my-cat>, <my-hat>")]
    [InlineData("a <my-cat>", "No caption of the training images names <my-hat>")]
    public void Require_CaptionsThatDoNotFit_AreRefused(string? caption, string expected)
    {
        var error = Assert.Throws<TextualInversionException>(() =>
            SharedCaptions.Require([Image("a <my-cat>"), Image(caption)], [Cat, Hat], Options)
        );

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_WordOnlyInTheHeldOutImage_IsRefused()
    {
        IReadOnlyList<TrainingImage> images = [Image("a <my-cat>"), Image("<my-cat>"), Image("<my-hat>")];

        SharedCaptions.Require(images, [Cat, Hat], Options);
        Assert.Throws<TextualInversionException>(() =>
            SharedCaptions.Require(images, [Cat, Hat], Options with { HoldOut = true })
        );
    }

    private static ImageFixture Fixture(params string[] captions)
    {
        var images = TrainingImageSet.Load([Goldens.Sample("my-cat")], 32, Options.Crop).Images;
        return new ImageFixture(
            Options,
            images: [.. images.Zip(captions, (image, text) => image with { Caption = text })]
        );
    }

    private static LearnedWord[] Words(ImageFixture fixture)
    {
        LearnedWord Word(Placeholder placeholder, int id) =>
            new(
                placeholder,
                [.. fixture.Model.Vocabularies.Select(table => table[id].expand(placeholder.Vectors, -1).clone())]
            );
        return [Word(Cat, 7), Word(Hat, 9)];
    }

    private static Concept Concept(ImageFixture fixture, IReadOnlyList<LearnedWord> words) =>
        new(words, fixture.Images, fixture.TogetherPrompts([Cat, Hat]));

    private static BatchSampler Batches(ImageFixture fixture, params Placeholder[] placeholders) =>
        new(
            fixture.Images,
            fixture.TogetherPrompts([Cat, Hat]),
            new PromptTokenizers(fixture.Model.Tokenizers, placeholders),
            Options,
            fixture.Schedule.Config.NumTrainTimesteps
        );

    private static void Step(Learner learner, BatchSampler batches, int steps = 3, double learningRate = 0.005)
    {
        for (var step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            var loss = learner.Forward(batches.Sample(step, 0));
            learner.Backward(loss);
            learner.ClipGradients([loss]);
            Assert.True(learner.Step(learningRate));
        }
    }

    private static PromptSource Prompts(IReadOnlyList<TrainingImage> images, TrainOptions options) =>
        new(images, [], "cat", options, [Cat, Hat]);

    private static TrainingImage Image(string? caption) =>
        new("1.png", new RgbImage(new byte[3], 1, 1), "", 1, 1, caption);
}
