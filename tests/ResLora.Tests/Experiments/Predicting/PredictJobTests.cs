using System.Text.Json;
using ResLora.Adapters;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Predicting;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Tests.Architecture;
using ResLora.Tests.Training.Distributed;
using ResLora.Training.Evaluation;
using Xunit;

namespace ResLora.Tests.Experiments.Predicting;

public sealed class PredictJobTests(PredictJobTests.TrainedWorld trained) : IClassFixture<PredictJobTests.TrainedWorld>
{
    [Fact]
    public void Run_Lines_TakesTextsAndObjectsInTheirOrder()
    {
        string[] lines = ["The film was lovely", "", """  {"text": "The walk was dull", "id": 5}""", """{"text": "a", "text2": "b"}"""];

        var predictions = Predict(trained.Options, lines);

        Assert.Equal([0, 1, 2], predictions.Select(p => p.Index));
        Assert.All(predictions, p =>
        {
            Assert.Equal(["bad", "good"], p.Probabilities!.Keys);
            Assert.Equal(1, p.Probabilities.Values.Sum(), 1e-9);
            Assert.Equal(p.Probabilities.MaxBy(share => share.Value).Key, p.Label);
        });
        var alone = Predict(trained.Options with { BatchSize = 1 }, lines);
        Assert.All(
            predictions.Zip(alone), pair => Assert.Equal(pair.First.Probabilities!["good"], pair.Second.Probabilities!["good"], 1e-5));
    }

    [Fact]
    public void Run_FileWithOtherColumns_ReadsThem()
    {
        var file = trained.World.Folder.Write("other.csv", "sentence,more\nThe film was lovely,x\nThe walk was dull,y\n");

        var one = Predict(trained.Options with { Data = file, Columns = new Dictionary<string, string> { ["text"] = "sentence" } }, []);
        var two = Predict(
            trained.Options with { Data = file, Columns = new Dictionary<string, string> { ["text"] = "sentence", ["text2"] = "more" } },
            []);

        Assert.Equal(2, one.Count);
        Assert.NotEqual(one[0].Probabilities!["good"], two[0].Probabilities!["good"]);
    }

