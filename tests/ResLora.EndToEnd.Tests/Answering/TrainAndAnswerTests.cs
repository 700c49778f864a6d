using ResLora.EndToEnd.Tests.LlamaCpp;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Workloads;
using ResLora.Text.Tokenization;
using ResLora.Training;
using ResLora.Training.Generation;
using Xunit;

namespace ResLora.EndToEnd.Tests.Answering;

/// <summary>
/// What was learnt by heart is answered word for word, wherever the model runs: training, generation and exports agree on what stands in
/// front of a text and where it ends.
/// </summary>
[Collection(LlamaCppGroup.Name)]
public sealed class TrainAndAnswerTests(AnswerWorld world, LlamaCppClient client) : IClassFixture<AnswerWorld>
{
    private const int NewTokens = 40;

    private static readonly string[] _prompts = [.. AnswerWorld.Rows.Select(row => row.Prompt)];
    private static readonly string[] _answers = [.. AnswerWorld.Rows.Select(row => row.Completion)];

    public static TheoryData<string> Layouts => [.. TokenLayouts.Names];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void SixRows_LearntByHeart_AreGeneratedWordForWord(string layout)
    {
        using var session = ModelSession.Load(world.Model(layout), world.Adapter(layout));

        var answers = new TextGenerator(session.Causal, session.Tokenizer).GenerateBatch(
            _prompts, new GenerationConfig { MaxNewTokens = NewTokens }, TestContext.Current.CancellationToken);
        var score = EvaluateJob.Run(
            new EvaluateOptions { Model = world.Model(layout), Adapter = world.Adapter(layout), Task = "completion", Data = world.Data, MaxNewTokens = NewTokens },
            stop: TestContext.Current.CancellationToken).ExactMatch;

        Assert.Equal(_answers, answers);
        Assert.Equal(new Score(6, 6), score);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void SixRows_ThroughTheMergedModel_AreGeneratedWordForWord(string layout)
    {
        using var session = ModelSession.Load(world.Export(layout, "hf"));

        var answers = new TextGenerator(session.Causal, session.Tokenizer).GenerateBatch(
            _prompts, new GenerationConfig { MaxNewTokens = NewTokens }, TestContext.Current.CancellationToken);

        Assert.Equal(_answers, answers);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void SixRows_InLlamaCpp_AreGeneratedWordForWord(string layout)
    {
        var file = Path.Combine(world.Export(layout, "llama.cpp"), "model.gguf");
        var tokenizer = Tokenizer.Load(world.Model(layout));

        var answer = client.Run(file, null, [], _prompts, NewTokens);

        Assert.Equal(_answers, _prompts.Zip(answer.Continuations, (prompt, made) => Continuation(tokenizer, prompt, made.Ids)));
    }

    [Theory]
    [InlineData("begin token added")]
    [InlineData("begin and end token added")]
    [InlineData("begin token named but not added")]
    [InlineData("list without the named end")]
    public void PrintedCommand_InLlamaCppsOwnProgram_Answers(string layout)
    {
        var folder = world.Export(layout, "llama.cpp");
        var report = ExportJob.Run(
            new ExportOptions { Adapter = world.Adapter(layout), To = "llama.cpp", Output = folder, Overwrite = true, AllowLossy = true });
        var line = ExportJob.Next(report, folder)[0];

        Assert.StartsWith("llama-completion ", line, StringComparison.Ordinal);
        // Not Assert.All, which makes a failure of a test that skips itself.
        foreach (var row in AnswerWorld.Rows)
        {
            var output = LlamaProgram.Run(line, row.Prompt, "-n", $"{NewTokens}").Trim();
            Assert.StartsWith($"{row.Completion.Trim()} [end of text]", output, StringComparison.Ordinal);
        }
    }

    private static string Continuation(Tokenizer tokenizer, string prompt, int[] ids)
    {
        var decoder = tokenizer.CreateStreamingDecoder();
        foreach (var id in tokenizer.EncodePrompt(prompt))
        {
            decoder.Add(id);
        }

        return string.Concat(ids.Select(decoder.Add)) + decoder.Flush();
    }
}
