using System.Collections.Concurrent;
using ResLora.Experiments;
using ResLora.Experiments.Comparing;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing;

public sealed class RunQueueTests(CompareWorld world) : IClassFixture<CompareWorld>
{
    [Fact]
    public void Train_TwoAtOnce_TrainsEachOnceAndNeverMoreThanTwo()
    {
        var (now, most, trained) = (0, 0, new ConcurrentBag<string>());
        using var both = new Barrier(2);
        var trainer = new Trainer((run, stop) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            // Waits for its neighbour, which there would not be with one at a time.
            Assert.True(both.SignalAndWait(TimeSpan.FromSeconds(30), stop));
            trained.Add(run.Title);
            Interlocked.Decrement(ref now);
            return new RunRecord(run.Key, 1, null);
        });

        Queue(trainer).Train(Runs("two-at-once"));

        Assert.Equal(["a, seed 1", "a, seed 2", "b, seed 1", "b, seed 2"], trained.Order());
        Assert.Equal(2, most);
    }

    [Fact]
    public void Train_OneFails_EndsTheOtherAndTellsTheFailure()
    {
        using var waiting = new ManualResetEventSlim();
        var ended = false;
        var trainer = new Trainer((run, stop) =>
        {
            if (run.Title == "a, seed 1")
            {
                waiting.Wait(TestContext.Current.CancellationToken);
                throw RunQueue.Failure(run, "It broke.", null);
            }

            waiting.Set();
            ended = stop.WaitHandle.WaitOne(TimeSpan.FromSeconds(30));
            throw new OperationCanceledException(stop);
        });

        var error = Assert.Throws<RunFailedException>(() => Queue(trainer).Train(Runs("one-fails")));

        Assert.Contains("a, seed 1: It broke.", error.Message, StringComparison.Ordinal);
        Assert.True(ended);
    }

    private static RunQueue Queue(IRunTrainer trainer) =>
        new([trainer, trainer], new CompareStage("Run", "to train", 4, 2, null), TestContext.Current.CancellationToken);

    private PlannedRun[] Runs(string output)
    {
        var plan = ComparePlan.Of(world.Config(output, world.Settings(1, 2), ("a", CompareWorld.Same), ("b", CompareWorld.Middle)));
        return [.. plan.Arms.SelectMany(arm => new long[] { 1, 2 }.Select(seed => PlannedRun.Of(plan, arm, seed, 0.05)))];
    }

    private sealed class Trainer(Func<PlannedRun, CancellationToken, RunRecord> train) : IRunTrainer
    {
        public RunRecord Train(PlannedRun run, bool resume, CancellationToken stop)
        {
            Directory.CreateDirectory(run.Folder.Path);
            return train(run, stop);
        }
    }
}
