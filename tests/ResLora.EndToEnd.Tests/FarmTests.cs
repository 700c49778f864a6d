using System.Diagnostics;
using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

/// <summary>Comparisons and sweeps of a few steps on ranks of a real MPI.</summary>
public sealed class FarmTests(FarmTests.World world) : IClassFixture<FarmTests.World>
{
    // In a path it is each rank's own working folder, so that on one machine ranks can be made to see different things.
    private const string OwnFolder = "/proc/self/cwd";

    [Fact]
    public void Compare_OnThreeRanks_AgreesWithOneProcessAndIsNotDoneAgain()
    {
        Ranks.RequireOrSkip();
        var output = world.Folder["farmed"];

        var farmed = Ranks.Run(3, "compare", world.Comparison, "--output", output, "--check", world.Alone).Expect(0);

        Assert.All([0, 1, 2], rank => Assert.Contains($" on rank {rank} (", farmed.Error, StringComparison.Ordinal));
        Assert.Contains("Test 5 of 5", farmed.Error, StringComparison.Ordinal);
        var again = Ranks.Run(2, "compare", world.Comparison, "--output", output).Expect(0);
        Assert.DoesNotContain("Run ", again.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Test ", again.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(output, "ranks.*"));
    }

    [Fact]
    public void Compare_ARankIsKilled_EndsByNameAndGoesOnWithoutRanks()
    {
        Ranks.RequireOrSkip();
        var output = world.Folder["killed"];
        using var running = Begin(output);
        Ranks.ProcessOf(1, output).Kill();

        var killed = Ranks.End(running);

        Assert.NotEqual(0, killed.ExitCode);
        Assert.Contains("process rank 1 ", killed.Error, StringComparison.Ordinal);
        Tool.Run("compare", world.Comparison, "--output", output, "--check", world.Alone).Expect(0);
    }

    [Fact]
    public void Compare_Stopped_SavesACheckpointOfEveryRunInHand()
    {
        Ranks.RequireOrSkip();
        var output = world.Folder["stopped"];
        using var running = Begin(output, "--set", "training.steps=5000", "--set", "training.checkpointEvery=5000");
        // Which mpirun passes on to all at once; SIGTERM it follows by SIGKILL a second later.
        Tool.Signal(running, "USR1");

        var ended = Ranks.End(running);

        Assert.Equal(130, ended.ExitCode);
        Assert.Contains("Interrupted.", ended.Error, StringComparison.Ordinal);
        string[] begun = [.. Directory.GetDirectories(Path.Combine(output, "runs"), "seed-*", SearchOption.AllDirectories)];
        Assert.Equal(3, begun.Length);
        Assert.All(begun, run => Assert.Single(Directory.GetDirectories(Path.Combine(run, "checkpoints"), "step-*")));
    }

    [Fact]
    public void Compare_ARankThatAnswersNoMore_IsNamed()
    {
        Ranks.RequireOrSkip();
        var output = world.Folder["frozen"];
        using var running = Begin(
            output, "--set", "training.steps=5000", "--set", "training.checkpointEvery=5000", "--set", "training.rankTimeout=10");
        using var frozen = Ranks.ProcessOf(2, output);
        Tool.Signal(frozen, "STOP");

        var ended = Ranks.End(running);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("No answer for 10 s from rank 2 on ", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_RunsThatFailOnOneRank_AreDoneByOthers()
    {
        Ranks.RequireOrSkip();
        var (here, there) = (world.Folder["whole"], world.Folder["lacking"]);
        Directory.CreateDirectory(there);
        Copy(Path.Combine(world.Alone, "runs", "lora", "seed-1", "last"), Path.Combine(here, "adapter"));
        var file = world.Write(
            "from-adapter.yaml",
            // Whichever run comes to rank 1, it lacks the adapter.
            $"- {{name: on, set: {{startFrom: {OwnFolder}/adapter}}}}\n" +
            $"- {{name: decayed, set: {{startFrom: {OwnFolder}/adapter, training.weightDecay: 0.01}}}}",
            adapter: "");
        var alone = world.Folder["from-adapter-alone"];
        Command.Run(here, [], Ranks.Program[0], [.. Ranks.Program.Skip(1), "compare", file, "--output", alone]).Expect(0);

        var farmed = Apart(here, there, "compare", file, "--output", world.Folder["from-adapter-farmed"], "--check", alone).Expect(0);

        Assert.Contains("failed on rank 1 (", farmed.Error, StringComparison.Ordinal);
        Assert.Contains("and is tried again on rank 0 (", farmed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_ARankThatDoesNotSeeTheModel_IsRefusedByName()
    {
        Ranks.RequireOrSkip();
        var there = world.Folder["without-model"];
        Directory.CreateDirectory(there);

        var refused = Apart(
            Path.GetDirectoryName(Repository.SampleModel)!, there,
            "compare", world.Comparison, "--output", world.Folder["unseen"], "--set", $"model={OwnFolder}/base");

        refused.Expect(2);
        Assert.Contains("rank 1 (", refused.Error, StringComparison.Ordinal);
        Assert.Contains($"it does not see the model '{OwnFolder}/base'", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Run 1", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_OnTwoHosts_AgreesWithOneProcess()
    {
        Ranks.RequireOrSkip();
        using var hosts = TwoHosts.MakeOrSkip(world.Folder["agent"]);
        using var process = hosts.Start(
            [.. Ranks.Program, "compare", world.Comparison, "--output", world.Folder["hosts"], "--check", world.Alone]);

        var farmed = Ranks.End(process).Expect(0);

        Assert.Contains(" on rank 0 (host-a)", farmed.Error, StringComparison.Ordinal);
        Assert.Contains(" on rank 1 (host-b)", farmed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_WithJobsBesides_IsRefused()
    {
        var refused = Ranks.Run(2, "compare", world.Comparison, "--output", world.Folder["jobs"], "--jobs", "2").Expect(2);

        Assert.Contains("--jobs is 2, and mpirun has started 2 processes", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Sweep_OnTwoRanks_GivesTheSameAsOneProcess()
    {
        Ranks.RequireOrSkip();
        var file = world.File("sweep.yaml", $"{World.Run(World.Adapter)}sweep: {{over: {{adapter.alpha: [4, 16]}}, seeds: [1, 2]}}\n");
        string[] Values(ToolResult result) => [.. result.Expect(0).Json.GetProperty("points").EnumerateArray()
            .Select(point => point.GetProperty("value").GetRawText())];
        var alone = Tool.Run("sweep", file, "--output", world.Folder["swept"], "--json");

        var farmed = Ranks.Run(2, "sweep", file, "--output", world.Folder["swept-farmed"]).Expect(0);

        Assert.Contains(" on rank 1 (", farmed.Error, StringComparison.Ordinal);
        Assert.Equal(Values(alone), Values(Tool.Run("sweep", file, "--output", world.Folder["swept-farmed"], "--json")));
    }

    /// <summary>Starts a comparison on three ranks and waits until each of them is at a run.</summary>
    private Process Begin(string output, params string[] settings)
    {
        var process = Ranks.Start(3, ["compare", world.Comparison, "--output", output, .. settings]);
        var begun = SpinWait.SpinUntil(
            () => process.HasExited || (Directory.Exists(output) && Directory.GetFiles(output, "metrics.jsonl", SearchOption.AllDirectories)
                .Count(file => new FileInfo(file).Length > 0) == 3),
            TimeSpan.FromMinutes(2));
        Assert.True(begun && !process.HasExited, "the ranks did not begin their runs");
        return process;
    }

    /// <summary>On two ranks with a working folder each.</summary>
    private static ToolResult Apart(string first, string second, params string[] line)
    {
        string[] OneIn(string folder) => ["-np", "1", "-wdir", folder, .. Ranks.Program, .. line];
        using var process = Ranks.StartWith(["--oversubscribe", "--bind-to", "none", .. OneIn(first), ":", .. OneIn(second)]);
        return Ranks.End(process);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    /// <summary>A comparison, and what comes of it in one process.</summary>
    public sealed class World : IDisposable
    {
        public const string Adapter = "adapter: {rank: 4, alpha: 8, targets: [q_proj, v_proj]}\n";

        private readonly Lazy<string> _alone;

        public World()
        {
            Comparison = Write("compare.yaml", "- {name: lora}\n- {name: block, set: {adapter.shortcut.kind: block}}", Adapter);
            _alone = new Lazy<string>(() =>
            {
                Tool.Run("compare", Comparison, "--output", Folder["alone"]).Expect(0);
                return Folder["alone"];
            });
        }

        internal TemporaryFolder Folder { get; } = new();

        public string Comparison { get; }

        public string Alone => _alone.Value;

        public static string Run(string adapter)
        {
            var data = Path.Combine(Repository.Root, "samples", "word-problems", "data");
            return $$"""
                model: {{Repository.SampleModel}}
                task: word-problems
                data: {train: {{data}}/train.jsonl, validationCount: 8}
                training: {steps: 12, batchSize: 4, maxLength: 128, learningRate: 2e-3}
                {{adapter}}
                """;
        }

        public string Write(string name, string arms, string adapter) => File(
            name,
            $"""
            {Run(adapter)}
            compare:
              arms:
                {arms.Replace("\n", "\n    ", StringComparison.Ordinal)}
              seeds: [1, 2]
              test: {Repository.Root}/samples/word-problems/data/heldout.jsonl
              testCount: 8
              maxNewTokens: 8

            """);

        public string File(string name, string text)
        {
            System.IO.File.WriteAllText(Folder[name], text);
            return Folder[name];
        }

        public void Dispose() => Folder.Dispose();
    }
}
