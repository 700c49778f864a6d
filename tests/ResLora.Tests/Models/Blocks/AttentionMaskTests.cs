using ResLora.Models.Blocks;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Blocks;

public sealed class AttentionMaskTests
{
    // Two sequences of six tokens: all real; padded on the left; padded on the right.
    private static readonly long[][] _rows = [[1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]];

    [Theory]
    [InlineData(0, 6, null, true)]
    [InlineData(0, 6, 2, true)]
    [InlineData(0, 6, 2, false)]
    [InlineData(2, 4, null, true)]
    [InlineData(2, 4, null, false)]
    [InlineData(2, 4, 3, true)]
    [InlineData(5, 1, null, true)]
    [InlineData(5, 1, 3, true)]
    [InlineData(5, 1, 3, false)]
    public void Create_EveryQueryAndKey_FollowsTheRules(int past, int count, int? window, bool padded)
    {
        using var scope = NewDisposeScope();
        var tokens = padded ? tensor(_rows.SelectMany(r => r).ToArray()).reshape(3, 6) : null;

        var mask = AttentionMask.Create(tokens, past, count, window, CPU);

        Assert.NotNull(mask);
        Assert.Equal([padded ? 3 : 1, 1, count, past + count], mask.shape);
        for (var b = 0; b < mask.shape[0]; b++)
        {
            for (var q = past; q < past + count; q++)
            {
                bool Visible(int k) => k <= q && (window is null || q - k < window) && (!padded || _rows[b][k] == 1);
                var anything = Enumerable.Range(0, 6).Any(Visible);
                for (var k = 0; k < past + count; k++)
                {
                    var expected = anything ? Visible(k) : k == q;
                    Assert.True(expected == mask[b, 0, q - past, k].item<bool>(), $"sequence {b}, query {q}, key {k}");
                }
            }
        }
    }

    [Theory]
    [InlineData(0, 6, null)]
    [InlineData(0, 6, 6)]
    [InlineData(5, 1, null)]
    [InlineData(0, 1, 4)]
    public void Create_PlainCausal_IsNull(int past, int count, int? window) =>
        Assert.Null(AttentionMask.Create(null, past, count, window, CPU));
}
