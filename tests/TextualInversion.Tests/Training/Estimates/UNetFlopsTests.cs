using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Tests.Training.Estimates;

public sealed class UNetFlopsTests
{
    private const int Tokens = 77;

    /// <summary>The layers of Stable Diffusion 1.5 added up by hand, block by block.</summary>
    [Fact]
    public void Of_StableDiffusion1At512_IsTheSumOfItsBlocks()
    {
        long[] channels = [320, 640, 1280, 1280];
        long[] areas = [64 * 64, 32 * 32, 16 * 16, 8 * 8];
        double layers = 2.0 * areas[0] * 2 * (9 * 4 * 320), // conv_in and conv_out
            attention = 0;
        layers += 2.0 * (320 * 1280 + 1280 * 1280); // the embedding of the timestep
        long[][] inputsDown =
        [
            [320, 320],
            [320, 640],
            [640, 1280],
            [1280, 1280],
        ];
        long[][] inputsUp =
        [
            [960, 640, 640],
            [1920, 1280, 960],
            [2560, 2560, 1920],
            [2560, 2560, 2560],
        ];
        for (var level = 0; level < 4; level++)
        {
            foreach (var inputs in inputsDown[level].Concat(inputsUp[level]))
            {
                Residual(inputs, channels[level], areas[level]);
                if (level < 3)
                    Transformer(channels[level], areas[level]);
            }

            if (level == 3)
                continue;
            layers += 2.0 * areas[level + 1] * 9 * channels[level] * channels[level]; // to the next level
            layers += 2.0 * areas[level] * 9 * channels[level + 1] * channels[level + 1]; // and back
        }

        Residual(1280, 1280, areas[3]);
        Transformer(1280, areas[3]);
        Residual(1280, 1280, areas[3]);

        var found = Of(ModelVersion.StableDiffusion1, levels: 4, cells: 64);

        Assert.Equal(layers, found.Layers, layers * 1e-9);
        Assert.Equal(attention, found.Attention, attention * 1e-9);
        Assert.Equal(0.68e12, found.Layers, 0.01e12);
        Assert.Equal(0.80e12, found.Forward, 0.01e12);
        Assert.Equal(2 * layers + 3 * attention, found.Step, layers * 1e-9);

        void Residual(long inputs, long outputs, long area)
        {
            var shortcut = inputs == outputs ? 0 : inputs * outputs;
            layers += 2.0 * area * (9 * inputs * outputs + 9 * outputs * outputs + shortcut);
            layers += 2.0 * 1280 * outputs; // the timestep
        }

        void Transformer(long width, long area)
        {
            var perCell = 2 * width * width + 4 * width * width + 2 * width * width + 12 * width * width;
            layers += 2.0 * area * perCell + 2.0 * Tokens * 2 * 768 * width;
            attention += 4.0 * area * area * width + 4.0 * area * Tokens * width;
        }
    }

    [Fact]
    public void Of_TwiceTheSide_TakesFourTimesTheLayersAndMoreOfAttention()
    {
        var small = Of(ModelVersion.StableDiffusionXl, levels: 3, cells: 64);
        var large = Of(ModelVersion.StableDiffusionXl, levels: 3, cells: 128);

        // Only the keys and values of the prompt do not grow: 4 blocks of 640 channels on the way down and 6 up, 20 of
        // 1280 down, 10 in the middle and 30 up; and what is made of the timestep, which is less than a hundredth.
        var prompt = 2.0 * Tokens * 2 * 2048 * ((4 + 6) * 640 + (20 + 10 + 30) * 1280);
        var constant = (4 * small.Layers - large.Layers) / 3;
        Assert.InRange(constant / prompt, 1, 1.01);
        Assert.InRange(large.Attention / small.Attention, 12, 16);
    }

    private static UNetFlops Of(ModelVersion version, int levels, int cells)
    {
        var checkpoint = new LdmCheckpoint(
            new ShapesOnly(PublishedCheckpoint.Tensors(version, PublishedCheckpoint.Configs(version)))
        );
        return UNetFlops.Of(checkpoint.Part("unet"), levels, cells, Tokens);
    }
}
