using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Support;
using ResLora.Text.Tokenization;
using ResLora.Training.Generation;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Training.Generation;

public class TextGeneratorTests
{
    private const string Published =
        ", there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. "
        + "She wanted to play with it, but it was too high.";

    private static readonly GenerationConfig _greedy = new() { MaxNewTokens = 200 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stream_Stories_TellsThePublishedStory(bool useCache)
    {
        var folder = SharedFolder.PathOrSkip("models/stories260K");
        using var model = ModelRegistry.LoadCausal(folder);
        var generator = new TextGenerator(model, Tokenizer.Load(folder));

        var text = string.Concat(
            generator.Stream("Once upon a time", _greedy with { UseCache = useCache }, TestContext.Current.CancellationToken));

        Assert.StartsWith(Published, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void GenerateBatch_PromptsOfUnequalLengths_AnswersEachAsIfAlone(bool useCache)
    {
        var folder = SharedFolder.PathOrSkip("models/stories260K");
        using var model = ModelRegistry.LoadCausal(folder);
        var generator = new TextGenerator(model, Tokenizer.Load(folder));
        string[] prompts = ["Once upon a time", "One day, a little boy named Tim went to the", "The"];
        var config = _greedy with { MaxNewTokens = 40, UseCache = useCache };

        var together = generator.GenerateBatch(prompts, config, TestContext.Current.CancellationToken);

        Assert.Equal(prompts.Select(p => string.Concat(generator.Stream(p, config, TestContext.Current.CancellationToken))), together);
    }

    [Fact]
    public void Stream_PromptsThatBeginAlike_KeepsWhatTheyShareAndContinuesTheSame()
    {
        using var reader = new TinyReader("the cat sat on the mat", "a dog");
        using var cache = new PromptCache(reader.Model);
        var (kept, anew) = (
            new TextGenerator(reader.Model, reader.Tokenizer) { Cache = cache }, new TextGenerator(reader.Model, reader.Tokenizer));
        var config = _greedy with { MaxNewTokens = 6 };
        string[] prompts = ["the cat sat", "the cat sat on the mat", "the dog", "the dog"];
        var counts = new List<int>();

        foreach (var prompt in prompts)
        {
            var continued = string.Concat(kept.Stream(prompt, config, TestContext.Current.CancellationToken));

            Assert.Equal(string.Concat(anew.Stream(prompt, config, TestContext.Current.CancellationToken)), continued);
            counts.Add(cache.Count);
        }

        // The last token drawn was never read by the model.
        Assert.All(prompts.Zip(counts), pair => Assert.InRange(
            pair.Second, reader.Tokenizer.EncodePrompt(pair.First).Count, reader.Tokenizer.EncodePrompt(pair.First).Count + 5));
    }

    [Theory]
    [InlineData("the cat sat on", 0)]
    [InlineData("the cat sat", 1)]   // the last token's scores are needed
    public void Stream_APromptThatBeginsAsTheLast_ComputesTheRestOnly(string next, int again)
    {
        using var reader = new TinyReader("the cat sat on the mat", "a dog");
        using var cache = new PromptCache(reader.Model);
        var generator = new TextGenerator(reader.Model, reader.Tokenizer) { Cache = cache };
        var one = _greedy with { MaxNewTokens = 1 };
        _ = string.Concat(generator.Stream("the cat sat", one, TestContext.Current.CancellationToken));

        _ = string.Concat(generator.Stream(next, one, TestContext.Current.CancellationToken));

        Assert.Equal(reader.Tokenizer.EncodePrompt("the cat sat").Count - again, cache.Reused);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.8)]
    public void GenerateBatch_WithAndWithoutCache_IsTheSame(double temperature)
    {
        using var reader = new TinyReader("the cat sat on the mat", "a dog");
        var generator = new TextGenerator(reader.Model, reader.Tokenizer);
        string[] prompts = ["the cat", "a", "on the mat the dog sat"];
        var config = new GenerationConfig { MaxNewTokens = 20, Temperature = temperature, TopP = 0.9 };

        var cached = generator.GenerateBatch(prompts, config, TestContext.Current.CancellationToken);
        var recomputed = generator.GenerateBatch(prompts, config with { UseCache = false }, TestContext.Current.CancellationToken);

        Assert.Equal(cached, recomputed);
    }

    [Fact]
    public void GenerateBatch_LongText_EndsAtTheModelsLastPosition()
    {
        using var reader = new TinyReader("a");   // nothing to merge: a token is a byte, and a byte is at most one character
        var (model, tokenizer) = (reader.Model, reader.Tokenizer);
        // A prompt of 61 letters and the begin token leave 2 of 64 positions, one of 1 letter and the begin token 62.
        string[] prompts = [string.Concat(Enumerable.Repeat("1", 61)), "1"];
        var room = prompts.Select(prompt => model.MaxPositions - tokenizer.Encode(prompt).Count).ToArray();

        var texts = new TextGenerator(model, tokenizer).GenerateBatch(
            prompts, new GenerationConfig { MaxNewTokens = 500 }, TestContext.Current.CancellationToken);

        Assert.Equal([2, 62], room);
        Assert.All(texts.Zip(room), pair => Assert.InRange(pair.First.Length, 1, pair.Second));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void GenerateBatch_ATextThatHasEnded_IsComputedNoMore(bool useCache)
    {
        using var reader = new TinyReader("a");
        string[] prompts = [string.Concat(Enumerable.Repeat("1", 61)), "1"];   // room for 2 and 62 more
        var rows = new List<long>();
        reader.Model.modules().OfType<torch.nn.Module<torch.Tensor, torch.Tensor>>().First(module => module.GetName().Contains("Linear"))
            .register_forward_hook((_, _, output) =>
            {
                rows.Add(output.shape[0]);
                return output;
            });

        new TextGenerator(reader.Model, reader.Tokenizer).GenerateBatch(
            prompts, new GenerationConfig { MaxNewTokens = 10, UseCache = useCache }, TestContext.Current.CancellationToken);

        Assert.Equal([2, 2, 1, 1, 1, 1, 1, 1, 1, 1], rows);
    }

    [Fact]
    public void GenerateBatch_EveryToken_KeepsNoTensorAlive()
    {
        using var reader = new TinyReader("the cat sat on the mat", "a dog");
        var generator = new TextGenerator(reader.Model, reader.Tokenizer);
        void Generate(int tokens) =>
            generator.GenerateBatch(
                ["the cat", "a"], new GenerationConfig { MaxNewTokens = tokens }, TestContext.Current.CancellationToken);
        Generate(1);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Generate(20);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void GenerateBatch_SampledTwice_DependsOnTheSeedAlone()
    {
        var folder = SharedFolder.PathOrSkip("models/stories260K");
        using var model = ModelRegistry.LoadCausal(folder);
        var generator = new TextGenerator(model, Tokenizer.Load(folder));
        var config = _greedy with { MaxNewTokens = 30, Temperature = 1, TopP = 0.9, Seed = 3 };
        IReadOnlyList<string> Sample(long seed) =>
            generator.GenerateBatch(
                ["Once upon a time", "Once upon a time"], config with { Seed = seed }, TestContext.Current.CancellationToken);

        var first = Sample(3);

        Assert.Equal(first, Sample(3));
        Assert.NotEqual(first, Sample(4));
        Assert.NotEqual(first[0], first[1]);
    }

    [Fact]
    public void Stream_PromptThatFillsAllPositions_IsRefused()
    {
        var folder = SharedFolder.PathOrSkip("models/stories260K");
        using var model = ModelRegistry.LoadCausal(folder);
        var generator = new TextGenerator(model, Tokenizer.Load(folder));

        var error = Assert.Throws<ConfigException>(() =>
            generator.GenerateBatch([string.Concat(Enumerable.Repeat("story ", 600))], _greedy, TestContext.Current.CancellationToken));

        Assert.Contains("at most 512", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stream_ModelInTraining_LeavesItSoBetweenPieces()
    {
        var folder = SharedFolder.PathOrSkip("models/stories260K");
        using var model = ModelRegistry.LoadCausal(folder);
        model.train();
        var generator = new TextGenerator(model, Tokenizer.Load(folder));

        foreach (var _ in generator.Stream("Once", _greedy with { MaxNewTokens = 3 }, TestContext.Current.CancellationToken))
        {
            Assert.True(model.training);
            Assert.True(torch.is_grad_enabled());
        }
    }
}
