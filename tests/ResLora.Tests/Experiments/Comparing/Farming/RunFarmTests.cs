using System.Collections.Concurrent;
using System.Text.Json;
using ResLora.Experiments;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Comparing.Farming;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Tests.Training.Distributed;
using ResLora.Training.Distributed;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing.Farming;

/// <summary>With threads as ranks, and something else in the place of training: real runs would draw from one random state.</summary>
public sealed class RunFarmTests(CompareWorld world) : IClassFixture<CompareWorld>
{
    private static readonly RunRecord _done = new("key", 5, 7);

    [Fact]
    public void Train_ManyRuns_EachIsTrainedOnceWithAllItsSettingsAndEveryRankTrains()
    {
        var trained = new ConcurrentBag<(int Rank, PlannedRun Run)>();
        var stages = new ConcurrentBag<string>();
        using var all = new Barrier(3);
        var runs = Runs("farmed", 1, 2, 3);

        Farm(
            (rank, task, end) =>
            {
                // Waits for the others, who would not come if one rank did all.
                Assert.True(all.SignalAndWait(TimeSpan.FromSeconds(30), end));
                var run = ((TrainTask)task).Run;
                Directory.CreateDirectory(run.Folder.Path);
                trained.Add((rank, run));
                return Done(_done with { Key = run.Key });
            },
            farm =>
            {
                var progress = new Listener(stages.Add);
                RunQueue.Of(runs.Length, 1, null, farm, progress, TestContext.Current.CancellationToken).Train(runs);
                return true;
            });

        Assert.Equal(runs.Select(InWords).Order(), trained.Select(one => InWords(one.Run)).Order());
        Assert.Equal([2, 2, 2], trained.CountBy(one => one.Rank).Select(count => count.Value));
        Assert.All(runs, run => Assert.Equal(_done with { Key = run.Key }, RunRecord.Find(run)));
        Assert.Equal(6, stages.Count);
        Assert.Contains(stages, stage => stage.EndsWith("on rank 2 (host-2)", StringComparison.Ordinal));
    }

    [Fact]
    public void Do_ATaskThatBreaksOnARank_IsDoneByAnotherAndTold()
    {
        var notes = new ConcurrentBag<string>();

        var record = Farm(
            (rank, _, _) => rank == 1 ? new FarmAnswer(FarmEnd.Broken, "IOException: its disk is gone.") : Done(_done),
            farm => farm.Do<RunRecord>(farm.Places[1], Task(), new Listener(notes.Add), CancellationToken.None));

        Assert.Equal(_done, record);
        Assert.Equal(
            ["a, seed 1 failed on rank 1 (host-1), and is tried again on rank 2 (host-2): IOException: its disk is gone."], notes);
    }

