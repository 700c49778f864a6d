using ResLora.Adapters;
using ResLora.Experiments.Running;
using ResLora.Tests.Support;
using ResLora.Training.Data.Labelling;
using Xunit;

namespace ResLora.Tests.Experiments.Running;

/// <summary>The recipes in samples/glue.</summary>
public sealed class GlueSamplesTests
{
    private static readonly string _folder = Path.Combine(SharedFolder.RepositoryRoot, "samples", "glue");

    [Fact]
    public void Recipes_OfTheFolder_AreThoseOfAllGlueTasks()
    {
        // MNLI is trained once and validated twice.
        var tasks = LabelledTaskRegistry.All.Where(task => task.SubmissionFile is not null && task.Name != "mnli-mismatched").Select(task => task.Name);

        var recipes = Directory.EnumerateFiles(_folder, "*.yaml").Select(file => Path.GetFileNameWithoutExtension(file));

        Assert.Equal(tasks.Order(StringComparer.Ordinal), recipes.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("cola", 20)]
    [InlineData("sst2", 20)]
    [InlineData("mrpc", 20)]
    [InlineData("stsb", 20)]
    [InlineData("qqp", 20)]
    [InlineData("mnli", 5)]
    [InlineData("qnli", 20)]
    [InlineData("rte", 20)]
    [InlineData("wnli", 20)]
    public void Recipe_OfATask_IsThePapers(string task, double epochs)
    {
        var config = RunConfig.Read(Path.Combine(_folder, task + ".yaml"));

        Assert.Equal(task, config.Task);
        Assert.Equal(epochs, config.Training.Epochs);
        Assert.Equal(128, config.Training.BatchSize * config.Training.AccumulationSteps);
        Assert.Equal((3e-4, 0.06, 0.1, 512), (config.Training.LearningRate, config.Training.WarmupRatio, config.Training.WeightDecay, config.Training.MaxLength));
        Assert.Equal((4, 16.0, 0.1), (config.Adapter!.Rank, config.Adapter.Alpha, config.Adapter.Dropout));
        Assert.Equal((ShortcutKind.Middle, 4), (config.Adapter.Shortcut.Kind, config.Adapter.Shortcut.PreviousCount));
        Assert.Equal("query, value", $"{config.Adapter.Targets}");
    }
}
