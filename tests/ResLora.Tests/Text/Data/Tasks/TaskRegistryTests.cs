using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using Xunit;

namespace ResLora.Tests.Text.Data.Tasks;

public sealed class TaskRegistryTests
{
    [Fact]
    public void All_EveryTask_IsFoundByItsNameAndSaysWhatItIs()
    {
        Assert.Equal(10, TaskRegistry.All.Select(task => task.Name).Distinct().Count());
        Assert.All(TaskRegistry.All, task => Assert.Equal(task.Name, TaskRegistry.Get(task.Name).Name));
        Assert.All(TaskRegistry.All, task => Assert.False(string.IsNullOrWhiteSpace(task.Summary)));
        Assert.All(TaskRegistry.All, task => Assert.NotEmpty(task.Columns));
    }

    [Fact]
    public void Get_MisspeltName_SuggestsTheNearest()
    {
        var error = Assert.Throws<ConfigException>(() => TaskRegistry.Get("gsm8"));

        Assert.Contains("Did you mean 'gsm8k'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_ColumnThatTheTaskLacks_SuggestsTheNearest()
    {
        var columns = new ColumnMap(new Dictionary<string, string> { ["promt"] = "question" });

        var error = Assert.Throws<ConfigException>(() => TaskRegistry.Get("completion", columns));

        Assert.Contains("Did you mean 'prompt'?", error.Message, StringComparison.Ordinal);
    }
}
