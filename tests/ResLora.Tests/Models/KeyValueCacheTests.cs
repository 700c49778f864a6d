using ResLora.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models;

public sealed class KeyValueCacheTests
{
    [Fact]
    public void Append_InPieces_ReturnsEverythingSeen()
    {
        using var scope = NewDisposeScope();
        using var cache = new KeyValueCache(layers: 2, capacity: 5);
        Tensor keys = randn(1, 2, 5, 3), values = randn(1, 2, 5, 3);

        cache.Append(1, keys.narrow(2, 0, 3), values.narrow(2, 0, 3));
        cache.Advance(3);
        var (allKeys, allValues) = cache.Append(1, keys.narrow(2, 3, 2), values.narrow(2, 3, 2));

        Assert.Equal(3, cache.Length);
        Assert.True(allKeys.equal(keys).all().item<bool>());
        Assert.True(allValues.equal(values).all().item<bool>());
    }

    [Fact]
    public void Append_BeyondTheCapacity_Throws()
    {
        using var scope = NewDisposeScope();
        using var cache = new KeyValueCache(layers: 1, capacity: 2);

        var error = Assert.Throws<InvalidOperationException>(() => cache.Append(0, zeros(1, 1, 3, 2), zeros(1, 1, 3, 2)));

        Assert.Contains("holds 2 positions and 3 are needed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_FreesTheStore()
    {
        using var scope = NewDisposeScope();
        var x = zeros(1, 1, 2, 2);

        var growth = LiveTensors.Growth(() =>
        {
            using var inner = NewDisposeScope();
            using var cache = new KeyValueCache(layers: 1, capacity: 4);
            cache.Append(0, x, x);
        });

        Assert.Equal(0, growth);
    }
}
