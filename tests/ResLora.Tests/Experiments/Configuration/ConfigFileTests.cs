using FsCheck;
using FsCheck.Fluent;
using ResLora.Adapters;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Configuration;

public sealed class ConfigFileTests
{
    private const string Minimal = """
        model: base
        task: word-problems
        data: {train: train.jsonl}

        """;

    private static readonly string _folder = Path.GetFullPath(Path.Combine(Path.GetTempPath(), "configs"));

    [Fact]
    public void Parse_EveryPartGiven_ReadsItsValues()
    {
        const string yaml = """
            model: /models/llama
            task: gsm8k
            data: {train: data/train.jsonl, validation: ~, validationCount: 50, columns: {question: "Q"}}
            adapter:
              rank: 4
              alpha: 8.5
              targets: all-linear
              shortcut: {kind: block, previousCount: -1}
            training: {steps: 10, learningRate: 1e-4, schedule: linear, gradientCheckpointing: true}
            output: runs/x
            """;

        var config = Parse(yaml);

        Assert.Equal(Path.GetFullPath("/models/llama"), config.Model);
        Assert.Equal(Path.Combine(_folder, "data", "train.jsonl"), config.Data.Train);
        Assert.Null(config.Data.Validation);
        Assert.Equal("Q", config.Data.Columns["question"]);
        Assert.Equal((4, 8.5), (config.Adapter!.Rank, config.Adapter.Alpha));
        Assert.True(config.Adapter.Targets!.IsAllLinear);
        Assert.Equal(new ShortcutConfig { Kind = ShortcutKind.Block, PreviousCount = ShortcutConfig.AllPrevious }, config.Adapter.Shortcut);
        Assert.Equal(
            (10, 1e-4, ScheduleKind.Linear, true),
            (config.Training.Steps!.Value, config.Training.LearningRate, config.Training.Schedule, config.Training.GradientCheckpointing));
    }

    [Fact]
    public void Parse_AdapterIsNull_AllWeightsAreTrained() => Assert.Null(Parse(Minimal + "adapter: null").Adapter);

