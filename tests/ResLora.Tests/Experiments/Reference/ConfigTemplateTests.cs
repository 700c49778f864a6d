using ResLora.Adapters;
using ResLora.Experiments.Reference;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Reference;

public sealed class ConfigTemplateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_NothingNamed_GivesTheDefaultSettings()
    {
        var found = ConfigTemplate.Write(_folder["my.yaml"], null, null, null);

        var config = RunConfig.Read(_folder["my.yaml"]);
        Assert.Null(found);
        Assert.Equal(new AdapterConfig(), config.Adapter);
        Assert.Equal(new TrainConfig { Epochs = TrainConfig.DefaultEpochs }, config.Training);
        Assert.Equal(_folder["runs/my"], config.Output);
    }

    [Fact]
    public void Write_DataNamed_FindsTheTaskAndWritesPathsThatAreFound()
    {
        var data = _folder.Write("a: file # 1.csv", "question,answer\na,b\n");

        var found = ConfigTemplate.Write(_folder["inner/my.yaml"], null, data, null);

        var config = RunConfig.Read(_folder["inner/my.yaml"]);
        Assert.Equal("The task is completion: it has the columns question, answer.", found);
        Assert.Equal((data, "completion"), (config.Data.Train, config.Task));
    }

    [Fact]
    public void Write_TaskOfPictures_SaysWhatPicturesNeed()
    {
        ConfigTemplate.Write(_folder["my.yaml"], null, _folder.Path, "image-classification");

        var (config, text) = (RunConfig.Read(_folder["my.yaml"]), File.ReadAllText(_folder["my.yaml"]));
        Assert.Equal((_folder.Path, "image-classification"), (config.Data.Train, config.Task));
        Assert.Equal(new TrainConfig { Epochs = TrainConfig.DefaultEpochs }, config.Training);
        Assert.Contains("preprocessor_config.json", text, StringComparison.Ordinal);
        Assert.DoesNotContain("token", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_TaskThatThereIsNot_IsRefusedAndNothingIsWritten()
    {
        var fault = Assert.Throws<ConfigException>(() => ConfigTemplate.Write(_folder["my.yaml"], null, null, "image-clasification"));

        Assert.Contains("'image-classification'", fault.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["my.yaml"]));
    }

    [Fact]
    public void Write_FileThatIsThere_IsNeverReplaced()
    {
        var path = _folder.Write("my.yaml", "mine");

        Assert.Throws<ConfigException>(() => ConfigTemplate.Write(path, null, null, null));
        Assert.Equal("mine", File.ReadAllText(path));
    }
}