    [Fact]
    public void Run_TaskOfGlue_WritesItsSubmission()
    {
        var world = trained.World;
        world.Folder.Write(
            "train.tsv",
            "index\tsentence1\tsentence2\tlabel\n"
            + "0\ta\tb\tentailment\n1\tc\td\tnot_entailment\n2\te\tf\tentailment\n3\tg\th\tnot_entailment\n");
        world.Folder.Write("test.tsv", "index\tsentence1\tsentence2\n7\ta\tb\n8\tc\td\n");
        var config = world.Run("rte-run", ShortcutKind.None, steps: 1);
        var run = TrainJob.Run(
            config with { Task = "rte", Data = new DataConfig { Train = world.Folder.Path, ValidationCount = 0 } },
            stop: TestContext.Current.CancellationToken);

        var predictions = Predict(
            trained.Options with
            {
                Adapter = Path.Combine(run.RunFolder, "last"),
                Task = "rte",
                Data = world.Folder.Path,
                Submission = world.Folder["submission"],
            },
            []);

        Assert.Equal([7, 8], predictions.Select(p => p.Index));
        Assert.Equal(
            $"index\tprediction\n7\t{predictions[0].Label}\n8\t{predictions[1].Label}\n", File.ReadAllText(
                Path.Combine(world.Folder["submission"], "RTE.tsv")));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_OnSeveralRanks_GivesTheBitsOfOneInTheirOrder(int ranks)
    {
        var options = trained.Options with { BatchSize = 2 };
        string[] lines = [.. Enumerable.Range(0, 41).Select(i => $"The {(i % 2 == 0 ? "film" : "walk")} was {i}")];
        var alone = Predict(options, lines);

        var together = ThreadRanks.Run(ranks, rank => Predict(options with { Ranks = rank }, rank.Rank == 0 ? lines : ["not read"]));

        Assert.Equal(41, alone.Count);
        Assert.All(together, one => Assert.Equal(Shown(alone), Shown(one)));

        static IEnumerable<string> Shown(IEnumerable<LabelPrediction> predictions) =>
            predictions.Select(one => JsonSerializer.Serialize(one));
    }

    [Theory]
    [InlineData("{\"text\": ", "standard input, line 2: ")]
    [InlineData("{\"txt\": 1}", "standard input, line 2: there is no value for column 'text'")]
    public void Run_BrokenLine_SaysWhich(string line, string part)
    {
        var error = Assert.Throws<FileFormatException>(() => Predict(trained.Options, ["fine", line]));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ModelForMaskedTokens_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(() => Predict(trained.Options with { Adapter = null }, ["a"]));

        Assert.Contains("fills in masked tokens and says nothing about a text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ModelThatWritesTexts_IsRefusedAsWhatItIs()
    {
        var model = Repository.PathOf("samples/word-problems/base");

        var error = Assert.Throws<ConfigException>(() => Predict(trained.Options with { Model = model, Adapter = null }, ["a"]));

        Assert.StartsWith($"{model} has no labels or scores to predict; take an encoder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_SubmissionForATaskThatIsNotGlues_IsRefusedBeforeAnythingIsPredicted()
    {
        var options = trained.Options with
        {
            Task = "classification",
            Data = trained.World.Folder["reviews.jsonl"],
            Submission = trained.World.Folder["none"],
        };
        var predicted = 0;

        var error = Assert.Throws<ConfigException>(
            () => PredictJob.Run(options, [], _ => predicted++, TestContext.Current.CancellationToken));

        Assert.Contains("Task 'classification' is not one of GLUE's", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, predicted);
    }

    [Fact]
    public void Run_WeightThatIsNoNumber_FailsWithItsNameBeforeAnythingIsPredicted()
    {
        const string weight = "roberta.encoder.layer.1.output.dense.weight";
        var model = BrokenModel.Write(trained.World.Model, trained.World.Folder["broken"], weight);
        var predicted = 0;

        var error = Assert.Throws<NotFiniteException>(() =>
            PredictJob.Run(
                trained.Options with { Model = model }, ["a", "b"], _ => predicted++, TestContext.Current.CancellationToken));
        var evaluated = Assert.Throws<NotFiniteException>(() => EvaluateJob.Run(
            new EvaluateOptions
            {
                Model = model,
                Adapter = trained.Adapter,
                Task = "classification",
                Data = trained.World.Folder["reviews.jsonl"],
            },
            stop: TestContext.Current.CancellationToken));

        Assert.Contains("layer.1.output.dense", error.TensorName, StringComparison.Ordinal);
        Assert.Equal(error.TensorName, evaluated.TensorName);
        Assert.Equal(0, predicted);
    }

    [Fact]
    public void Run_TaskWithOtherLabels_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(
            () => Predict(trained.Options with { Task = "rte", Data = trained.World.Folder["reviews.jsonl"] }, []));

        Assert.Contains("Task 'rte' has the labels entailment, not_entailment to predict, and ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WrongSettings_AreAllNamed()
    {
        var error = Assert.Throws<ConfigException>(
            () => Predict(trained.Options with { BatchSize = 0, MaxLength = 1, DataType = "int8", Submission = "x" }, []));

        Assert.Contains("batch-size is 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("max-length is 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("dtype is 'int8'", error.Message, StringComparison.Ordinal);
        Assert.Contains("submission needs data and a task", error.Message, StringComparison.Ordinal);
    }

    private static List<LabelPrediction> Predict(PredictOptions options, IEnumerable<string> lines)
    {
        var predictions = new List<LabelPrediction>();
        var count = PredictJob.Run(options, lines, predictions.Add, TestContext.Current.CancellationToken);
        Assert.Equal(predictions.Count, count);
        return predictions;
    }

    /// <summary>An adapter that was trained for a moment.</summary>
    public sealed class TrainedWorld : IDisposable
    {
        public TrainedWorld() =>
            Adapter = Path.Combine(
                TrainJob.Run(World.Run("run", ShortcutKind.Input, steps: 10), stop: TestContext.Current.CancellationToken).RunFolder,
                "last");

        public TinyEncoderWorld World { get; } = new();

        public string Adapter { get; }

        public PredictOptions Options => new() { Model = World.Model, Adapter = Adapter };

        public void Dispose() => World.Dispose();
    }
}