    [Fact]
    public void Parse_UnknownKey_NamesLinePathAndNearestKey()
    {
        var error = Assert.Throws<ConfigException>(() => Parse(Minimal + "adapter:\n  rnak: 4\n"));

        Assert.StartsWith(
            "run.yaml: line 5, 'adapter.rnak': there is no such key. Did you mean 'rank'?", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("training: {learning_rate: 1}", "'training.learning_rate': there is no such key. Did you mean 'learningRate'?")]
    [InlineData("training: {batchSize: many}", "'training.batchSize' is \"many\"; it needs a whole number")]
    [InlineData("training: {batchSize: \"8\"}", "'training.batchSize' is \"8\"; it needs a whole number")]
    [InlineData("training: {batchSize: 8.5}", "'training.batchSize' is 8.5; it needs a whole number")]
    [InlineData("training: {schedule: triangle}", "'training.schedule' is \"triangle\"; it needs cosine or linear or constant")]
    [InlineData("training: {schedule: 1}", "'training.schedule' is 1; it needs")]
    [InlineData("training: 5", "'training' is 5; it needs keys (steps, ")]
    [InlineData("training: null", "'training' is null; it needs keys (steps, ")]
    [InlineData("adapter: {targets: 5}", "'adapter.targets' is 5; it needs a list of names, all-linear or a regular expression")]
    [InlineData("output: 5", "'output' is 5; it needs a text (in quotes if it looks like a number)")]
    [InlineData("adapter: {rank: 0}", "adapter.rank is 0; it must be from 1 to 65536")]
    public void Parse_WrongValue_SaysWhatIsNeeded(string line, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Parse(Minimal + line));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_SeveralProblems_AllAreListedAtOnce()
    {
        var error = Assert.Throws<ConfigException>(
            () => Parse("task: gsm9k\ndata: {train: x, limt: 3}\nmodel: m\ntraining: {steps: 0, epochs: 1}"));

        Assert.StartsWith("run.yaml has 4 problems:\n", error.Message, StringComparison.Ordinal);
        Assert.Contains("line 2, 'data.limt': there is no such key. Did you mean 'limit'?", error.Message, StringComparison.Ordinal);
        Assert.Contains("task is 'gsm9k'. Did you mean 'gsm8k'?", error.Message, StringComparison.Ordinal);
        Assert.Contains("training.steps and epochs are both given", error.Message, StringComparison.Ordinal);
        Assert.Contains("training.steps is 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_EmptyFile_NamesWhatIsMissing()
    {
        var error = Assert.Throws<ConfigException>(() => Parse(""));

        Assert.Contains("'model' is missing", error.Message, StringComparison.Ordinal);
        Assert.Contains("'task' is missing", error.Message, StringComparison.Ordinal);
        Assert.Contains("'data' is missing", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model: a\nmodel: b", "the key 'model' is there twice")]
    [InlineData("model: [a", "this is not valid YAML")]
    [InlineData("model: m\nadapter: {targets: [a, b\ntraining: {steps: 3}\n", "run.yaml, line 2 or the next")]
    [InlineData("adapter: {targets: [a, b\n", "this is not valid YAML")]
    [InlineData("{a: [b\nc: d}", "this is not valid YAML")]
    [InlineData("{\na: [}\n", "this is not valid YAML")]
    [InlineData("[a]: b: c", "run.yaml, line 1")]
    [InlineData("- a\n- b", "must hold keys and values")]
    [InlineData("just text", "must hold keys and values")]
    [InlineData("model: a\n---\nmodel: b", "more than one YAML document")]
    [InlineData("model: !!python/object:os.system x", "the tag")]
    [InlineData("model: *nowhere", "there is no finished anchor '&nowhere'")]
    [InlineData("data: &a {train: *a}", "there is no finished anchor '&a'")]
    [InlineData("? [a, b]\n: c", "a key must be a plain word")]
    public void Parse_NotAConfiguration_IsRefusedInOneSentence(string yaml, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Parse(yaml));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_AliasesThatMultiply_AreRefused()
    {
        // Nine levels of nine aliases each stand for 9^9 values.
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
            + string.Concat(Enumerable.Range(1, 8).Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n"));

        var error = Assert.Throws<ConfigException>(() => Parse(bomb));

        Assert.Contains("the aliases stand for more than 10000 values", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Parse_DeepNesting_IsRefused(char opening)
    {
        var error = Assert.Throws<ConfigException>(() => Parse("model: " + new string(opening, 100_000)));

        Assert.Contains("run.yaml, line 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_LongKeyOverManyValues_IsRefusedBeforeItIsRepeated()
    {
        var yaml = $"? {new string('k', 500_000)}\n: [{string.Join(", ", Enumerable.Repeat("x", 9000))}]\n";
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<ConfigException>(() => Parse(yaml));

        Assert.Contains("run.yaml, line 1: a key has 500000 characters", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000_000);
    }

    [Theory]
    [InlineData("device: cuda", "'device': there is no such key. The device is chosen by itself")]
    [InlineData("training: {loadIn4bit: true}", "'training.loadIn4bit': there is no such key. The base is not quantized")]
    [InlineData("load_in_4bit: true", "The base is not quantized")]
    [InlineData("training: {bf16: true}", "Here it is 'training.dataType'")]
    [InlineData("fp16: true", "Here it is 'training.dataType'")]
    [InlineData("gradient_checkpointing: true", "Here it is 'training.gradientCheckpointing'.")]
    [InlineData("training: {per_device_train_batch_size: 2}", "Here it is 'training.batchSize'.")]
    [InlineData("training: {num_train_epochs: 2}", "Here it is 'training.epochs'.")]
    [InlineData("lora_r: 8", "Here it is 'adapter.rank'.")]
    [InlineData("compare: {seeds: [1]}", "It is for 'reslora compare FILE'.")]
    [InlineData("adapter: {r: 8}", "Here it is 'adapter.rank'.")]
    [InlineData("adapter: {lora_alpha: 8}", "Did you mean 'alpha'?")]
    [InlineData("target_modules: [q_proj]", "Here it is 'adapter.targets'.")]
    [InlineData("max_seq_length: 9", "Here it is 'training.maxLength'.")]
    [InlineData("learning_rate: 9", "Here it is 'training.learningRate'.")]
    [InlineData("adapter: {use_dora: true}", "Here it is 'adapter.method: dora'")]
    [InlineData("rank: 8", "Here it is 'adapter.rank'.")]
    [InlineData("batchSize: 8", "Here it is 'training.batchSize'.")]
    public void Parse_KeyOfAnotherTool_SaysWhatIsHereInstead(string line, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Parse(Minimal + line));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("output: ''", "'output' is an empty path")]
    [InlineData("output: ' '", "'output' is an empty path")]
    [InlineData("output: \"a\\0b\"", "'output' is a path with a NUL character")]
    [InlineData("startFrom: ''", "'startFrom' is an empty path")]
    public void Parse_PathThatIsNone_IsRefused(string line, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Parse(Minimal + line));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DeviceOrUtf16_IsRefusedAtOnce()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /dev");
        using var folder = new TemporaryFolder();

        Assert.Contains(
            "not an ordinary file",
            Assert.Throws<FileFormatException>(() => RunConfig.Read("/dev/zero")).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "UTF-16",
            Assert.Throws<FileFormatException>(() => RunConfig.Read(folder.Write("a.yaml", [0xFF, 0xFE, 0x41, 0]))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_TextOfManyMegabytes_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(() => Parse("model: " + new string('x', 2_000_000)));

        Assert.Contains("a configuration has at most", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_AnchorAndAlias_StandForTheSameValue()
    {
        var config = Parse("model: &m base\ntask: text\ndata: {train: *m}");

        Assert.Equal(config.Model, config.Data.Train);
    }

    [Fact]
    public void Parse_Assignments_OverrideTheFile()
    {
        var config = Parse(
            Minimal + "training: {steps: 5}",
            "adapter.rank=32",
            "adapter.targets=[k_proj, o_proj]",
            "training.steps=",
            "training.epochs=0.5",
            "adapter.shortcut.kind=middle");

        Assert.Equal(32, config.Adapter!.Rank);
        Assert.Equal(TargetModules.Suffixes("k_proj", "o_proj"), config.Adapter.Targets);
        Assert.Equal(ShortcutKind.Middle, config.Adapter.Shortcut.Kind);
        Assert.Equal((null, 0.5), (config.Training.Steps, config.Training.Epochs));
    }

    [Theory]
    [InlineData("adapter.rank", "is no assignment")]
    [InlineData("=5", "is no assignment")]
    [InlineData("adapter..rank=5", "is no assignment")]
    [InlineData("model.name=5", "'model' has a plain value in the file")]
    [InlineData("adapter.rnak=5", "override, 'adapter.rnak': there is no such key. Did you mean 'rank'?")]
    [InlineData("adapter.rank=[", "this is not valid YAML")]
    public void Parse_WrongAssignment_IsRefused(string assignment, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Parse(Minimal, assignment));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_RelativePaths_CountFromTheFileAndAssignmentsFromTheCurrentFolder()
    {
        var config = Parse(Minimal, "data.validation=v.jsonl");

        Assert.Equal(Path.Combine(_folder, "base"), config.Model);
        Assert.Equal(Path.GetFullPath("v.jsonl"), config.Data.Validation);
    }

    [Fact]
    public void Read_OutputNotGiven_IsNamedAfterTheFile()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("mine.yaml", Minimal);

        Assert.Equal(Path.Combine(folder.Path, "runs", "mine"), RunConfig.Read(file).Output);
    }

    [Fact]
    public void Read_FileThatCannotBeRead_SaysWhy()
    {
        using var folder = new TemporaryFolder();

        Assert.Contains(
            "does not exist",
            Assert.Throws<FileFormatException>(() => RunConfig.Read(folder["no.yaml"])).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "is a folder", Assert.Throws<FileFormatException>(() => RunConfig.Read(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "not valid UTF-8",
            Assert.Throws<FileFormatException>(() => RunConfig.Read(folder.Write("bad.yaml", [0x41, 0xFF, 0x41]))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ToYaml_ReadAgain_GivesTheSameSettings()
    {
        var config = Parse(
            Minimal
            + "adapter: {targets: '.*(q|v)_proj', dropout: 0.05, shortcut: {kind: input, firstBlock: single}}\n"
            + "training: {epsilon: 1e-9}");

        var yaml = ConfigFile.ToYaml(config);

        Assert.Equal(yaml, ConfigFile.ToYaml(Parse(yaml)));
        Assert.Equal(config.Adapter, Parse(yaml).Adapter);
        Assert.Equal(config.Training, Parse(yaml).Training);
    }

    [Fact]
    public void ToYaml_AnyText_ComesBack() => Prop.ForAll<NonNull<string>>(text =>
    {
        // YAML itself has no place for control characters and lone surrogates; column names with those do not exist.
        var value = new string([.. text.Get.Where(c => !char.IsControl(c) && !char.IsSurrogate(c) && c is not ('\uFFFE' or '\uFFFF'))]);
        var config =
            Parse(Minimal) with { Data = new DataConfig { Train = "/t", Columns = new Dictionary<string, string> { ["prompt"] = value } } };

        return Parse(ConfigFile.ToYaml(config)).Data.Columns["prompt"] == value;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("8")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("1e5")]
    [InlineData("~")]
    [InlineData("")]
    [InlineData(" lead")]
    [InlineData("a: b # c")]
    [InlineData("- x")]
    [InlineData("*star")]
    public void ToYaml_TextThatLooksLikeSomethingElse_ComesBackAsText(string value)
    {
        var config =
            Parse(Minimal) with { Data = new DataConfig { Train = "/t", Columns = new Dictionary<string, string> { ["prompt"] = value } } };

        Assert.Equal(value, Parse(ConfigFile.ToYaml(config)).Data.Columns["prompt"]);
    }

    private static RunConfig Parse(string yaml, params string[] assignments) =>
        ConfigFile.Parse<RunConfig>(yaml, "run.yaml", _folder, assignments);
}
