using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using ResLora.Training.Generation;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;
using Xunit;

namespace ResLora.Tests.Training.Generation;

public class ExactMatchTests
{
    private static readonly Sample[] _samples =
    [
        new("after one comes", " two") { Answer = "two" },
        new("one", " uno") { Answer = "uno" },
        new("and after two comes", " three") { Answer = "three" },
        new("unscored", " text"),
    ];

    [Fact]
    public void Measure_TrainedModel_KnowsWhatItLearntAndNothingElse()
    {
        using var reader = new TinyReader([.. _samples.Select(s => s.Prompt + s.Completion)]);
        using var folder = new TemporaryFolder();
        var progress = new List<int>();
        Train(reader, folder.Path);
        Sample[] asked = [_samples[2], _samples[0], _samples[3], _samples[1] with { Answer = "eins" }];

        var result = ExactMatch.Measure(
            reader.Model, reader.Tokenizer, new WholeAnswer(), asked, 2, new GenerationConfig { MaxNewTokens = 8 }, new Recorder(progress),
            stop: TestContext.Current.CancellationToken);

        Assert.Equal((2, 3), (result.Correct, result.Total));
        Assert.Equal(2.0 / 3, result.Accuracy);
        Assert.Equal(["three", "two", "uno"], result.Predictions.Select(p => p.Extracted));
        Assert.Equal([" three", " two", " uno"], result.Predictions.Select(p => p.Generated));
        Assert.Equal([true, true, false], result.Predictions.Select(p => p.Correct));
        Assert.Equal([2, 3], progress);
    }

    [Fact]
    public void Measure_PromptThatFillsTheModel_IsCountedAndTheRestAnswered()
    {
        using var reader = new TinyReader("a");
        Sample tooLong = new(new string('a', reader.Model.MaxPositions), "b") { Answer = "b" };
        // With the begin token this one leaves a single position.
        Sample longest = new(new string('a', reader.Model.MaxPositions - 2), "b") { Answer = "b" };
        ExactMatchResult Measure(params Sample[] samples) => ExactMatch.Measure(
            reader.Model, reader.Tokenizer, new WholeAnswer(), samples, 2, new GenerationConfig { MaxNewTokens = 2 },
            stop: TestContext.Current.CancellationToken);

        var result = Measure(tooLong, _samples[1], tooLong, longest);
        var error = Assert.Throws<ConfigException>(() => Measure(tooLong, tooLong));

        Assert.Equal((2, 2), (result.Total, result.LeftOut));
        Assert.Equal([_samples[1].Prompt, longest.Prompt], result.Predictions.Select(p => p.Prompt));
        Assert.Contains("None of 2 prompts leaves room", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Measure_NoAnswers_IsRefused()
    {
        using var reader = new TinyReader("some text");

        Assert.Throws<ConfigException>(() => ExactMatch.Measure(
            reader.Model, reader.Tokenizer, new WholeAnswer(), [_samples[3]], 2, new GenerationConfig(),
            stop: TestContext.Current.CancellationToken));
    }

    /// <summary>Trains the whole model until it knows the samples by heart.</summary>
    private static void Train(TinyReader reader, string folder)
    {
        var tokenizer = reader.Tokenizer;
        var samples = new SampleTokenizer(text => tokenizer.Encode(text, addSpecialTokens: false), tokenizer.Before, tokenizer.EndId!.Value)
            .TokenizeAll(_samples).Samples;
        var setup = new TrainSetup(
            new NextTokenObjective(reader.Model, tokenizer.PadId ?? 0),
            [.. reader.Model.named_parameters().Select(p => KeyValuePair.Create(p.name, p.parameter))],
            samples,
            [],
            new TrainConfig { Steps = 60, BatchSize = 4, LearningRate = 0.02, Threads = 1 },
            folder,
            _ => { });

        new Trainer(setup).Run(null, resume: false, TestContext.Current.CancellationToken);
    }

    private sealed class WholeAnswer : ITask
    {
        public string Name => "whole";

        public string Summary => "The whole text is the answer";

        public IReadOnlyList<string> Columns => [];

        public IReadOnlyDictionary<string, string> GuessedColumns { get; } = new Dictionary<string, string>();

        public IReadOnlyList<Sample> Read(string path, TaskSplit split, int? limit = null) => [];

        public string? ExtractAnswer(string generated) => generated.Trim();
    }

    private sealed class Recorder(List<int> values) : IProgress<int>
    {
        public void Report(int value) => values.Add(value);
    }
}
