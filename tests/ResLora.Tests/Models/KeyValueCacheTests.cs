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
    public void Reserve_MoreRoom_KeepsWhatIsStored()
    {
        using var scope = NewDisposeScope();
        using var cache = new KeyValueCache(layers: 1, capacity: 2);
        var x = randn(1, 2, 5, 3);
        cache.Append(0, x.narrow(2, 0, 2), x.narrow(2, 0, 2));
        cache.Advance(2);

        cache.Reserve(5);
        var (keys, _) = cache.Append(0, x.narrow(2, 2, 3), x.narrow(2, 2, 3));

        Assert.Equal(5, cache.Capacity);
        Assert.True(keys.equal(x).all().item<bool>());
    }

    [Fact]
    public void Keep_ThenAppend_HasTheOtherSequencesNoMore()
    {
        using var scope = NewDisposeScope();
        using var cache = new KeyValueCache(layers: 1, capacity: 3);
        Tensor keys = randn(3, 2, 3, 4), values = randn(3, 2, 3, 4), rows = tensor(new long[] { 2, 0 });
        cache.Append(0, keys.narrow(2, 0, 2), values.narrow(2, 0, 2));
        cache.Advance(2);

        cache.Keep([2, 0]);
        var (allKeys, allValues) = cache.Append(0, keys[rows].narrow(2, 2, 1), values[rows].narrow(2, 2, 1));

        Assert.True(allKeys.equal(keys[rows]).all().item<bool>());
        Assert.True(allValues.equal(values[rows]).all().item<bool>());
    }

    [Fact]
    public void Truncate_ThenAppend_PutsTheNewBehindWhatStays()
    {
        using var scope = NewDisposeScope();
        using var cache = new KeyValueCache(layers: 1, capacity: 3);
        Tensor x = randn(1, 1, 3, 2), other = randn(1, 1, 1, 2);
        cache.Append(0, x, x);
        cache.Advance(3);

        cache.Truncate(1);
        var (keys, _) = cache.Append(0, other, other);

        Assert.True(keys.equal(cat([x.narrow(2, 0, 1), other], 2)).all().item<bool>());
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(2));
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
