using ResLora.Adapters;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Tests.Architecture;
using ResLora.Tests.Support;
using ResLora.Text.Data;
using ResLora.Training;
using ResLora.Training.FineTuning;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.FineTuning;

public sealed class FineTuneTests : IDisposable
{
    private static readonly Sample[] _samples =
        [.. Enumerable.Range(2, 24).Select(n => new Sample($"Tom has {n} cakes and eats one. How many are left?", $" {n} - 1 = {n - 1}."))];

    private static readonly TrainConfig _config = new() { Steps = 6, LearningRate = 2e-3, BatchSize = 4, EvaluateEvery = 3, Threads = 1 };

    private static readonly AdapterConfig _adapter = new() { Rank = 4, Shortcut = new ShortcutConfig { Kind = ShortcutKind.Input } };

    private readonly TemporaryFolder _folder = new();
    private readonly ModelSession _session = ModelSession.Load(Repository.PathOf("samples/word-problems/base"));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Run_SamplesInMemory_GivesTheLossesOfAWholeJobOnThemInAFile()
    {
        _session.Attach(_adapter, _config.Seed);
        var lines = _samples.Select(sample => $$"""{"prompt": "{{sample.Prompt}}", "completion": "{{sample.Completion}}"}""").ToArray();
        using var other = ModelSession.Load(_session.ModelFolder);

        var result = new FineTune(_session, _samples[..20], _folder["mine"]) { Training = _config, Validation = _samples[20..] }.Run(stop: Stop);
        var report = TrainJob.Run(
            new RunConfig
            {
                Model = other.ModelFolder,
                Task = "completion",
                Data = new DataConfig
                {
                    Train = _folder.Write("train.jsonl", string.Join('\n', lines[..20])),
                    Validation = _folder.Write("validation.jsonl", string.Join('\n', lines[20..])),
                },
                Adapter = _adapter,
                Training = _config,
                Output = _folder["job"],
            },
            other,
            stop: Stop);

        Assert.Equal(6, result.Losses.Count);
        Assert.Equal(report.Result.Losses, result.Losses);
        Assert.Equal(report.Result.BestMetric, result.BestMetric);
        Assert.True(File.Exists(Path.Combine(_folder["mine"], "best", "reslora_config.json")));
    }

    [Fact]
    public void Run_StoppedAndResumed_EndsAsIfNothingHadBeen()
    {
        _session.Attach(_adapter);
        using var other = ModelSession.Load(_session.ModelFolder);
        other.Attach(_adapter);
        using var stop = new CancellationTokenSource();
        var stopping = new FineTune(other, _samples, _folder["stopped"]) { Training = _config };

        var whole = new FineTune(_session, _samples, _folder["whole"]) { Training = _config }.Run(stop: Stop);
        var first = stopping.Run(new StopAfter(2, stop), stop: stop.Token);
        var second = stopping.Run(resume: true, stop: Stop);

        Assert.Equal((true, 2), (first.Interrupted, first.Steps));
        Assert.Equal(whole.Losses, second.Losses);
    }

    [Fact]
    public void Run_SamplesThatAreTooLong_AreCountedInANote()
    {
        _session.Attach(_adapter);
        var notes = new List<string>();

        new FineTune(_session, [.. _samples, new Sample(string.Concat(Enumerable.Repeat("cakes ", 80)), " none")], _folder["run"])
        {
            Training = _config with { MaxLength = 64, EvaluateEvery = 0 },
        }.Run(new Told(notes), stop: Stop);

        Assert.Contains("1 of 25 samples are longer than 64 tokens and were left out.", notes);
    }

    [Theory]
    [InlineData("float32", "6GB", "maxMemory is kept by TrainJob")]
    [InlineData("bfloat16", null, "dataType is bfloat16, and the session was loaded in float32")]
    public void Run_SettingThatIsNotKeptHere_IsRefused(string dataType, string? maxMemory, string sentence)
    {
        using var session = ModelSession.Load(_session.ModelFolder, dtype: TorchSharp.torch.float32);
        session.Attach(_adapter);
        var tuning = new FineTune(session, _samples, _folder["run"])
        {
            Training = _config with { DataType = dataType, MaxMemory = maxMemory },
        };

        var error = Assert.Throws<ConfigException>(() => tuning.Run(stop: Stop));

        Assert.StartsWith(sentence, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["run"]));
    }

    private sealed class Told(List<string> notes) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => notes.AddRange(value is Note note ? [note.Text] : []);
    }
}