    [Fact]
    public void Do_ATaskThatBreaksTwice_NamesBothRanks()
    {
        var error = Farm(
            (rank, _, _) => new FarmAnswer(FarmEnd.Broken, $"Reason {rank}."),
            farm => Assert.Throws<RunFailedException>(() => farm.Do<RunRecord>(farm.Places[2], Task(), null, CancellationToken.None)));

        Assert.Contains(
            "a, seed 1 failed on rank 2 (host-2): Reason 2. It failed on rank 0 (host-0) again: Reason 0.", error.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(nameof(FarmEnd.Failed), typeof(RunFailedException))]
    [InlineData(nameof(FarmEnd.Refused), typeof(ConfigException))]
    public void Do_ATaskThatWouldFailAnywhere_IsNotTriedAgain(string end, Type expected)
    {
        var tries = 0;

        var error = Farm(
            (_, _, _) =>
            {
                Interlocked.Increment(ref tries);
                return new FarmAnswer(Enum.Parse<FarmEnd>(end), "The loss is infinite.");
            },
            farm => Assert.Throws(expected, () => farm.Do<RunRecord>(farm.Places[1], Task(), null, CancellationToken.None)));

        Assert.Contains("The loss is infinite.", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, tries);
    }

    [Fact]
    public void Do_Stopped_AsksTheRankToEndAndWaitsForIt()
    {
        using var stop = new CancellationTokenSource();
        var ended = false;

        Farm(
            (_, _, end) =>
            {
                stop.Cancel();
                ended = end.WaitHandle.WaitOne(TimeSpan.FromSeconds(30));
                return new FarmAnswer(FarmEnd.Interrupted, "");
            },
            farm => Assert.Throws<OperationCanceledException>(
                () => farm.Do<RunRecord>(farm.Places[1], Task(), null, stop.Token)));

        Assert.True(ended);
    }

    [Fact]
    public void Require_RanksThatSeeOtherThings_AreNamedTogether()
    {
        var files = new Dictionary<string, string> { ["model"] = world.Folder["base"] };
        var sources = ComparedFiles.Of(files);
        FarmAnswer Check(int rank, FarmTask task, CancellationToken end)
        {
            var check = (CheckTask)task;
            check = rank switch
            {
                1 => check with { Mark = world.Folder["elsewhere/ranks.check"] },
                2 => check with { Files = new Dictionary<string, string> { ["model"] = world.Folder["missing"] } },
                3 => check with { Files = new Dictionary<string, string> { ["model"] = world.Folder["test.jsonl"] } },
                _ => check,
            };
            return check.Answer(SingleProcess.Instance, end);
        }

        var error = Farm(
            Check,
            farm => Assert.Throws<ConfigException>(
                () => farm.Require(world.Folder.Path, files, sources, [new RunSize(1, 1, null, 1)], CancellationToken.None)),
            size: 4);

        Assert.DoesNotContain("rank 0 (host-0)", error.Message, StringComparison.Ordinal);
        Assert.Contains("rank 1 (host-1): it does not see what rank 0 writes", error.Message, StringComparison.Ordinal);
        Assert.Contains("rank 2 (host-2): it does not see the model", error.Message, StringComparison.Ordinal);
        Assert.Contains("rank 3 (host-3): its model", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(world.Folder["ranks.check"]));
    }

    [Fact]
    public void RequireRoomOfRanks_MoreThanTheHostHas_IsRefused()
    {
        const long petabyte = 1L << 50;
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems do not tell what is free.");

        JobCount.RequireRoomOfRanks(petabyte, 1);
        var error = Assert.Throws<ConfigException>(() => JobCount.RequireRoomOfRanks(petabyte, 2));

        Assert.Contains("its host has 2 ranks", error.Message, StringComparison.Ordinal);
        Assert.Contains("start 1 there at most", error.Message, StringComparison.Ordinal);
    }

    private static string InWords(PlannedRun run) => $"{run.Title} {run.Key} {run.IsTrial}\n{ConfigFile.ToYaml(run.Config)}";

    private static FarmAnswer Done(RunRecord record) =>
        new(FarmEnd.Done, JsonSerializer.Serialize(record, ComparisonJson.Options));

    /// <summary>Runs a farm of some ranks and gives what number 0 found.</summary>
    private static T Farm<T>(Func<int, FarmTask, CancellationToken, FarmAnswer> work, Func<RunFarm, T> lead, int size = 3) =>
        ThreadRanks.Run(size, ranks =>
        {
            FarmAnswer Work(FarmTask task, CancellationToken end) => work(ranks.Rank, task, end);
            if (ranks.Rank > 0)
            {
                FarmHand.Work(ranks, Work, TestContext.Current.CancellationToken);
                return default!;
            }

            using var farm = new RunFarm(ranks, Work);
            return lead(farm);
        })[0];

    private TrainTask Task() => new(Runs("task", 1)[0]) { Title = "a, seed 1" };

    private PlannedRun[] Runs(string output, params long[] seeds)
    {
        var plan = ComparePlan.Of(world.Config(output, world.Settings(seeds), ("a", CompareWorld.Same), ("b", CompareWorld.Middle)));
        return [.. plan.Arms.SelectMany(arm => seeds.Select(seed => PlannedRun.Of(plan, arm, seed, 0.05)))];
    }

    private sealed class Listener(Action<string> hear) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => hear(value is StageStarted stage ? stage.Name : ((Note)value).Text);
    }
}
