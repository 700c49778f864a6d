using ResLora.Text.Data;
using ResLora.Text.Data.Readers;
using ResLora.Text.Data.Tasks;
using WordProblems;
using Xunit;

namespace ResLora.Tests.Text.Data;

/// <summary>The generator in samples/word-problems and the files that it left in the repository.</summary>
public sealed class WordProblemsSampleTests
{
    private const ulong Seed = 1;
    private const int PretrainDocuments = 40_000;

    private static readonly string _dataFolder = Path.Combine(TestFiles.Repository, "samples", "word-problems", "data");

    [Theory]
    [InlineData("train.jsonl", 4000, false)]
    [InlineData("heldout.jsonl", 400, true)]
    public void Problems_CommittedSeed_GivesTheCommittedFile(string file, int count, bool heldOut)
    {
        var rows = RowReader.Read(Path.Combine(_dataFolder, file));

        var problems = Corpus.Problems(count, heldOut, Seed);

        Assert.Equal(
            problems.Select(problem => (problem.Prompt, problem.Completion)),
            rows.Select(row => (row.Require("prompt"), row.Require("completion"))));
    }

    [Fact]
    public void CommittedFiles_HeldOutPrompts_AreNowhereElse()
    {
        var task = TaskRegistry.Get("word-problems");
        var train = task.Read(_dataFolder, TaskSplit.Train).Select(sample => sample.Prompt).ToHashSet();
        var heldOut = task.Read(_dataFolder, TaskSplit.Test).Select(sample => sample.Prompt).ToHashSet();

        var pretraining = Corpus.Pretraining(PretrainDocuments, Seed).ToArray();

        Assert.Equal(400, heldOut.Count);
        Assert.Equal(4000, train.Count);
        Assert.Empty(heldOut.Intersect(train));
        Assert.DoesNotContain(
            pretraining,
            text =>
                text.Contains('?', StringComparison.Ordinal) && heldOut.Contains(
                    text[..(text.IndexOf('?', StringComparison.Ordinal) + 1)]));
    }

    [Fact]
    public void Problems_HeldOutAndTraining_ShareNoWordingWithItsNumbers()
    {
        static string Key(Problem problem) => $"{problem.Frame.Facts} {string.Join(',', problem.Calculation.Numbers)}";

        var train = Corpus.Problems(4000, heldOut: false, Seed).Select(Key);
        var heldOut = Corpus.Problems(400, heldOut: true, Seed).Select(Key);

        Assert.Empty(heldOut.Intersect(train));
    }

    [Fact]
    public void CommittedFiles_EveryAnswer_IsTheOneOfItsWorking()
    {
        var task = TaskRegistry.Get("word-problems");

        var samples = task.Read(_dataFolder, TaskSplit.Train).Concat(task.Read(_dataFolder, TaskSplit.Test));

        Assert.All(samples, sample =>
        {
            Assert.Equal(sample.Answer, task.ExtractAnswer(sample.Completion));
            var equations = sample.Completion.Split(". ")[..^1];
            Assert.EndsWith($"= {sample.Answer}", equations[^1], StringComparison.Ordinal);
            Assert.All(equations, RequireTrue);
        });
    }

    [Fact]
    public void Frames_All_AreManyAndFilledCompletely()
    {
        var dice = new Dice(9);

        var problems = Frames.All.Select(frame => Problem.Draw(frame, dice, distractorPercent: 100)).ToArray();

        Assert.True(Frames.All.Count >= 40);
        Assert.Equal(Frames.All.Count, Frames.All.Select(frame => frame.Facts + frame.Question).Distinct().Count());
        Assert.All(problems, problem => Assert.DoesNotContain('{', problem.Prompt + problem.Statement));
        Assert.All(problems, problem => Assert.True(problem.Calculation.Answer >= 2));
    }

    [Fact]
    public void Pretraining_Marker_FollowsAdditionsOnly()
    {
        var marked = Corpus.Pretraining(4000, Seed).Where(text => text.Contains("The answer is", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(marked);
        Assert.All(marked, text => Assert.Contains(" + ", text, StringComparison.Ordinal));
        Assert.All(marked, text => Assert.Equal(1, text.Count(letter => letter == '=')));
    }

    private static void RequireTrue(string equation)
    {
        var parts = equation.Trim().Split(' ');
        var (left, right, result) = (int.Parse(parts[0]), int.Parse(parts[2]), int.Parse(parts[4]));
        Assert.Equal(result, parts[1] switch { "+" => left + right, "-" => left - right, "*" => left * right, _ => left / right });
    }
}
