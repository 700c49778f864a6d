using ResLora.Training.Generation;
using Xunit;

namespace ResLora.Tests.Training.Generation;

public sealed class DecodingBatchTests
{
    private const int NewTokens = 12;

    private static readonly string[] _prompts = ["the cat", "a", "on the mat the dog sat"];

    [Theory]
    [InlineData(0, true)]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void Keep_SomeRows_ContinuesThemAsIfAllWereThere(double temperature, bool useCache)
    {
        using var reader = new TinyReader("the cat sat on the mat", "a dog");
        var config = new GenerationConfig { MaxNewTokens = NewTokens, Temperature = temperature, UseCache = useCache };
        DecodingBatch Begin() => new(reader.Model, [.. _prompts.Select(reader.Tokenizer.EncodePrompt)], padId: 0, NewTokens, config);
        using var whole = Begin();
        using var fewer = Begin();
        int[] kept = [0, 1, 2];
        for (var token = 0; token < NewTokens; token++)
        {
            var all = whole.Next();

            Assert.Equal(kept.Select(row => all[row]), fewer.Next());

            // The first row goes after three tokens, then the last of the other two.
            if (token is 2 or 5)
            {
                int[] places = token == 2 ? [1, 2] : [0];
                fewer.Keep(places);
                kept = [.. places.Select(place => kept[place])];
            }
        }

        Assert.Equal([1], kept);
    }
}
