using ResLora.Adapters;
using ResLora.Experiments;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Places;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Hub;
using ResLora.Tests.Hub;
using Xunit;

namespace ResLora.Tests.Experiments.Places;

public sealed class HubPlacesTests : IClassFixture<TinyWorld>, IDisposable
{
    private const string Model = "hub:org/tiny";
    private const string Data = "hub:org/sums";

    private readonly TinyWorld _tiny;
    private readonly HubWorld _world = new();
    private readonly IDisposable _use;

    public HubPlacesTests(TinyWorld tiny)
    {
        _tiny = tiny;
        _world.Server.Add("org/tiny").WithFolder(tiny.Model);
        _world.Server.Add("org/sums", "datasets").With("train.jsonl", File.ReadAllBytes(tiny.Data));
        _use = HubPlaces.Use(() => new HubClient(_world.Settings));
    }

    private string Commit => _world.Model.Commit;

    [Fact]
    public void Model_OfAPath_IsThePathAndAsksNobody()
    {
        Assert.Equal("my/model", HubPlaces.Model("my/model"));
        Assert.Null(HubPlaces.Model(null));
        Assert.Empty(_world.Server.Requests);
    }

    [Fact]
    public void Model_AskedTwice_IsOneCommitOfOneQuestion()
    {
        var first = HubPlaces.Model(Model);
        _world.Server.Repositories.Single(one => one.Id == "org/tiny").Commit = new string('f', 40);

        var second = HubPlaces.Model(Model);

        Assert.Equal(first, second);
        Assert.Single(_world.Server.Requests, request => request.Path.StartsWith("/api/", StringComparison.Ordinal));
    }

    [Fact]
    public void Name_OfAPathInTheCache_HasTheCommitAndLeadsBack()
    {
        var place = HubPlaces.Model(Model);

        var name = HubPlaces.Name(place);

        Assert.Equal($"{Model}@{Commit}", name);
        Assert.Equal(place, HubPlaces.Model(name));
    }

    [Fact]
    public void Name_OfAnotherCache_IsThePath()
    {
        var place = $"/other/models--org--tiny/snapshots/{Commit}";

        Assert.Equal(place, HubPlaces.Name(place));
    }

    [Fact]
    public void Read_ARunOfModelAndData_HasPathsAndIsNamedAfterTheDataSet()
    {
        var (config, found) = new RunRequest { Model = Model, Data = Data }.Read();

        Assert.Contains("The task is completion", found, StringComparison.Ordinal);
        Assert.Equal(HubPlaces.Model(Model), config.Model);
        Assert.Equal(HubPlaces.Data(Data), config.Data.Train);
        Assert.Equal(Path.GetFullPath("runs/sums"), config.Output);
    }

    [Fact]
    public void Read_AFileWithOtherProblems_DownloadsNothing()
    {
        var file = _tiny.Folder.Write("bad.yaml", $"model: {Model}\ntask: word-problems\ndata: {{train: {Data}}}\ntraining: {{steps: -1}}\n");

        var error = Assert.Throws<ConfigException>(() => new RunRequest { File = file }.Read());

        Assert.Contains("steps", error.Message, StringComparison.Ordinal);
        Assert.Empty(_world.Server.Requests);
    }

