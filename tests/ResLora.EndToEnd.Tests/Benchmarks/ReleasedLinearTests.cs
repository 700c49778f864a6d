using ResLora.Adapters.Methods.Lora;
using ResLora.Benchmarks.Subjects;
using ResLora.Benchmarks.Verbs;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.EndToEnd.Tests.Benchmarks;

public sealed class ReleasedLinearTests
{
    // Two orders of the same float32 sums; Adam may turn the rounding of a gradient near 0 into a sign. Found: equal within 1e-9, a scaling
    // of 2 being exact.
    private const double Tolerance = 1e-3;

    // What another structure learns is at least so far off: the comparison can fail.
    private const double Difference = 0.1;

    [Theory]
    [InlineData("none")]
    [InlineData("input")]
    [InlineData("block")]
    [InlineData("middle")]
    public void Step_InTheReleasedOrder_LearnsWhatOurBlocksLearn(string shortcut)
    {
        using var drawn = new DrawnModel(StackShape.Tiny with { Layers = 3 });

        var released = Learnt(drawn, Variant.Released, shortcut);
        var ours = Learnt(drawn, Variant.EagerFloat32, shortcut);
        var other = Learnt(drawn, Variant.EagerFloat32, shortcut == "none" ? "input" : "none");

        Assert.InRange(Distance(released, ours), 0, Tolerance);
        Assert.InRange(Distance(other, ours), Difference, double.MaxValue);
    }

    /// <summary>All B's after three steps.</summary>
    private static float[] Learnt(DrawnModel drawn, Variant variant, string shortcut)
    {
        var samples = RandomTokens.Samples(2, 8, StackShape.Tiny.Vocabulary);
        using var training = new TrainingCase(drawn.Load(ScalarType.Float32), variant, StackOptions.Adapter(8, shortcut), samples);
        for (var step = 0; step < 3; step++)
        {
            Assert.True(training.Step([0, 1]) > 0);
        }

        return [.. training.Adapted.Blocks.SelectMany(block => ((LoraBlock)block).B.data<float>().ToArray())];
    }

    private static double Distance(float[] one, float[] other) =>
        Math.Sqrt(one.Zip(other, (a, b) => (double)(a - b) * (a - b)).Sum() / other.Sum(b => (double)b * b));
}
