using ResLora.Adapters;
using Xunit;

namespace ResLora.Tests.Adapters;

public sealed class ShortcutChainTests
{
    [Fact]
    public void Build_TwoProjections_GivesAChainEachInLayerOrder()
    {
        // Shuffled, and with two-digit layers, where the order of names would be another.
        var links = Enumerable.Range(0, 11).Select(i => (i * 7 + 3) % 11)
            .SelectMany(i => new[] { Link(i, "self_attn.q_proj"), Link(i, "mlp.down_proj", 12, 8) });

        var (chains, breaks) = ShortcutChain.Build(
            links,
            [.. Enumerable.Range(0, 11).SelectMany(
                i => new[] { $"model.layers.{i}.self_attn.q_proj", $"model.layers.{i}.mlp.down_proj" })]);

        Assert.Empty(breaks);
        Assert.Equal(["self_attn.q_proj", "mlp.down_proj"], chains.Select(c => c.Name));
        Assert.Equal(Enumerable.Range(0, 11).Select(i => $"model.layers.{i}.self_attn.q_proj"), chains[0].Blocks);
        Assert.Equal(Enumerable.Range(0, 11).Select(i => $"model.layers.{i}.mlp.down_proj"), chains[1].Blocks);
    }

    [Fact]
    public void Build_AnotherShape_StartsANewChainAndSaysWhy()
    {
        var (chains, breaks) = ShortcutChain.Build([Link(0, "q"), Link(1, "q"), Link(2, "q", 8, 16), Link(3, "q", 8, 16)], Order(4));

        Assert.Equal([2, 2], chains.Select(c => c.Blocks.Count));
        var only = Assert.Single(breaks);
        Assert.Equal(("model.layers.1.q", "model.layers.2.q"), (only.From, only.To));
        Assert.Equal("[8, 8] and [16, 8] differ", only.Reason);
    }

    [Fact]
    public void Build_AGapBetweenLayers_StartsANewChainAndSaysWhy()
    {
        var (chains, breaks) = ShortcutChain.Build([Link(0, "q"), Link(1, "q"), Link(4, "q")], Order(5));

        Assert.Equal([2, 1], chains.Select(c => c.Blocks.Count));
        Assert.Equal("2 layers without a block run between them", Assert.Single(breaks).Reason);
    }

    [Fact]
    public void Build_AnotherPrefix_IsAnotherChainWithoutABreak()
    {
        var (chains, breaks) = ShortcutChain.Build([
            new ChainLink(
                "encoder.layers.0.q", 8, 8), new ChainLink("decoder.layers.1.q", 8, 8), new ChainLink("encoder.layers.1.q", 8, 8)],
            ["encoder.layers.0.q", "encoder.layers.1.q", "decoder.layers.0.q", "decoder.layers.1.q"]);

        Assert.Empty(breaks);
        Assert.Equal([2, 1], chains.Select(c => c.Blocks.Count));
    }

    [Fact]
    public void Build_NamesWithoutALayer_AreChainsOfOne()
    {
        var (chains, breaks) = ShortcutChain.Build([new ChainLink("lm_head", 8, 8), new ChainLink("score", 8, 8)], ["lm_head", "score"]);

        Assert.Empty(breaks);
        Assert.Equal(["lm_head", "score"], chains.Select(c => Assert.Single(c.Blocks)));
    }

    [Fact]
    public void Build_FirstNumberCounts_LaterOnesBelongToTheProjection()
    {
        var (chains, _) = ShortcutChain.Build([new ChainLink("layers.0.experts.1.up", 8, 8), new ChainLink("layers.1.experts.1.up", 8, 8), new ChainLink("layers.1.experts.0.up", 8, 8)],
            ["layers.0.experts.0.up", "layers.0.experts.1.up", "layers.1.experts.0.up", "layers.1.experts.1.up"]);

        Assert.Equal(["experts.1.up", "experts.0.up"], chains.Select(c => c.Name));
    }

    [Fact]
    public void Build_RolesOfANetwork_LinkAcrossItsPartsInTheOrderOfExecution()
    {
        string[] order = ["down.0.attn.to_q", "down.1.attn.to_q", "mid.attn.to_q", "up.0.attn.to_q"];

        var (chains, breaks) = ShortcutChain.Build(
            [.. order.Reverse().Select(name => new ChainLink(name, 8, name.StartsWith("up", StringComparison.Ordinal) ? 16 : 8))], order, _ => "attn.to_q");

        Assert.Equal(["down.0.attn.to_q", "down.1.attn.to_q", "mid.attn.to_q"], chains[0].Blocks);
        Assert.Equal("attn.to_q", chains[0].Name);
        Assert.Equal(("mid.attn.to_q", "up.0.attn.to_q"), (Assert.Single(breaks).From, breaks[0].To));
    }

    [Fact]
    public void Build_AnotherGeometry_StartsANewChainAndSaysWhy()
    {
        var (_, breaks) = ShortcutChain.Build([Link(0, "q"), Link(1, "q") with { Geometry = "stride 2" }], Order(2));

        Assert.Equal("[8, 8] and [8, 8] stride 2 differ", Assert.Single(breaks).Reason);
    }

    private static string[] Order(int layers) => [.. Enumerable.Range(0, layers).Select(i => $"model.layers.{i}.q")];

    private static ChainLink Link(int layer, string projection, long into = 8, long outOf = 8) =>
        new($"model.layers.{layer}.{projection}", into, outOf);
}
