using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Experiments.Running;

public sealed class RunRequestTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    [Fact]
    public void Read_ModelAndData_FindsTheTaskAndNamesTheRunAfterTheData()
    {
        var (config, found) = new RunRequest { Model = world.Model, Data = world.Data, Assignments = ["training.steps=2"] }.Read();

        Assert.Equal("The task is completion: it has the columns prompt, completion (--task names another).", found);
        Assert.Equal((world.Model, world.Data, "completion", 2), (config.Model, config.Data.Train, config.Task, config.Training.Steps));
        Assert.Equal(Path.GetFullPath("runs/train"), config.Output);
    }

    [Fact]
    public void Read_TaskAndColumnsNamed_NothingIsGuessed()
    {
        var (config, found) = new RunRequest
        {
            Model = world.Model,
            Data = world.Data,
            Task = "text",
            Columns = new Dictionary<string, string> { ["text"] = "completion" },
            Assignments = ["output=here"],
        }.Read();

        Assert.Null(found);
        Assert.Equal(("text", "completion", Path.GetFullPath("here")), (config.Task, config.Data.Columns["text"], config.Output));
    }

    [Fact]
    public void Read_FileAndMore_TheLineOverridesTheFile()
    {
        var file = world.Folder.Write("over.yaml", "model: base\ntask: word-problems\ndata: {train: none.jsonl, limit: 5}\n");

        var (config, found) = new RunRequest { File = file, Data = world.Data }.Read();

        Assert.Null(found);
        Assert.Equal((world.Data, 5, "word-problems"), (config.Data.Train, config.Data.Limit, config.Task));
    }

    [Fact]
    public void Read_NeitherFileNorModelAndData_SaysWhatToName()
    {
        var error = Assert.Throws<ConfigException>(() => new RunRequest { Model = world.Model }.Read());

        Assert.Contains("name a YAML file, or a model and data (--model DIR --data FILE)", error.Message, StringComparison.Ordinal);
    }
}
