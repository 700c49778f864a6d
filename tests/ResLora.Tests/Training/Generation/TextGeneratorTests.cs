using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Support;
using ResLora.Training.Generation;
using ResLora.Training.Tokenization;
using Xunit;

namespace ResLora.Tests.Training.Generation;

public class TextGeneratorTests
{
    private const string Published =
        ", there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.";

    private static readonly GenerationConfig _greedy = new() { MaxNewTokens = 200 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stream_Stories_TellsThePublishedStory(bool useCache)
    {
        var folder = SharedFolder.PathOrSkip("models/stories260K");
        using var model = ModelRegistry.LoadCausal(folder);
        var generator = new TextGenerator(model, Tokenizer.Load(folder));

        var text = string.Concat(generator.Stream("Once upon a time", _greedy with { UseCache = useCache }, TestContext.Current.CancellationToken));

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
    public void GenerateBatch_SampledTwice_DependsOnTheSeedAlone()
    {
        var folder = SharedFolder.PathOrSkip("models/stories260K");
        using var model = ModelRegistry.LoadCausal(folder);
        var generator = new TextGenerator(model, Tokenizer.Load(folder));
        var config = _greedy with { MaxNewTokens = 30, Temperature = 1, TopP = 0.9, Seed = 3 };
        IReadOnlyList<string> Sample(long seed) =>
            generator.GenerateBatch(["Once upon a time", "Once upon a time"], config with { Seed = seed }, TestContext.Current.CancellationToken);

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

        var error = Assert.Throws<ConfigException>(
            () => generator.GenerateBatch([string.Concat(Enumerable.Repeat("story ", 600))], _greedy, TestContext.Current.CancellationToken));

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
            Assert.True(TorchSharp.torch.is_grad_enabled());
        }
    }
}
