using ResLora.Adapters;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>Adapters of every structure for the tiny models.</summary>
public static class TinyAdapters
{
    /// <summary>Every structure with its numbers of previous blocks, as theory data: name, kind, m.</summary>
    public static TheoryData<ShortcutKind, int> Structures => new()
    {
        { ShortcutKind.None, 1 },
        { ShortcutKind.Input, 1 },
        { ShortcutKind.Block, 0 },
        { ShortcutKind.Block, 1 },
        { ShortcutKind.Block, 2 },
        { ShortcutKind.Block, ShortcutConfig.AllPrevious },
        { ShortcutKind.Middle, 0 },
        { ShortcutKind.Middle, 1 },
        { ShortcutKind.Middle, 2 },
        { ShortcutKind.Middle, ShortcutConfig.AllPrevious },
    };

    public static AdapterConfig Config(ShortcutKind kind, int m = 1, double dropout = 0, FirstBlock first = FirstBlock.Doubled) => new()
    {
        Rank = 3,
        Alpha = 4,
        Dropout = dropout,
        Targets = TargetModules.Suffixes("q_proj", "v_proj", "down_proj"),
        Shortcut = new ShortcutConfig { Kind = kind, PreviousCount = m, FirstBlock = first },
    };

    /// <summary>Draws every B, which is zero at first, so that the adapter changes something.</summary>
    public static AdaptedModel WithRandomB(this AdaptedModel adapted, double deviation = 0.4, long seed = 11)
    {
        using var noGradient = no_grad();
        using var generator = new Generator((ulong)seed, CPU);
        foreach (var block in adapted.Blocks)
        {
            using var value = randn(block.B.shape, generator: generator);
            using var scaled = value * deviation;
            block.B.copy_(scaled);
        }

        return adapted;
    }

    /// <summary>The largest difference of any element.</summary>
    public static double Distance(Tensor a, Tensor b)
    {
        Assert.Equal(a.shape, b.shape);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return (a.to(float64) - b.to(float64)).abs().max().item<double>();
    }
}
