using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Llama;
using ResLora.Training.Distributed.Pipeline;
using Xunit;

namespace ResLora.Tests.Training.Distributed.Pipeline;

public sealed class StageSharesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Of_AnyNumberOfStages_SharesAllLayersOutInOrder(int stages)
    {
        using var model = Model(layers: 8, vocabulary: 24);

        var shares = StageShares.Of(model, stages);

        Assert.Equal(stages, shares.Count);
        Assert.Equal(Enumerable.Range(0, 8), shares.SelectMany(share => Enumerable.Range(share.First, share.Count)));
        Assert.Equal((true, true), (shares[0].IsFirst, shares[^1].IsLast));
    }

    [Fact]
    public void Of_LargeVocabulary_GivesTheEndsFewerLayers()
    {
        // An embedding of as many numbers as two layers.
        using var model = Model(layers: 12, vocabulary: 244);

        Assert.Equal([4, 5, 3], StageShares.Of(model, 3).Select(share => share.Count));
    }

    [Fact]
    public void Of_ModelWithAnAdapter_IsAsWithout()
    {
        using var model = Model(layers: 7, vocabulary: 100);
        var expected = StageShares.Of(model, 3);

        AdaptedModel.Inject(model, new AdapterConfig { Rank = 16, Targets = TargetModules.Suffixes("q_proj", "lm_head") });

        Assert.Equal(expected, StageShares.Of(model, 3));
    }

    [Fact]
    public void Of_MoreStagesThanLayers_SaysHowManyAreTheMost()
    {
        using var model = Model(layers: 2, vocabulary: 24);

        var error = Assert.Throws<ConfigException>(() => StageShares.Of(model, 3));

        Assert.Contains("2 layers for 3 processes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NeededBy_TiedHead_IsNeededAtBothEnds()
    {
        using var model = Model(layers: 3, vocabulary: 24, tied: true);
        var shares = StageShares.Of(model, 3);

        Assert.Equal([true, false, true], shares.Select(share => ((ILayeredModel)model).Needs(share, "model.embed_tokens.weight")));
    }

    private static LlamaModel Model(int layers, int vocabulary, bool tied = false) => new(new LlamaConfig
    {
        HiddenSize = 16,
        IntermediateSize = 24,
        LayerCount = layers,
        HeadCount = 4,
        ConfiguredKeyValueHeadCount = 2,
        VocabularySize = vocabulary,
        MaxPositions = 64,
        TieWordEmbeddings = tied,
    });
}
