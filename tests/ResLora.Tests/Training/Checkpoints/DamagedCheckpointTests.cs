using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Checkpoints;

/// <summary>What disks and power cuts do to checkpoints.</summary>
public sealed class DamagedCheckpointTests
{
    private static readonly TrainConfig _config = TrainingBench.Config with { Steps = 8, CheckpointEvery = 2, EvaluateEvery = 2 };

    public static TheoryData<string, string> Damages => new MatrixTheoryData<string, string>(
        ["trainer.json", "trainer.safetensors", "weights.safetensors", "SHA256SUMS"], ["missing", "empty", "cut", "flipped at 0.1", "flipped at 0.5", "flipped at 0.9"]);

    [Theory]
    [MemberData(nameof(Damages))]
    public void Run_NewestCheckpointDamaged_GoesOnFromTheOneBeforeLoudlyAndEndsAsIfNothingHadBeen(string file, string damage)
    {
        using var whole = new TrainingBench();
        using var bench = new TrainingBench();
        whole.Train(_config);
        Stop(bench, 4);
        Damage(Checkpoint(bench, 4, file), damage);

        bench.Train(_config, resume: true);

        var told = bench.Events.OfType<Note>().Select(note => note.Text).ToArray();
        Assert.Contains(
            told,
            text =>
                text.StartsWith("WARNING", StringComparison.Ordinal) && text.Contains("step-000004' is damaged", StringComparison.Ordinal));
        Assert.Contains(told, text => text.Contains("from step 2", StringComparison.Ordinal));
        Assert.Equal(whole.Weights(), bench.Weights());
        Assert.Equal(Files(whole, "last"), Files(bench, "last"));
        Assert.Equal(Files(whole, "best"), Files(bench, "best"));
        Assert.Equal(["step-000006", "step-000008"], Names(bench));
    }

    [Fact]
    public void Run_AllCheckpointsDamaged_IsRefusedAndChangesNothing()
    {
        using var bench = new TrainingBench();
        Stop(bench, 4);
        Damage(Checkpoint(bench, 2, "trainer.safetensors"), "cut");
        Damage(Checkpoint(bench, 4, "trainer.json"), "flipped at 0.5");
        var before = Everything(bench);

        var error = Assert.Throws<FileFormatException>(() => bench.Train(_config, resume: true));

        Assert.Contains("step-000004' is damaged: trainer.json", error.Message, StringComparison.Ordinal);
        Assert.Contains("step-000002' is damaged: trainer.safetensors", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Everything(bench));
    }

    [Fact]
    public void Run_NewestCheckpointAllEmpty_IsMovedAsideForItsSuccessor()
    {
        using var bench = new TrainingBench();
        Stop(bench, 4);
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(Checkpoint(bench, 4, "x"))!))
        {
            File.WriteAllBytes(file, []);   // the marker of what we wrote, too
        }

        bench.Train(_config with { KeepCheckpoints = 5 }, resume: true);

        Assert.Equal(["step-000002", "step-000004", "step-000004-1", "step-000006", "step-000008"], Names(bench));
        Assert.Equal(0, new FileInfo(Checkpoint(bench, 4, Path.Combine("..", "step-000004-1", "trainer.json"))).Length);
        Assert.Contains(bench.Events.OfType<Note>(), note => note.Text.Contains("it is now", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_CheckpointOfAnEarlierVersion_GoesOnAndSaysWhatIsNotChecked()
    {
        using var whole = new TrainingBench();
        using var bench = new TrainingBench();
        whole.Train(_config);
        Stop(bench, 4);
        File.Delete(Checkpoint(bench, 4, "SHA256SUMS"));
        var file = Checkpoint(bench, 4, "trainer.json");
        var state = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        state.Remove("warmupSteps");
        state["identity"]!.AsObject().Remove("the base model's weights");
        File.WriteAllText(file, state.ToJsonString());

        bench.Train(_config, resume: true);

        Assert.Contains(bench.Events.OfType<Note>(), note => note.Text.Contains("is not checked", StringComparison.Ordinal));
        Assert.Contains(bench.Events.OfType<Note>(), note => note.Text.Contains("from step 4", StringComparison.Ordinal));
        Assert.Equal(whole.Weights(), bench.Weights());
    }

    private static void Damage(string file, string damage)
    {
        var content = File.ReadAllBytes(file);
        switch (damage)
        {
            case "missing":
                File.Delete(file);
                break;
            case "empty":
                File.WriteAllBytes(file, []);
                break;
            case "cut":
                File.WriteAllBytes(file, content[..(content.Length / 2)]);
                break;
            default:
                content[(int)(
                    content.Length * double.Parse(damage["flipped at ".Length..], System.Globalization.CultureInfo.InvariantCulture))] ^= 1;
                File.WriteAllBytes(file, content);
                break;
        }
    }

    private static void Stop(TrainingBench bench, int step)
    {
        using var stop = new CancellationTokenSource();
        bench.OnEvent = e =>
        {
            if (e is StepDone done && done.Step == step)
            {
                stop.Cancel();
            }
        };
        bench.Train(_config, stop: stop.Token);
        bench.OnEvent = null;
        bench.Events.Clear();
    }

    private static string Checkpoint(TrainingBench bench, int step, string file) =>
        Path.Combine(bench.RunFolder, "checkpoints", $"step-{step:D6}", file);

    private static IEnumerable<string?> Names(TrainingBench bench) =>
        Directory.GetDirectories(Path.Combine(bench.RunFolder, "checkpoints")).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private static byte[] Files(TrainingBench bench, string folder) =>
        File.ReadAllBytes(Path.Combine(bench.RunFolder, folder, "weights.safetensors"));

    private static Dictionary<string, string> Everything(TrainingBench bench) => Directory
        .EnumerateFiles(bench.RunFolder, "*", SearchOption.AllDirectories)
        .ToDictionary(path => path, path => Convert.ToHexString(File.ReadAllBytes(path)));
}
