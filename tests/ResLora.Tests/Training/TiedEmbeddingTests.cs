using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Tests.Adapters;
using ResLora.Tests.Models;
using ResLora.Training;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training;

public sealed class TiedEmbeddingTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Part_ABlockOnTheEmbedding_LeavesTheHeadAsItWas(bool isTied)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create(TinyLlama.Config with { TieWordEmbeddings = isTied });
        using var ids = TinyLlama.Ids(2, 6);
        using var hidden = model.Hidden(ids);
        var scores = model.Logits(hidden);
        var adapted = TiedEmbedding.Part(
            model, AdaptedModel.Inject(model, new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes("embed_tokens") }));
        using var noGradient = no_grad();
        adapted.Blocks[0].Factors[0].Value.add_(1);
        var unmerged = TinyLlama.Logits(model, ids);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using (merged.Apply())
        {
            Assert.True(TinyAdapters.Distance(unmerged, TinyLlama.Logits(model, ids)) < 1e-4);
            Assert.Equal(0, TinyAdapters.Distance(scores, model.Logits(hidden)));
        }

        Assert.True(model.HasOwnHead);
    }

    [Fact]
    public void Part_OtherLayers_LeavesTheModelTied()
    {
        using var model = TinyLlama.Create(TinyLlama.Config with { TieWordEmbeddings = true });

        TiedEmbedding.Part(model, AdaptedModel.Inject(model, new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes("q_proj") }));

        Assert.False(model.HasOwnHead);
    }
}
