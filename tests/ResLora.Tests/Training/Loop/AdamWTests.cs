using ResLora.Formats.Errors;
using ResLora.Training.Loop;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;
using AdamW = ResLora.Training.Loop.AdamW;

namespace ResLora.Tests.Training.Loop;

public class AdamWTests
{
    // Against sums in double; the moments are float32.
    private const double Rounding = 1e-6;

    private static readonly TrainConfig _config = new() { Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-3, WeightDecay = 0.1 };

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public void Step_ThreeGradients_FollowsTheEquations(int dimensions)
    {
        const double rate = 0.05;
        using var parameter = new Parameter(dimensions == 2 ? ones(1, 1) : ones(1));
        using var optimizer = new AdamW([KeyValuePair.Create("w", parameter)], _config);
        var decay = dimensions == 2 ? 0.1 : 0;
        var (p, m, v) = (1.0, 0.0, 0.0);

        foreach (var (g, t) in new[] { 0.5, -2.0, 0.25 }.Select((g, i) => (g, i + 1)))
        {
            parameter.grad = full_like(parameter, g);
            optimizer.Step(rate);
            p -= rate * decay * p;
            m = (0.8 * m) + (0.2 * g);
            v = (0.95 * v) + (0.05 * g * g);
            p -= rate * (m / (1 - Math.Pow(0.8, t))) / (Math.Sqrt(v / (1 - Math.Pow(0.95, t))) + 1e-3);
        }

        Assert.Equal(p, parameter.item<float>(), Rounding);
    }

    [Fact]
    public void Step_NoGradient_LeavesTheParameter()
    {
        using var parameter = new Parameter(ones(2, 2));
        using var optimizer = new AdamW([KeyValuePair.Create("w", parameter)], _config);

        optimizer.Step(0.1);

        Assert.Equal(4, parameter.sum().item<float>());
    }

    [Fact]
    public void Step_AgainstTorchSharps_IsTheSame()
    {
        using var generator = new Generator(3);
        using var mine = new Parameter(randn([4, 3], generator: generator));
        using var theirs = new Parameter(mine.detach().clone());
        using var optimizer = new AdamW([KeyValuePair.Create("w", mine)], _config);
        using var reference = optim.AdamW([theirs], 0.05, 0.8, 0.95, 1e-3, weight_decay: 0.1);

        for (var step = 0; step < 5; step++)
        {
            using var gradient = randn([4, 3], generator: generator);
            mine.grad = gradient.clone();
            theirs.grad = gradient.clone();
            optimizer.Step(0.05);
            reference.step();
        }

        Assert.True(mine.allclose(theirs, rtol: 1e-5, atol: 1e-6));
    }

    [Fact]
    public void Constructor_HalfPrecision_IsRefused()
    {
        using var parameter = new Parameter(ones([2, 2], dtype: bfloat16));

        var error = Assert.Throws<ConfigException>(() => new AdamW([KeyValuePair.Create("w", parameter)], _config));

        Assert.Contains("'w'", error.Message, StringComparison.Ordinal);
    }
}
