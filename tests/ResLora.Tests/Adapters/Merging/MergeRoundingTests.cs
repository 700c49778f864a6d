using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Merging;

/// <summary>What an exact merge differs by is the rounding of what it is stored in, and nothing of the merge itself.</summary>
public sealed class MergeRoundingTests
{
    private const double Rounding = 1e-5;   // of the largest logit: float32, sums in another order through four layers

    [Theory]
    [InlineData("lora", ShortcutKind.None)]
    [InlineData("lora", ShortcutKind.Block)]
    [InlineData("dora", ShortcutKind.None)]
    [InlineData("dora", ShortcutKind.Block)]
    public void MergeExactly_OfABaseIn16Bits_IsTheFloat32MergeRoundedOnce(string method, ShortcutKind kind)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var narrow = TinyLlama.Create(dtype: ScalarType.BFloat16);
        using var wide = Float32Copy(narrow);
        using var ids = TinyLlama.Ids(2, 7);
        var config = TinyAdapters.Config(kind) with { Method = method };
        var (adapted, exact) = (AdaptedModel.Inject(narrow, config).WithRandomB(), AdaptedModel.Inject(wide, config).WithRandomB());
        var unmerged = TinyLlama.Logits(wide, ids);

        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using var wideMerged = Merger.Merge(exact, MergeMethod.Exact);

        Assert.All(merged.Blocks.Zip(wideMerged.Blocks), pair =>
        {
            Assert.Equal(ScalarType.BFloat16, pair.First.Update.MergedWeight().dtype);
            Assert.Equal(0, TinyAdapters.Distance(pair.Second.Update.MergedWeight().to(bfloat16), pair.First.Update.MergedWeight()));
        });
        using var applied = wideMerged.Apply();
        Assert.InRange(TinyAdapters.Distance(unmerged, TinyLlama.Logits(wide, ids)), 0, Rounding * unmerged.abs().max().item<float>());
    }

    private static LlamaModel Float32Copy(LlamaModel model)
    {
        var copy = TinyLlama.Create();
        foreach (var (stored, parameter) in model.parameters().Zip(copy.parameters()))
        {
            parameter.copy_(stored);
        }

        return copy;
    }
}