    [Theory]
    [InlineData("model: 'hub:a/b/c/../d'", "'model' is 'hub:a/b/c/../d', which has a path that leads out")]
    [InlineData("output: hub:org/out", "'output' is 'hub:org/out', a name on a hub; a path is needed here")]
    public void Read_ANameThatIsNone_IsOneOfTheProblems(string line, string expected)
    {
        var yaml = $"task: word-problems\ndata: {{train: x.jsonl}}\n{line}\n{(line[0] == 'm' ? "" : "model: x\n")}";

        var error = Assert.Throws<ConfigException>(() => ConfigFile.Parse<RunConfig>(yaml, "my.yaml", "/"));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AStoredRun_AsksNobody()
    {
        var yaml = ConfigFile.ToYaml(_tiny.Run("stored") with { Model = Model });
        var file = _tiny.Folder.Write("stored.yaml", yaml);

        var config = RunConfig.Read(file);

        Assert.Equal(Model, config.Model);
        Assert.Empty(_world.Server.Requests);
    }

    [Fact]
    public void Read_AComparison_HasPathsInEveryArm()
    {
        var file = _tiny.Folder.Write(
            "compare.yaml",
            $"model: {Model}\ntask: word-problems\ndata: {{train: {Data}}}\ncompare:\n  test: {Data}/train.jsonl\n  arms:\n"
            + "  - {name: one, set: {adapter.rank: 2}}\n  - {name: two, set: {adapter.rank: 4}}\n");

        var config = CompareConfig.Read(file);

        Assert.Equal(HubPlaces.Data($"{Data}/train.jsonl"), config.Settings.Test);
        Assert.All(config.Arms, arm => Assert.Equal((HubPlaces.Model(Model), HubPlaces.Data(Data)), (arm.Run.Model, arm.Run.Data.Train)));
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    public void Run_OnAModelOfAHub_SavesItsNameAndCommit(ShortcutKind kind)
    {
        var run = ConfigFile.Located(_tiny.Run($"hub-{kind}", kind, steps: 1) with { Model = Model });

        TrainJob.Run(run, stop: TestContext.Current.CancellationToken);

        var folder = new RunFolder(run.Output!);
        Assert.Equal($"{Model}@{Commit}", RunConfig.Read(folder.ConfigFile).Model);
        Assert.Equal($"{Model}@{Commit}", AdapterStore.Describe(folder.Last).BaseModel);
        Assert.Equal(run.Model, BaseModelFolder.Of(null, folder.Last));
    }

    [Fact]
    public void Save_PlainLora_NamesTheModelAndTheCommitAsPeftDoes()
    {
        var run = ConfigFile.Located(_tiny.Run("hub-peft", ShortcutKind.None, steps: 1) with { Model = Model });

        TrainJob.Run(run, stop: TestContext.Current.CancellationToken);

        var text = File.ReadAllText(Path.Combine(new RunFolder(run.Output!).Last, "adapter_config.json"));
        Assert.Contains("\"base_model_name_or_path\": \"org/tiny\"", text, StringComparison.Ordinal);
        Assert.Contains($"\"revision\": \"{Commit}\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AnExportOfAnAdapterOfAHubsModel_NamesItThereAndCanBeCheckedAgain()
    {
        var run = ConfigFile.Located(_tiny.Run("hub-export", ShortcutKind.Input, steps: 1) with { Model = Model });
        TrainJob.Run(run, stop: TestContext.Current.CancellationToken);
        var output = _tiny.Folder["exported"];

        var report = ExportJob.Run(new ExportOptions { To = "peft", Adapter = new RunFolder(run.Output!).Last, Output = output });

        Assert.Equal($"{Model}@{Commit}", report.Plan.Model);
        Assert.Contains("\"base_model_name_or_path\": \"org/tiny\"", File.ReadAllText(Path.Combine(output, "adapter_config.json")), StringComparison.Ordinal);
        Assert.Contains("from_pretrained(\"org/tiny\")", string.Join('\n', ExportJob.Next(report, output)), StringComparison.Ordinal);
        Assert.True(ExportCheck.Run(output).Passed);
    }

    [Fact]
    public void Of_AnAdapterOfAModelThatIsNotHere_NamesItsHub()
    {
        var folder = Directory.CreateDirectory(_tiny.Folder["peft"]).FullName;
        File.WriteAllText(
            Path.Combine(folder, "adapter_config.json"),
            """{"peft_type": "LORA", "base_model_name_or_path": "org/tiny", "r": 2, "target_modules": ["q_proj"]}""");

        var error = Assert.Throws<ConfigException>(() => BaseModelFolder.Of(null, folder));

        Assert.Contains("--model hub:org/tiny", error.Message, StringComparison.Ordinal);
        Assert.Equal(HubPlaces.Model(Model), BaseModelFolder.Of(Model, folder));
    }

    public void Dispose()
    {
        _use.Dispose();
        _world.Dispose();
    }
}
