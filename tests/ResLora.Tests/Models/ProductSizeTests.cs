using ResLora.Models;
using Xunit;

namespace ResLora.Tests.Models;

public sealed class ProductSizeTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 16)]
    [InlineData(16, 16)]
    [InlineData(17, 32)]
    [InlineData(1000, 1008)]
    [InlineData(1024, 1024)]
    [InlineData(1025, 1056)]
    [InlineData(2047, 2048)]
    [InlineData(2049, 2112)]
    [InlineData(65_537, 67_584)]
    public void RoundUp_Count_IsTheNextUsualSize(int count, int expected) => Assert.Equal(expected, ProductSize.RoundUp(count));

    [Fact]
    public void RoundUp_ManyCounts_AreFewSizesAndLittleMore()
    {
        int[] counts = [.. Enumerable.Range(512, 3584)];

        Assert.Equal(96, counts.Select(ProductSize.RoundUp).Distinct().Count() - 1);   // one of them for 512 itself
        Assert.All(counts, count => Assert.InRange(ProductSize.RoundUp(count), count, count * 33 / 32 + 1));
    }
}
