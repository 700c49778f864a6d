using ResLora.Adapters;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Pretraining;
using ResLora.Experiments.Running;
using ResLora.Tests.Support;
using ResLora.Text.Data.Labelling;
using Xunit;

namespace ResLora.Tests.Experiments.Running;

/// <summary>The recipes in samples/glue.</summary>
public sealed class GlueSamplesTests
{
    private static readonly string _folder = Path.Combine(SharedFolder.RepositoryRoot, "samples", "glue");

    private const string Base = "pretrain";

    [Fact]
    public void Recipes_OfTheFolder_AreThoseOfAllGlueTasks()
    {
        // MNLI is trained once and validated twice.
        var tasks = LabelledTaskRegistry.All.Where(
            task => task.SubmissionFile is not null && task.Name != "mnli-mismatched").Select(task => task.Name);

        var recipes =
            Directory.EnumerateFiles(_folder, "*.yaml").Select(file => Path.GetFileNameWithoutExtension(file)).Where(name => name != Base);

        Assert.Equal(tasks.Order(StringComparer.Ordinal), recipes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Base_IsASmallRobertaThatCanBeMade()
    {
        var config = ConfigFile.Read<PretrainConfig>(Path.Combine(_folder, Base + ".yaml"), []);

        Assert.Empty(config.Problems());
        Assert.Equal((PretrainObjective.MaskedTokens, 6, 10_000), (config.Objective, config.Model.Layers, config.Training.Steps));
    }

    [Theory]
    [InlineData("cola", 20, 8551)]
    [InlineData("sst2", 20, 67349)]
    [InlineData("mrpc", 20, 3668)]
    [InlineData("stsb", 20, 5749)]
    [InlineData("qqp", 20, 363846)]
    [InlineData("mnli", 5, 392702)]
    [InlineData("qnli", 20, 104743)]
    [InlineData("rte", 20, 2490)]
    [InlineData("wnli", 20, 635)]
    public void Recipe_OfATask_IsThePapersAndKeepsTheBestOfItsEpochs(string task, double epochs, int samples)
    {
        var config = RunConfig.Read(Path.Combine(_folder, task + ".yaml"));

        Assert.Equal(task, config.Task);
        Assert.Equal(epochs, config.Training.Epochs);
        Assert.Equal(128, config.Training.BatchSize * config.Training.AccumulationSteps);
        Assert.Equal(
            (3e-4, 0.06, 0.1, 512),
            (config.Training.LearningRate, config.Training.WarmupRatio, config.Training.WeightDecay, config.Training.MaxLength));
        Assert.Equal((4, 16.0, 0.1), (config.Adapter!.Rank, config.Adapter.Alpha, config.Adapter.Dropout));
        Assert.Equal((ShortcutKind.Middle, 4), (config.Adapter.Shortcut.Kind, config.Adapter.Shortcut.PreviousCount));
        Assert.Equal("query, value", $"{config.Adapter.Targets}");
        Assert.Equal("eval_score", config.Training.BestMetric);
        Assert.Equal(Math.Round(samples / 128.0), config.Training.EvaluateEvery);
    }
}
