using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Text.Data.Tasks;
using Xunit;

namespace ResLora.Tests.Text.Data.Labelling;

public sealed class LabelledTaskRegistryTests
{
    [Fact]
    public void All_EveryTask_IsFoundByItsNameHereAndInNoOtherRegistry()
    {
        Assert.Equal(12, LabelledTaskRegistry.All.Select(task => task.Name).Distinct().Count());
        Assert.All(LabelledTaskRegistry.All, task => Assert.Equal(task.Name, LabelledTaskRegistry.Get(task.Name).Name));
        Assert.All(LabelledTaskRegistry.All, task => Assert.False(string.IsNullOrWhiteSpace(task.Summary)));
        Assert.All(LabelledTaskRegistry.All, task => Assert.Contains("label", task.Columns));
        Assert.Empty(LabelledTaskRegistry.All.Select(task => task.Name).Intersect(TaskRegistry.All.Select(task => task.Name)));
    }

    [Theory]
    [InlineData("mnli-mis", "Did you mean 'mnli'")]
    [InlineData("gsm8k", "Tasks with labels: cola, sst2, mrpc")]
    public void Get_UnknownName_NamesTheTasks(string name, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => LabelledTaskRegistry.Get(name));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_ColumnThatTheTaskLacks_SuggestsTheNearest()
    {
        var columns = new ColumnMap(new Dictionary<string, string> { ["premiss"] = "a" });

        var error = Assert.Throws<ConfigException>(() => LabelledTaskRegistry.Get("mnli", columns));

        Assert.Contains("Did you mean 'premise'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_TaskWithLabelsWhereTextIsGenerated_SaysWhatItIs()
    {
        var error = Assert.Throws<ConfigException>(() => TaskRegistry.Get("cola"));

        Assert.Contains("Task 'cola' has labels to predict", error.Message, StringComparison.Ordinal);
    }
}
