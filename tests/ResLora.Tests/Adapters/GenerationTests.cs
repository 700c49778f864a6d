using ResLora.Adapters;
using ResLora.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>
/// Adapters under a key-value cache: what the shortcuts carry belongs to the new positions only, and must come out the same.
/// </summary>
public sealed class GenerationTests
{
    private const double Tolerance = 2e-5;   // float32: attention sums over one row instead of a matrix

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void Hidden_TokenByTokenWithCache_EqualsAllAtOnce(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m)).WithRandomB();
        model.BeginForward = mask => adapted.BeginPass(mask);
        var ids = TinyLlama.Ids(2, 9);
        var expected = TinyLlama.Logits(model, ids);
        using var cache = model.CreateCache(9);

        // The prompt in one piece, one piece of several tokens, then one token at a time.
        var pieces = new[] { (0, 4), (4, 3), (7, 1), (8, 1) }
            .Select(p => model.Logits(model.Hidden(ids.narrow(1, p.Item1, p.Item2), cache: cache)))
            .ToArray();

        Assert.Equal(9, cache.Length);
        Assert.True(TinyAdapters.Distance(expected, cat(pieces, 1)) <= Tolerance * expected.abs().max().item<float>());
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Middle)]
    public void Hidden_LeftPaddedBatchWithCache_EqualsEachSequenceAlone(ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind)).WithRandomB();
        model.BeginForward = mask => adapted.BeginPass(mask);
        Tensor longer = TinyLlama.Ids(1, 7, seed: 1), shorter = TinyLlama.Ids(1, 4, seed: 2);
        var batch = cat([longer, cat([zeros(1, 3, dtype: int64), shorter], 1)], 0);
        var mask = ones(2, 7, dtype: int64);
        mask[1, ..3] = 0;
        using var cache = model.CreateCache(7);

        model.Hidden(batch.narrow(1, 0, 5), mask.narrow(1, 0, 5), cache);
        model.Hidden(batch.narrow(1, 5, 1), mask.narrow(1, 0, 6), cache);
        var last = model.Logits(model.Hidden(batch.narrow(1, 6, 1), mask, cache));

        var expected = cat([TinyLlama.Logits(model, longer).narrow(1, 6, 1), TinyLlama.Logits(model, shorter).narrow(1, 3, 1)], 0);
        Assert.True(TinyAdapters.Distance(expected, last) <= Tolerance * expected.abs().max().item<float>());
    }
}
